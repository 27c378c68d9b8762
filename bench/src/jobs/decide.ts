import { type AuthItem, type DoorItem, decideAccess, type Schedule, utcTransitionsOf } from "@postern/core";
import { type Figure, underLimit } from "../figure.ts";

const NOW_MS = Date.UTC(2026, 5, 15, 10);
const DOOR: DoorItem = {
  kind: "door",
  id: 234,
  name: "Entrance",
  entryDeviceId: 434,
  exitDeviceId: null,
  unlockMs: 3_000,
  lockType: "fail_secure",
  chains: [],
  scheduledUnlockId: null,
  scheduledLockId: null,
  firstPersonIn: false,
  sensorIgnore: false,
  heldOpenMs: null,
  forcedOpenAlarm: false,
  factorMs: 10_000,
  confirmations: [],
  beliefAgeMsMax: null,
  whenVendorSilent: "deny",
};
const OFFICE: Schedule = { weekly: Array.from({ length: 7 }, () => [{ fromMinute: 480, toMinute: 1080 }]), holidays: [] };

function authOf(id: number, scheduleId: number | null): AuthItem {
  const right = { startMs: 0, endMs: NOW_MS * 2, doors: [234], scheduleId, grants: [] } as const;
  const credentials = { chains: [["CARD"]], cards: [`CSN:${id}`], pin: null, uniquePin: null, fingerprints: [] } as const;
  return { kind: "auth", id, userId: id, name: `person ${id}`, status: "ACTIVE", ...right, ...credentials };
}

/** Identify by the card's key and decide, among so many auths: the least of three runs, since whatever else runs only adds to it. */
export async function decide({ authCount = 100_000, rounds = 500_000 } = {}): Promise<Figure[]> {
  const always = Math.min(...[1, 2, 3].map(() => nanosecondsEach(authCount, rounds, null)));
  const scheduled = Math.min(...[1, 2, 3].map(() => nanosecondsEach(authCount, rounds, 333)));
  return [
    figure("decide, ALWAYS", { limitMicroseconds: 2, nanoseconds: always, authCount }),
    figure("decide, schedule", { limitMicroseconds: 10, nanoseconds: scheduled, authCount }),
  ];
}

function figure(
  job: string,
  { limitMicroseconds, nanoseconds, authCount }: { limitMicroseconds: number; nanoseconds: number; authCount: number },
): Figure {
  return {
    job,
    ours: `${(nanoseconds / 1_000).toFixed(2)} µs, ${Math.round(1e9 / nanoseconds).toLocaleString("en-US")}/s`,
    mustReach: `≤ ${limitMicroseconds} µs`,
    beside: `${authCount.toLocaleString("en-US")} auths, looked up by card`,
    ratio: underLimit(limitMicroseconds * 1_000, nanoseconds),
    values: { nanoseconds },
  };
}

function nanosecondsEach(authCount: number, rounds: number, scheduleId: number | null): number {
  const auths = new Map(Array.from({ length: authCount }, (_, index) => [`CSN:${index + 1}`, authOf(index + 1, scheduleId)]));
  const schedules = new Map([[333, OFFICE]]);
  const utcTransitions = utcTransitionsOf("Europe/Berlin", NOW_MS, NOW_MS + 5 * 366 * 86_400_000);
  let grantedCount = 0;
  const run = (count: number): void => {
    for (let round = 0; round < count; round += 1) {
      const auth = auths.get(`CSN:${((round * 7_919) % authCount) + 1}`) ?? null;
      const facts = {
        nowMs: NOW_MS + round,
        door: DOOR,
        mode: { kind: "credentials" },
        auth,
        schedules,
        utcTransitions,
        proven: ["CARD"],
        confirmation: "not_asked",
        beliefAgeMs: 0,
      } as const;
      if (decideAccess(facts).kind === "granted") grantedCount += 1;
    }
  };
  run(Math.ceil(rounds / 10));
  grantedCount = 0;
  const startNs = process.hrtime.bigint();
  run(rounds);
  const elapsedNs = Number(process.hrtime.bigint() - startNs);
  if (grantedCount !== rounds) throw new TypeError(`${rounds - grantedCount} decisions were not grants`);
  return elapsedNs / rounds;
}
