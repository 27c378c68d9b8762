import { assert, itemKey } from "@postern/core";
import type { Transaction } from "../../platform/database.ts";
import { DEFAULT_DOOR_SETTINGS, type DoorSettings } from "../../roster/door-settings.ts";
import { doorItem, restingMode } from "../../roster/place-items.ts";
import type { RosterChange } from "../../roster/plan-change.ts";
import { insertDoor, type NewDoor } from "./store.ts";

/** A door as it is asked for; without settings it has those that every door comes with. */
export type DoorWanted = Omit<NewDoor, "settings"> & { readonly settings?: DoorSettings };

/** Writes a new door with its devices. Returns what the place's roster must learn, for the caller's `changeRoster` in the same transaction. */
export async function addDoor(transaction: Transaction, wanted: DoorWanted): Promise<readonly RosterChange[]> {
  const door = { ...wanted, settings: wanted.settings ?? DEFAULT_DOOR_SETTINGS };
  const entry = door.devices.find((device) => device.side === "ENTRY");
  const exit = door.devices.find((device) => device.side === "EXIT");
  assert(entry !== undefined, "a door has an entry device");
  await insertDoor(transaction, door);
  const { doorId, name, settings } = door;
  const items = [
    doorItem({ doorId, name, settings, entryDeviceId: entry.deviceId, exitDeviceId: exit?.deviceId ?? null, confirmed: [] }),
    restingMode(doorId),
  ];
  return items.map((item) => ({ key: itemKey(item), item }));
}
