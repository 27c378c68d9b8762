import { NAME_LENGTH_MAX, type NewDevice } from "@postern/contract";
import type { Random } from "@postern/core";
import type { Transaction } from "../../platform/database.ts";
import { NativeRefusal } from "../../platform/http/native-refusal.ts";
import { SERIAL_ATTEMPTS_COUNT_MAX } from "./limits.ts";
import { lockDevice, updateDevice } from "./native-store.ts";
import { findSerial, insertDevice, type Seat, seatDevice, type WholeDevice } from "./writing-store.ts";

export interface DeviceWanted {
  /** Where it stands in the body, for refusals. */
  readonly field: "entryDevice" | "exitDevice";
  readonly device: NewDevice;
  /** What a device without a name is named after. */
  readonly doorName: string;
}

/**
 * Puts a device to a door: a new one, or one of the place that stands at no door and has the serial, which keeps its id. Fails with `conflict` when
 * the serial is taken; nobody learns by whom.
 */
export async function seat(tx: Transaction, random: Random, at: Seat, wanted: DeviceWanted): Promise<void> {
  const { serial } = wanted.device;
  if (serial === undefined) return seatWithDrawnSerial(tx, random, at, wanted);
  const holder = await findSerial(tx, serial);
  if (holder === null) {
    if (await insertDevice(tx, at, wholeDevice(wanted, at, serial))) return;
  } else if (holder.deviceId !== null && holder.doorId === null && holder.placeId === at.placeId) {
    await seatDevice(tx, holder.deviceId, at);
    await describe(tx, holder.deviceId, wanted.device);
    return;
  }
  throw new NativeRefusal("conflict", { problems: [{ field: `${wanted.field}.serial`, message: "is taken", rejectedValue: serial }] });
}

/** Gives a device what is said of it. True when that is something else than before. */
export async function describe(tx: Transaction, deviceId: number, { serial: _, ...said }: NewDevice): Promise<boolean> {
  const present = await lockDevice(tx, deviceId);
  if (present === null) return false;
  const wanted = { ...present, ...said };
  if (JSON.stringify(wanted) === JSON.stringify(present)) return false;
  await updateDevice(tx, wanted);
  return true;
}

async function seatWithDrawnSerial(tx: Transaction, random: Random, at: Seat, wanted: DeviceWanted): Promise<void> {
  for (let attempt = 1; attempt <= SERIAL_ATTEMPTS_COUNT_MAX; attempt += 1) {
    const serial = String(100_000_000 + random.int(900_000_000));
    if (await insertDevice(tx, at, wholeDevice(wanted, at, serial))) return;
  }
  throw new NativeRefusal("internal", { detail: "No free serial was found." });
}

function wholeDevice({ device, doorName }: DeviceWanted, { side }: Seat, serial: string): WholeDevice {
  const suffix = side === "ENTRY" ? " entry" : " exit";
  const name = `${doorName.slice(0, NAME_LENGTH_MAX - suffix.length)}${suffix}`.toWellFormed();
  return { name, deviceType: "Reader", modelName: "READER_1", description: "", ...device, serial };
}
