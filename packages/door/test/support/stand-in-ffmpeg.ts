import { chmodSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/**
 * A stand-in that keeps to what we use of ffmpeg: after `-i file:PATH` it writes the JPEGs of that file to its standard output, a few bytes at a time, and
 * ends. Beside it lies `runs`, with a line of its arguments for each start. A file whose name ends in `.silent` is never written; `.broken` ends with 1 until there is
 * one beside it with `.mended` behind its name, which is then written.
 */
export function standInFfmpeg(folder: string): string {
  const path = join(folder, "ffmpeg");
  const script = `#!${process.execPath}
const { appendFileSync, existsSync, readFileSync } = require("node:fs");
const args = process.argv.slice(2);
appendFileSync(${JSON.stringify(join(folder, "runs"))}, JSON.stringify(args) + "\\n");
const input = args[args.indexOf("-i") + 1].replace(/^file:/, "");
if (input.endsWith(".silent")) setInterval(() => undefined, 1000);
else if (input.endsWith(".broken") && !existsSync(input + ".mended")) process.exit(1);
else {
  const bytes = readFileSync(input.endsWith(".broken") ? input + ".mended" : input);
  const step = Math.max(1, Math.ceil(bytes.length / 7));
  for (let at = 0; at < bytes.length; at += step) process.stdout.write(bytes.subarray(at, at + step));
}
`;
  writeFileSync(path, script.replaceAll("\\\\n", "\\n"));
  chmodSync(path, 0o755);
  return path;
}
