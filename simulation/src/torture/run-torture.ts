import { chmod, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { posternClient } from "@postern/client";
import { type Log, pause, systemClock, systemTimers } from "@postern/core";
import { carryOut } from "./carry-out.ts";
import { judge } from "./checkers/judge.ts";
import { readDatabase } from "./evidence/database-store.ts";
import { readDoorDisk } from "./evidence/door-disk-store.ts";
import { CONVERGED_MS_MAX } from "./limits.ts";
import { type Stage, setUp } from "./machines/stage.ts";
import { Journal } from "./people/journal.ts";
import type { TorturePlan } from "./plan/act.ts";
import { mend, settle } from "./settle.ts";
import { Tally } from "./tally.ts";

export interface TortureOptions {
  readonly plan: TorturePlan;
  readonly log: Log;
  readonly say: (line: string) => void;
  /** Keeps the folder also when every promise was kept. */
  readonly keeps: boolean;
  /** Ends the run early; everything ends with it. */
  readonly signal: AbortSignal;
  /** The folder may be looked at by whoever is told. */
  readonly onFolder?: (folder: string) => void;
}

export interface TortureOutcome {
  /** `checker: what`, in the order of finding. */
  readonly violations: readonly string[];
  readonly journal: Journal;
  readonly faults: ReadonlyMap<string, number>;
  readonly countStarts: number;
  readonly countEvents: number;
  readonly countPassages: number;
  readonly revision: number;
  /** null: not within the bound. */
  readonly convergedMs: number | null;
  /** null: removed. */
  readonly folder: string | null;
}

/** Runs real processes under everything that the plan says, and holds what is left to every promise. Ends all it started, however it ends. */
export async function runTorture(options: TortureOptions): Promise<TortureOutcome> {
  const folder = await mkdtemp(join(tmpdir(), "postern-torture-"));
  await chmod(folder, 0o700);
  options.onFolder?.(folder);
  let isBroken = true;
  try {
    const outcome = await runIn(folder, options);
    isBroken = outcome.violations.length > 0;
    return { ...outcome, folder: isBroken || options.keeps ? folder : null };
  } finally {
    if (!options.keeps && (!isBroken || options.signal.aborted)) await rm(folder, { recursive: true, force: true });
  }
}

async function runIn(folder: string, { plan, log, say, signal }: TortureOptions): Promise<Omit<TortureOutcome, "folder">> {
  const violations: string[] = [];
  const accuse = (checker: string, what: string): void => void violations.push(`${checker}: ${what}`);
  const [journal, tally] = [new Journal(), new Tally(say)];
  await using stack = new AsyncDisposableStack();
  say("starting a database, servers and doors …");
  const stage = await setUp({
    ...{ folder, shape: plan.shape, log, stack, signal },
    onEndedByItself: (name, code) => accuse("stays up", `${name} ended by itself with ${code ?? "a signal"}`),
  });
  const atEnd = (): void => killAll(stage);
  process.once("exit", atEnd);
  stack.defer(() => void process.off("exit", atEnd));
  const telling = new AbortController();
  const told = tally.tellCounts(journal, systemTimers, AbortSignal.any([telling.signal, signal]));
  await carryOut({ stage, plan, journal, tally, clock: systemClock, timers: systemTimers, signal });
  telling.abort();
  await told;
  signal.throwIfAborted();
  say("faults have stopped; waiting until all agree …");
  mend(stage);
  const client = posternClient({ baseUrl: stage.baseUrl, key: stage.place.key });
  const settled = await settle({ stage, client, clock: systemClock, timers: systemTimers, signal });
  if ("lacks" in settled) accuse("convergence", `after ${CONVERGED_MS_MAX / 1_000} s without a fault all waited for ${settled.lacks}`);
  say("reading the disks …");
  const evidence = await endAndRead(stage, journal, accuse);
  const countPassages = judge(evidence, accuse);
  return {
    ...{ violations, journal, faults: tally.faults, countPassages },
    countStarts: [...stage.servers.map(({ process: server }) => server), ...stage.doors].reduce((sum, one) => sum + one.countStarts, 0),
    countEvents: evidence.database.events.length,
    revision: evidence.database.revision,
    convergedMs: "tookMs" in settled ? settled.tookMs : null,
  };
}

/** Bolts that are released fall within this. */
const QUIET_MS = 1_000;

/** Doors are killed, so that what they have on the disk is all they leave; servers are asked to end, and have to. */
async function endAndRead(stage: Stage, journal: Journal, accuse: (checker: string, what: string) => void) {
  const { database, servers, doors, place } = stage;
  for (const door of doors) await door.end("SIGKILL");
  await pause(systemTimers, "the last frames", QUIET_MS);
  for (const { process: server } of servers) {
    const code = await server.end("SIGTERM");
    if (code !== 0) accuse("stays up", `${server.name} was asked to end and ended with ${code ?? "a signal"}`);
  }
  const disks = place.seats.map(({ folder, controllerId, doorIds }, index) =>
    readDoorDisk(folder, { name: doors[index]?.name ?? "", controllerId, doorIds }),
  );
  return { journal, doors: disks, database: await readDatabase(database.owner, place.placeId) };
}

/** When this process ends without having ended the others. */
function killAll({ servers, doors }: Stage): void {
  for (const { process: server } of servers) server.killAtOnce();
  for (const door of doors) door.killAtOnce();
}
