import type { Identity } from "./claim/identity.ts";
import type { DoorClock } from "./controller/door-clock.ts";
import type { DoorState } from "./controller/door-state.ts";
import type { ControllerState, DoorReport } from "./controller-state.ts";
import type { Outbox } from "./outbox/outbox.ts";
import type { Replica } from "./replica/replica.ts";
import type { UplinkKind } from "./uplink/uplink-table.ts";

interface Parts {
  readonly identity: Identity;
  readonly replica: Replica;
  readonly outbox: Outbox;
  readonly doorClock: DoorClock;
  readonly doors: readonly DoorState[];
  readonly uplink: UplinkKind;
}

/** What a controller says of itself, put together from its parts. */
export function describeController({ identity, replica, outbox, doorClock, doors, uplink }: Parts): ControllerState {
  const { serial, controllerId, placeId } = identity;
  const { epoch, urgentTo, completeTo } = replica.position;
  const { itemCount, failureCount } = replica.contents;
  return {
    serial,
    controllerId,
    placeId,
    doors: doors.map((door) => describeDoor(door, replica)),
    uplink,
    roster: { epoch, urgentTo, completeTo, digest: replica.contents.digest(), itemCount, failureCount },
    log: { generation: outbox.generation, last: outbox.last },
    beliefAgeMs: doorClock.beliefAgeMs(),
    nowMs: doorClock.nowMs(),
  };
}

function describeDoor(door: DoorState, { contents }: Replica): DoorReport {
  const { doorId, entryDeviceId, exitDeviceId } = door.wiring;
  return {
    doorId,
    name: contents.door(doorId)?.name ?? null,
    entryDeviceId,
    exitDeviceId,
    relay: door.isRelayOn ? "on" : "off",
    sensor: door.leaf.isOpen === null ? null : door.leaf.isOpen ? "open" : "closed",
    isFireSignalled: door.isFireSignalled,
    mode: door.mode,
    alarms: [
      ...(door.leaf.isHeldOpenAlarm ? (["held_open"] as const) : []),
      ...(door.leaf.isForcedOpenAlarm ? (["forced_open"] as const) : []),
    ],
    tamperedDeviceIds: door.tamperedIds,
    faults: door.faults.map(({ part }) => part),
    isBeliefTooOld: door.isBeliefTooOld,
    waits: door.waits.map(({ deviceId, wanted }) => ({ deviceId, wanted })),
    askingDeviceIds: [...new Set(door.vendorWaits.map(({ deviceId }) => deviceId))],
    learningDeviceIds: door.learnings.map(({ deviceId }) => deviceId),
    firstPersonIn: contents.door(doorId)?.firstPersonIn === true ? { atMs: door.firstInMs } : null,
    lastDecision: door.last === null ? null : { atMs: door.last.atMs, ...door.last.outcome },
  };
}
