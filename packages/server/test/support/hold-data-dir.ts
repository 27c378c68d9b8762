// A process of its own that holds a data directory and says so; the tests kill it.
import { systemClock } from "@postern/core";
import { holdDataDir } from "../../src/platform/data-dir.ts";

await holdDataDir(process.argv[2] ?? "", systemClock);
process.stdout.write("held\n");
process.stdin.resume();
