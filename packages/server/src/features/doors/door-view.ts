import type { DeviceView, DoorView } from "@postern/contract";
import { type DoorSettings, readDoorSettings } from "../../roster/door-settings.ts";
import type { DeviceRow, DoorRow } from "./store.ts";

/** The place as its doors' answers need it. */
export interface DoorViewPlace {
  readonly placeId: number;
  readonly timeZone: string;
  /** At the moment of the answer. */
  readonly gmtOffsetSeconds: number;
}

/** What our devices take so far. */
const ALLOWED_CREDENTIALS = ["CARD", "PIN"] as const;

/** A door as CLUe's doors call shows it. Its relay, sensor and button hang on one of its own two devices. */
export function doorView(row: DoorRow, place: DoorViewPlace): DoorView {
  const settings = readDoorSettings(row.settings);
  const devices = new Map(row.devices.map((device) => [device.side, device]));
  const device = (side: DeviceRow["side"]): DeviceView | null => {
    const found = devices.get(side);
    return found === undefined ? null : deviceView(found, row, place);
  };
  return {
    doorId: row.doorId,
    name: row.name,
    placeId: place.placeId,
    entryDevice: device("ENTRY"),
    exitDevice: device("EXIT"),
    secureIODevices: [],
    unlockMs: settings.autoLockTimeoutMs,
    isSensorIgnored: settings.sensorIgnore,
    heldOpenAlarmMs: settings.heldOpenAlarm ? settings.heldOpenAlarmTimeoutMs : null,
    hasForcedOpenAlarm: settings.forceOpenAlarm,
    relay: contact(settings.relay, devices),
    sensor: contact(settings.sensor, devices),
    button: contact(settings.button, devices),
    scheduledUnlockId: settings.scheduledUnlockId,
    scheduledLockId: settings.scheduledLockId,
  };
}

function contact<Input extends DoorSettings["relay"]>(input: Input | null, devices: ReadonlyMap<string, DeviceRow>) {
  const device = input === null ? undefined : devices.get(input.side);
  if (input === null || device === undefined) return null;
  const { side: _, ...rest } = input;
  return { deviceId: device.deviceId, deviceSerial: device.serial, ...rest };
}

function deviceView(device: DeviceRow, door: DoorRow, place: DoorViewPlace): DeviceView {
  return {
    deviceId: device.deviceId,
    deviceType: device.deviceType,
    modelName: device.modelName,
    name: device.name,
    description: device.description,
    serial: device.serial,
    side: device.side,
    master: null,
    placeId: place.placeId,
    doorId: door.doorId,
    timeZone: place.timeZone,
    gmtOffsetSeconds: place.gmtOffsetSeconds,
    firstConnectedMs: device.firstConnectedAt,
    network: null,
    isConnected: door.isConnected,
    allowCredentials: ALLOWED_CREDENTIALS,
    // The controller takes over the server's time whenever it connects.
    lastSyncedMs: door.connectedAt,
  };
}
