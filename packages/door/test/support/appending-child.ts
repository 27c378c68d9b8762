// Appends events to the outbox named in its arguments as fast as it can, and prints each number once the append has returned.
import { writeSync } from "node:fs";
import { systemRandom } from "@postern/core";
import { anEvent, openOutbox } from "./outbox.ts";

const outbox = openOutbox(process.argv[2] ?? "", { random: systemRandom });
writeSync(1, `${outbox.last}\n`);
for (;;) {
  const first = outbox.append([anEvent(), anEvent()]);
  writeSync(1, `${first}\n${first + 1}\n`);
}
