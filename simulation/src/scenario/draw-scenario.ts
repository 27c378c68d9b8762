import { type Random, seededRandom } from "@postern/core";
import type { Act, FaultAct, FaultKind, PeopleAct, Scenario } from "./act.ts";

/** How long people and faults act in a world. */
const ACTS_MS = 240_000;

const PEOPLE_COUNT = 10;

/** How often each fault comes in a world that has it. Every world has some of them, so that each also meets the others alone. */
const FAULT_COUNTS: Readonly<Record<FaultKind, number>> = {
  weather: 6,
  cut_off: 5,
  cut_all: 4,
  kill_controller: 12,
  kill_server: 8,
  database_away: 3,
  database_slow: 4,
  lose_commit_answer: 5,
  disk_full: 3,
  jump_door_clock: 4,
  jump_server_clock: 2,
  keep_disk: 2,
  restore_disk: 2,
  new_disk: 1,
  keep_database: 2,
  restore_database: 2,
  spoil_item: 3,
  clone: 2,
  replace_key: 1,
};

/** A restore needs a copy. */
const TOGETHER: Partial<Record<FaultKind, FaultKind>> = { restore_disk: "keep_disk", restore_database: "keep_database" };

/** Draws a world and what happens in it. */
export function drawScenario(seed: number): Scenario {
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
  for (const kind of drawFaultKinds(random)) {
    const count = 1 + random.int(FAULT_COUNTS[kind]);
    for (let index = 0; index < count; index += 1) put(drawFault(random, kind));
  }
  acts.sort((left, right) => left.atMs - right.atMs);
  return { seed, shape, actsUntilMs: ACTS_MS, acts };
}

function drawFaultKinds(random: Random): Set<FaultKind> {
  const chance = 1 + random.int(6);
  const kinds = new Set<FaultKind>();
  for (const kind of faultKinds()) {
    if (random.int(10) >= chance) continue;
    kinds.add(kind);
    const needed = TOGETHER[kind];
    if (needed !== undefined) kinds.add(needed);
  }
  return kinds;
}

function faultKinds(): FaultKind[] {
  // biome-ignore lint/nursery/noUnsafeTypeAssertion: the keys of a record of its kinds.
  return Object.keys(FAULT_COUNTS) as FaultKind[];
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

function drawFault(random: Random, kind: FaultKind): FaultAct {
  const machine = random.int(3);
  switch (kind) {
    case "weather":
      return {
        kind,
        forMs: drawMs(random, 60_000),
        weather: {
          lose: random.int(60),
          repeat: random.int(100),
          cut: random.int(40),
          delayMsMax: 20 + random.int(random.int(4) === 0 ? 5_000 : 300),
        },
      };
    case "cut_off":
      return { kind, machine, forMs: drawMs(random, 120_000) };
    case "cut_all":
    case "keep_database":
      return { kind };
    case "kill_controller":
      return {
        kind,
        machine,
        afterWrites: random.int(8),
        phase: (["before", "written", "synced"] as const)[random.int(3)] ?? "before",
        isPowerCut: random.int(2) === 0,
        losesTime: random.int(5) === 0,
        downMs: drawMs(random, 40_000),
      };
    case "kill_server":
      return { kind, server: random.int(2), afterStatements: random.int(12), downMs: drawMs(random, 30_000) };
    case "database_away":
      return { kind, forMs: drawMs(random, 20_000) };
    case "database_slow":
      return { kind, statementMsMax: 50 + random.int(1_500), forMs: drawMs(random, 30_000) };
    case "lose_commit_answer":
      return { kind, afterCommits: random.int(5) };
    case "disk_full":
      return { kind, machine, forMs: drawMs(random, 30_000) };
    case "jump_door_clock":
      return { kind, machine, byMs: (random.int(2) === 0 ? 1 : -1) * drawMs(random, 86_400_000) };
    case "jump_server_clock":
      return { kind, byMs: (random.int(2) === 0 ? 1 : -1) * drawMs(random, 600_000), forMs: drawMs(random, 60_000) };
    case "restore_disk":
    case "new_disk":
      return { kind, machine, downMs: drawMs(random, 30_000) };
    case "keep_disk":
      return { kind, machine };
    case "restore_database":
      return { kind, downMs: drawMs(random, 20_000) };
    case "spoil_item":
      return { kind, machine, pick: random.int(1_000) };
    case "clone":
      return { kind, machine, forMs: drawMs(random, 90_000) };
    case "replace_key":
      return { kind, machine, afterMs: drawMs(random, 30_000) };
  }
}
