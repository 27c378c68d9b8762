import { parseArgs } from "node:util";
import { runScenario } from "./run-scenario.ts";
import { drawScenario } from "./scenario/draw-scenario.ts";

const { values } = parseArgs({ options: { seed: { type: "string" }, seeds: { type: "string" }, tell: { type: "boolean" } } });
const seeds = values.seed === undefined ? Array.from({ length: Number(values.seeds ?? 20) }, (_, index) => index + 1) : [Number(values.seed)];
const began = performance.now();
for (const seed of seeds) {
  const { violations, hash, countFrames, countPassages, countEvents } = await runScenario(
    drawScenario(seed),
    values.tell === true ? (line) => void process.stdout.write(line) : null,
  );
  process.stdout.write(`seed ${seed}: ${violations.length === 0 ? "kept" : "BROKEN"} frames ${countFrames} passages ${countPassages} events ${countEvents} ${hash.slice(0, 12)}\n`);
  for (const { atMs, checker, what } of violations.slice(0, 3)) process.stdout.write(`   ${atMs} ${checker}: ${what}\n`);
}
process.stdout.write(`${Math.round(performance.now() - began)} ms\n`);
