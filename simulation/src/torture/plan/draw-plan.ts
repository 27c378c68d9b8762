import { type Random, seededRandom } from "@postern/core";
import type { Direction, DoorAct, FaultAct, LineFault, PeopleAct, PresentAct, Shape, TorturePlan } from "./act.ts";

/** People whose rights change all the while; few, so that each is somebody whom a door has just lost or got. */
const PEOPLE_COUNT = 12;

/** Who ask the API at the same time. */
const ASKING_COUNT = 3;

const FAULT_EVERY_MS = 1_500;
const CHANGE_EVERY_MS = 450;
const PRESENT_EVERY_MS = 250;
const DOOR_ACT_EVERY_MS = 4_000;

/** Draws everything that is going to be tried. The same seed, time and shape have the same plan. */
export function drawPlan(seed: number, durationMs: number, shape: Shape): TorturePlan {
  const random = seededRandom(seed);
  const lines = shape.controllerCount + 1;
  const doorCount = shape.controllerCount * shape.doorsPerController;
  const faults = times(random, durationMs, FAULT_EVERY_MS).map((atMs) => ({ atMs, ...drawFault(random, shape, lines) }));
  let change = 0;
  const nextChange = (): number => {
    change += 1;
    return change;
  };
  const people = Array.from({ length: ASKING_COUNT }, (_, asking) =>
    times(random, durationMs, CHANGE_EVERY_MS).map((atMs) => drawChange(random, { atMs, change: nextChange(), asking, doorCount })),
  );
  const doors = times(random, durationMs, DOOR_ACT_EVERY_MS).map((atMs) => drawDoorAct(random, atMs, doorCount));
  const presents = Array.from({ length: shape.controllerCount }, (_, controller) =>
    times(random, durationMs, PRESENT_EVERY_MS).map((atMs): PresentAct => {
      const door = controller * shape.doorsPerController + random.int(shape.doorsPerController);
      return { atMs, door, person: random.int(PEOPLE_COUNT) };
    }),
  );
  return { seed, shape, durationMs, faults, people, doors, presents };
}

/** Moments from the beginning to the end, on average so far apart, each pause anything from nothing to twice that. */
function times(random: Random, durationMs: number, everyMs: number): number[] {
  const found: number[] = [];
  for (let atMs = random.int(2 * everyMs); atMs < durationMs; atMs += random.int(2 * everyMs)) found.push(atMs);
  return found;
}

type Drawn<Act> = Act extends { readonly atMs: number } ? Omit<Act, "atMs"> : never;

/** Each as often as its weight says. */
const FAULTS: readonly (readonly [weight: number, draw: (random: Random, shape: Shape, lines: number) => Drawn<FaultAct>])[] = [
  [52, (random, _shape, lines) => ({ kind: "line", line: random.int(lines), fault: drawLineFault(random) })],
  [12, (random, shape) => ({ kind: "kill", what: "door", which: random.int(shape.controllerCount), downMs: random.int(2_500) })],
  [9, (random, shape) => ({ kind: "kill", what: "server", which: random.int(shape.serverCount), downMs: random.int(2_500) })],
  [4, () => ({ kind: "kill", what: "postmaster", which: 0, downMs: 0 })],
  [6, (random) => ({ kind: "kill", what: "backend", which: random.int(1_000), downMs: 0 })],
  [6, (random, shape) => ({ kind: "stop", what: "door", which: random.int(shape.controllerCount), forMs: 200 + random.int(6_000) })],
  [5, (random, shape) => ({ kind: "stop", what: "server", which: random.int(shape.serverCount), forMs: 200 + random.int(6_000) })],
  [2, (random) => ({ kind: "stop", what: "postmaster", which: 0, forMs: 200 + random.int(3_000) })],
  [4, (random) => ({ kind: "stop", what: "backend", which: random.int(1_000), forMs: 200 + random.int(3_000) })],
];

function drawFault(random: Random, shape: Shape, lines: number): Drawn<FaultAct> {
  let left = random.int(FAULTS.reduce((sum, [weight]) => sum + weight, 0));
  for (const [weight, draw] of FAULTS) {
    if (left < weight) return draw(random, shape, lines);
    left -= weight;
  }
  return { kind: "line", line: 0, fault: { kind: "reset" } };
}

const HALF_OPEN: readonly (readonly Direction[])[] = [["up"], ["down"], ["up", "down"]];

function drawLineFault(random: Random): LineFault {
  const forMs = 300 + random.int(5_000);
  switch (random.int(10)) {
    case 0:
    case 1:
      return { kind: "delay", delayMs: 20 + random.int(1_500), forMs };
    case 2:
      return { kind: "throttle", bytesPerSecond: 200 + random.int(4_000), forMs };
    case 3:
    case 4:
      return { kind: "cut", direction: drawDirection(random), afterBytes: 1 + random.int(600) };
    case 5:
    case 6:
      return { kind: "swallow", directions: HALF_OPEN[random.int(HALF_OPEN.length)] ?? ["up"], forMs: forMs * 2 };
    case 7:
      return { kind: "hold", forMs };
    case 8:
      return { kind: "reset" };
    default:
      return { kind: "refuse", forMs };
  }
}

function drawDirection(random: Random): Direction {
  return random.int(2) === 0 ? "up" : "down";
}

/** Drawn as often as they stand here. */
const CHANGES: readonly PeopleAct["kind"][] = [
  ...(["enrol", "enrol", "enrol", "revoke", "revoke", "move", "move", "suspend"] as const),
  ...(["resume", "resume", "shorten", "take_card", "wrong_door"] as const),
];

interface ChangePlace {
  readonly atMs: number;
  readonly change: number;
  readonly asking: number;
  readonly doorCount: number;
}

/** Each person is changed by one of those who ask: what is asked about a person comes one after the other. */
function drawChange(random: Random, { atMs, change, asking, doorCount }: ChangePlace): PeopleAct {
  const person = asking + ASKING_COUNT * random.int(Math.floor(PEOPLE_COUNT / ASKING_COUNT));
  const kind = CHANGES[random.int(CHANGES.length)] ?? "enrol";
  const some = [...new Set(Array.from({ length: 1 + random.int(3) }, () => random.int(doorCount)))].sort((left, right) => left - right);
  return {
    ...{ atMs, change, person, kind },
    api: random.int(2) === 0 ? "v1" : "v2",
    doors: random.int(2) === 0 ? "all" : some,
    waits: random.int(3) === 0,
    lastsMs: kind === "enrol" && random.int(4) > 0 ? 86_400_000 : 500 + random.int(10_000),
  };
}

function drawDoorAct(random: Random, atMs: number, doorCount: number): DoorAct {
  const kinds = ["lock", "release", "release", "open", "open", "open"] as const;
  return { atMs, kind: kinds[random.int(kinds.length)] ?? "release", door: random.int(doorCount) };
}
