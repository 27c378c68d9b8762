import { type Random, seededRandom } from "@postern/core";
import type { KillPhase } from "../disk/sim-disk.ts";
import type { VendorShape } from "../world/layout.ts";
import type { Act, FaultAct, FaultKind, PeopleAct, Scenario } from "./act.ts";

/** How long people and faults act in a world. */
const ACTS_MS = 240_000;

const PEOPLE_COUNT = 10;

/** What is drawn as acts: the customer's own server is part of a world's shape. */
type DrawnKind = Exclude<FaultKind, "vendor">;

/** How often each fault comes in a world that has it. Every world has some of them, so that each also meets the others alone. */
const FAULT_COUNTS: Readonly<Record<DrawnKind, number>> = {
  weather: 6,
  cut_off: 5,
  cut_all: 4,
  echo: 5,
  hints_off: 3,
  taken_for_dead: 4,
  kill_controller: 12,
  kill_in_trim: 6,
  kill_server: 8,
  database_away: 3,
  database_slow: 4,
  lose_commit_answer: 5,
  lose_appends: 4,
  disk_full: 3,
  jump_door_clock: 4,
  jump_server_clock: 2,
  keep_disk: 2,
  restore_disk: 2,
  new_disk: 1,
  keep_database: 2,
  restore_database: 2,
  closed_for_a_month: 1,
  spoil_item: 3,
  clone: 2,
  replace_key: 1,
  enrol_many: 4,
};

/** A restore needs a copy, and a trim something that is old enough. */
const TOGETHER: Partial<Record<DrawnKind, readonly DrawnKind[]>> = {
  restore_disk: ["keep_disk"],
  restore_database: ["keep_database"],
  kill_in_trim: ["closed_for_a_month"],
};

/** Draws a world and what happens in it. `focus`: the faults that it has, each often, and no others. */
export function drawScenario(seed: number, focus: readonly FaultKind[] = []): Scenario {
  const random = seededRandom(seed);
  const shape = {
    controllerCount: 2 + random.int(2),
    doorsPerController: 1 + random.int(2),
    serverCount: 1 + random.int(2),
    beliefMsMax: [60_000, 90_000, 600_000][random.int(3)] ?? 60_000,
  };
  const acts: Act[] = [];
  const put = (act: PeopleAct | FaultAct): void => void acts.push({ ...act, atMs: random.int(ACTS_MS) });
  for (let person = 0; person < PEOPLE_COUNT; person += 1) acts.push({ ...enrol(random, person), atMs: random.int(20_000) });
  const countPeople = 60 + random.int(80);
  for (let count = 0; count < countPeople; count += 1) put(drawPeopleAct(random));
  const wanted = focus.filter((kind) => kind !== "vendor");
  for (const kind of focus.length > 0 ? withNeeded(wanted) : drawFaultKinds(random)) {
    const count = focus.length > 0 ? 2 * FAULT_COUNTS[kind] : 1 + random.int(FAULT_COUNTS[kind]);
    for (let index = 0; index < count; index += 1) put(drawFault(random, kind));
  }
  acts.sort((left, right) => left.atMs - right.atMs);
  const vendor = drawVendor(seededRandom(seed ^ 0xc0de), focus);
  return { seed, shape: vendor === null ? shape : { ...shape, vendor }, actsUntilMs: ACTS_MS, acts };
}

/** Of a stream of its own, so that a seed means what it meant before there was one. */
function drawVendor(random: Random, focus: readonly FaultKind[]): VendorShape | null {
  const isDrawn = random.int(2) === 0;
  const vendor = { policy: (["deny", "allow", "allow_known"] as const)[random.int(3)] ?? "deny", identifies: random.int(2) === 0 };
  return (focus.length === 0 ? isDrawn : focus.includes("vendor")) ? vendor : null;
}

function drawFaultKinds(random: Random): Set<DrawnKind> {
  const chance = 1 + random.int(6);
  return withNeeded(drawnKinds().filter(() => random.int(10) < chance));
}

function withNeeded(kinds: readonly DrawnKind[]): Set<DrawnKind> {
  return new Set(kinds.flatMap((kind) => [kind, ...(TOGETHER[kind] ?? [])]));
}

/** Everything that a world may have. */
export function faultKinds(): FaultKind[] {
  return [...drawnKinds(), "vendor"];
}

function drawnKinds(): DrawnKind[] {
  // biome-ignore lint/nursery/noUnsafeTypeAssertion: the keys of a record of its kinds.
  return Object.keys(FAULT_COUNTS) as DrawnKind[];
}

function enrol(random: Random, person: number): PeopleAct {
  return {
    kind: "enrol",
    person,
    door: random.int(3) === 0 ? random.int(6) : null,
    hasOfficeHours: random.int(4) === 0,
    needsFinger: random.int(4) === 0,
    lastsMs: random.int(6) === 0 ? 30_000 + random.int(200_000) : null,
  };
}

function drawPeopleAct(random: Random): PeopleAct {
  const person = random.int(PEOPLE_COUNT);
  const door = random.int(6);
  const drawn = random.int(100);
  if (drawn < 55) return { kind: "present", machine: random.int(3), door: random.int(2), person };
  if (drawn < 66) return { kind: "revoke", person };
  if (drawn < 76) return enrol(random, person);
  if (drawn < 82) return { kind: "move_to_door", person, door };
  if (drawn < 87) return { kind: "suspend", person, isActive: random.int(2) === 0 };
  if (drawn < 90) return { kind: "move_card", person, to: random.int(PEOPLE_COUNT) };
  if (drawn < 93) return { kind: "set_mode", door, mode: (["none", "locked", "unlocked", "lockdown"] as const)[random.int(4)] ?? "none" };
  if (drawn < 95) return { kind: "set_office_hours", isOpen: random.int(2) === 0 };
  if (drawn < 98) return { kind: "open_once", door, lastsMs: 500 + random.int(20_000) };
  return { kind: "enrol_many", count: 50 + random.int(500) };
}

/** Mostly short, sometimes long. */
function drawMs(random: Random, longest: number): number {
  return 100 + random.int(random.int(3) === 0 ? longest : Math.ceil(longest / 10));
}

function drawPhase(random: Random): KillPhase {
  return (["before", "written", "synced"] as const)[random.int(3)] ?? "before";
}

type Draw = (random: Random, machine: number) => FaultAct | PeopleAct;

const DRAWS: Readonly<Record<DrawnKind, Draw>> = {
  weather: (random) => ({
    kind: "weather",
    forMs: drawMs(random, 60_000),
    weather: {
      lose: random.int(60),
      repeat: random.int(100),
      cut: random.int(40),
      delayMsMax: 20 + random.int(random.int(4) === 0 ? 5_000 : 300),
    },
  }),
  cut_off: (random, machine) => ({ kind: "cut_off", machine, forMs: drawMs(random, 120_000) }),
  cut_all: () => ({ kind: "cut_all" }),
  echo: (random) => ({
    kind: "echo",
    inThousand: 50 + random.int(400),
    lateMsMax: drawMs(random, 20_000),
    forMs: 5_000 + random.int(90_000),
  }),
  hints_off: (random) => ({ kind: "hints_off", forMs: drawMs(random, 120_000) }),
  taken_for_dead: (random) => ({ kind: "taken_for_dead", server: random.int(2), forMs: drawMs(random, 60_000) }),
  kill_controller: (random, machine) => ({
    kind: "kill_controller",
    machine,
    afterWrites: random.int(8),
    phase: drawPhase(random),
    isPowerCut: random.int(2) === 0,
    losesTime: random.int(5) === 0,
    downMs: drawMs(random, 40_000),
  }),
  kill_in_trim: (random, machine) => ({
    kind: "kill_in_trim",
    machine,
    which: random.int(2) === 0 ? "outbox" : "replica",
    phase: drawPhase(random),
    isPowerCut: random.int(2) === 0,
    downMs: drawMs(random, 20_000),
  }),
  kill_server: (random) => ({
    kind: "kill_server",
    server: random.int(2),
    afterStatements: random.int(12),
    downMs: drawMs(random, 30_000),
  }),
  database_away: (random) => ({ kind: "database_away", forMs: drawMs(random, 20_000) }),
  database_slow: (random) => ({ kind: "database_slow", statementMsMax: 50 + random.int(1_500), forMs: drawMs(random, 30_000) }),
  lose_commit_answer: (random) => ({ kind: "lose_commit_answer", afterCommits: random.int(5) }),
  lose_appends: (random) => ({
    kind: "lose_appends",
    count: 1 + random.int(6),
    isAtGreeting: random.int(2) === 0,
    restartMs: drawMs(random, 60_000),
  }),
  disk_full: (random, machine) => ({ kind: "disk_full", machine, forMs: drawMs(random, 90_000) }),
  jump_door_clock: (random, machine) => ({ kind: "jump_door_clock", machine, byMs: drawSign(random) * drawMs(random, 86_400_000) }),
  jump_server_clock: (random) => ({
    kind: "jump_server_clock",
    byMs: drawSign(random) * drawMs(random, 600_000),
    forMs: drawMs(random, 60_000),
  }),
  keep_disk: (_random, machine) => ({ kind: "keep_disk", machine }),
  restore_disk: (random, machine) => ({ kind: "restore_disk", machine, downMs: drawMs(random, 30_000) }),
  new_disk: (random, machine) => ({ kind: "new_disk", machine, downMs: drawMs(random, 30_000) }),
  keep_database: () => ({ kind: "keep_database" }),
  restore_database: (random) => ({ kind: "restore_database", downMs: drawMs(random, 20_000) }),
  closed_for_a_month: (random) => ({ kind: "closed_for_a_month", downMs: drawMs(random, 10_000) }),
  spoil_item: (random, machine) => ({ kind: "spoil_item", machine, pick: random.int(1_000) }),
  clone: (random, machine) => ({ kind: "clone", machine, forMs: drawMs(random, 90_000), isCut: random.int(2) === 0 }),
  replace_key: (random, machine) => ({ kind: "replace_key", machine, afterMs: drawMs(random, 30_000) }),
  enrol_many: (random) => ({ kind: "enrol_many", count: 200 + random.int(500) }),
};

function drawFault(random: Random, kind: DrawnKind): FaultAct | PeopleAct {
  return DRAWS[kind](random, random.int(3));
}

function drawSign(random: Random): number {
  return random.int(2) === 0 ? 1 : -1;
}
