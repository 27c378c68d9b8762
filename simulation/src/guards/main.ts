import { readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { GUARDS, type Guard, type SourceChange } from "./guard-list.ts";
import { runWithout } from "./run-without.ts";

const USAGE = `npm run sim:guards                        every guard is taken out once, and the worlds must miss it
npm run sim:guards -- fork clone          those whose name contains one of the words
  --seeds 200                             worlds to try for each; 120 unless said
`;

/** Worlds in which the lack of one guard must show. */
const WORLDS_MAX = 120;

/** Two cores. */
const AT_ONCE = 2;

const ROOT = new URL("../../../", import.meta.url);

const { values, positionals: words } = parseArgs({
  allowPositionals: true,
  options: { seeds: { type: "string", default: String(WORLDS_MAX) } },
});
const worldsMax = Number(values.seeds);
const guards = GUARDS.filter(({ name }) => words.length === 0 || words.some((word) => name.includes(word)));
const unmissed: string[] = [];

/** What is wrong with an entry of the list itself; null: nothing. */
function isGone({ changes }: Guard): boolean {
  return changes.some(({ file, from }: SourceChange) => !readFileSync(new URL(file, ROOT), "utf8").includes(from));
}

/** Where the lack of the guard shows; null: nowhere. */
async function look(guard: Guard): Promise<string | null> {
  const { name, behind, faults = [] } = guard;
  const out = behind === undefined ? [name] : [name, behind];
  for (let from = 1; from <= worldsMax; ) {
    const found = await runWithout(out, { from, count: worldsMax - from + 1, faults });
    if (found === null) return null;
    const isMeant = guard.seenBy === undefined || guard.seenBy.includes(found.checker);
    // The lack of this guard must be what makes the difference: of a second line, beside the lack of the first.
    const isOwn = (await runWithout(behind === undefined ? [] : [behind], { from: found.seed, count: 1, faults })) === null;
    if (isMeant && isOwn) return found.line;
    from = found.seed + 1;
  }
  return null;
}

async function work(): Promise<void> {
  for (let guard = guards.shift(); guard !== undefined; guard = guards.shift()) {
    const beganMs = performance.now();
    const found = isGone(guard) ? null : await look(guard);
    const title = guard.behind === undefined ? guard.name : `${guard.name} (behind: ${guard.behind})`;
    const seconds = `${((performance.now() - beganMs) / 1_000).toFixed(0)} s`.padStart(5);
    if (found === null) unmissed.push(guard.name);
    if (isGone(guard)) process.stdout.write(`GONE     ${title}: its source reads otherwise now\n`);
    else
      process.stdout.write(found === null ? `UNMISSED ${seconds}  ${title}\n` : `missed   ${seconds}  ${title}: ${found.slice(0, 150)}\n`);
  }
}

if (!Number.isSafeInteger(worldsMax) || worldsMax < 1 || guards.length === 0) {
  process.stderr.write(USAGE);
  process.exitCode = 2;
} else {
  const countGuards = guards.length;
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  process.stdout.write(unmissed.length === 0 ? `every guard is missed (${countGuards})\n` : `nobody misses: ${unmissed.join(", ")}\n`);
  process.exitCode = unmissed.length === 0 ? 0 : 1;
}
