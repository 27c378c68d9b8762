import { type Static, Type } from "typebox";
import { DeviceItem, type DeviceView, writeDevice } from "./device-item.ts";

const closed = { additionalProperties: false };

const Contact = Type.Object(
  {
    deviceId: Type.Integer(),
    deviceSerial: Type.String(),
    port: Type.Integer(),
    switchType: Type.Union([Type.Literal("NORMAL_OPEN"), Type.Literal("NORMAL_CLOSE")]),
  },
  closed,
);

/** A door as CLUe's doors call shows it (CLUe §1.5). */
export const ClueDoorItem = Type.Object(
  {
    doorId: Type.Integer(),
    doorStatus: Type.Literal("NORMAL"),
    doorName: Type.String(),
    placeId: Type.Integer(),
    entryDevice: Type.Optional(DeviceItem),
    exitDevice: Type.Optional(DeviceItem),
    secureIODevices: Type.Array(DeviceItem),
    autoLockTimeoutMS: Type.Integer(),
    sensorIgnore: Type.Boolean(),
    heldOpenAlarm: Type.Boolean(),
    heldOpenAlarmTimeoutMS: Type.Optional(Type.Integer()),
    forceOpenAlarm: Type.Boolean(),
    relay: Type.Optional(Type.Object({ deviceId: Type.Integer(), port: Type.Integer(), deviceSerial: Type.String() }, closed)),
    sensor: Type.Optional(Contact),
    button: Type.Optional(Contact),
    schedule: Type.Object(
      {
        scheduleOpen: Type.Boolean(),
        scheduleClose: Type.Boolean(),
        scheduleOpenId: Type.Optional(Type.Integer()),
        scheduleCloseId: Type.Optional(Type.Integer()),
      },
      closed,
    ),
  },
  closed,
);
export type ClueDoorItem = Static<typeof ClueDoorItem>;

export interface ContactView {
  readonly deviceId: number;
  readonly deviceSerial: string;
  readonly port: number;
  readonly switchType: "NORMAL_OPEN" | "NORMAL_CLOSE";
}

export interface DoorView {
  readonly doorId: number;
  readonly name: string;
  readonly placeId: number;
  readonly entryDevice: DeviceView | null;
  readonly exitDevice: DeviceView | null;
  readonly secureIODevices: readonly DeviceView[];
  /** How long one grant keeps the bolt released. */
  readonly unlockMs: number;
  readonly isSensorIgnored: boolean;
  /** null: no alarm for a door held open. */
  readonly heldOpenAlarmMs: number | null;
  readonly hasForcedOpenAlarm: boolean;
  readonly relay: { readonly deviceId: number; readonly port: number; readonly deviceSerial: string } | null;
  readonly sensor: ContactView | null;
  readonly button: ContactView | null;
  readonly scheduledUnlockId: number | null;
  readonly scheduledLockId: number | null;
}

/** `doorStatus` is always `NORMAL`: the only value that CLUe documents. */
export function writeDoor(view: DoorView): ClueDoorItem {
  return {
    doorId: view.doorId,
    doorStatus: "NORMAL",
    doorName: view.name,
    placeId: view.placeId,
    ...(view.entryDevice === null ? {} : { entryDevice: writeDevice(view.entryDevice) }),
    ...(view.exitDevice === null ? {} : { exitDevice: writeDevice(view.exitDevice) }),
    secureIODevices: view.secureIODevices.map(writeDevice),
    autoLockTimeoutMS: view.unlockMs,
    sensorIgnore: view.isSensorIgnored,
    heldOpenAlarm: view.heldOpenAlarmMs !== null,
    ...(view.heldOpenAlarmMs === null ? {} : { heldOpenAlarmTimeoutMS: view.heldOpenAlarmMs }),
    forceOpenAlarm: view.hasForcedOpenAlarm,
    ...(view.relay === null ? {} : { relay: { ...view.relay } }),
    ...(view.sensor === null ? {} : { sensor: { ...view.sensor } }),
    ...(view.button === null ? {} : { button: { ...view.button } }),
    schedule: writeSchedule(view),
  };
}

function writeSchedule({ scheduledUnlockId, scheduledLockId }: DoorView): ClueDoorItem["schedule"] {
  return {
    scheduleOpen: scheduledUnlockId !== null,
    scheduleClose: scheduledLockId !== null,
    ...(scheduledUnlockId === null ? {} : { scheduleOpenId: scheduledUnlockId }),
    ...(scheduledLockId === null ? {} : { scheduleCloseId: scheduledLockId }),
  };
}
