import { DEVICE_VERSION_LEAVES_OUT, type Device, type DeviceChange } from "@postern/contract";
import type { Clock } from "@postern/core";
import type { ReachedPlace } from "../../platform/access/actor.ts";
import { type AuditActor, writeAudit } from "../../platform/audit/audit-store.ts";
import type { Database } from "../../platform/database.ts";
import { pageOfRows } from "../../platform/operations/page-cursor.ts";
import { hidden } from "../../platform/operations/serve-operations.ts";
import { refuseStale } from "../../platform/operations/version-tag.ts";
import { findDevice, listDevices, lockDevice, type SearchedPage, updateDevice } from "./native-store.ts";

export interface DevicesDeps {
  readonly database: Database;
  readonly clock: Clock;
}

export interface ExistingDevice {
  readonly place: ReachedPlace;
  readonly by: AuditActor;
  readonly deviceId: number;
  readonly ifMatch: string | null;
}

export interface DevicesService {
  /** The place of a device, or null when there is no such device. */
  placeOf(deviceId: number): Promise<number | null>;
  list(placeId: number, page: SearchedPage): Promise<{ readonly items: readonly Device[]; readonly next?: string }>;
  /** Fails as `not_found` when it is gone meanwhile; `change` too. */
  read(deviceId: number): Promise<Device>;
  /** What a device is called is nothing that doors decide by: they are told nothing. */
  change(existing: ExistingDevice, body: DeviceChange): Promise<Device>;
}

export function devicesService(deps: DevicesDeps): DevicesService {
  return {
    async placeOf(deviceId) {
      return (await findDevice(deps.database, deviceId))?.placeId ?? null;
    },
    async list(placeId, page) {
      const rows = await listDevices(deps.database, placeId, page);
      return pageOfRows(rows, page, { idOf: (row) => row.deviceId, item: (row) => row });
    },
    async read(deviceId) {
      const device = await findDevice(deps.database, deviceId);
      if (device === null) throw hidden("deviceId");
      return device;
    },
    change: (existing, body) => change(deps, existing, body),
  };
}

const CHANGEABLE = ["name", "description", "deviceType", "modelName"] as const;

async function change({ database, clock }: DevicesDeps, existing: ExistingDevice, body: DeviceChange): Promise<Device> {
  const { place, by, deviceId, ifMatch } = existing;
  const { placeId, placeGroupId } = place;
  return database.transaction(async (tx) => {
    const present = await lockDevice(tx, deviceId);
    if (present === null) throw hidden("deviceId");
    refuseStale(ifMatch, present, DEVICE_VERSION_LEAVES_OUT);
    const changed = CHANGEABLE.filter((name) => body[name] !== undefined && body[name] !== present[name]);
    if (changed.length === 0) return present;
    const wanted = { ...present, ...Object.fromEntries(changed.map((name) => [name, body[name]])) };
    await updateDevice(tx, wanted);
    const target = { kind: "device", id: deviceId };
    await writeAudit(tx, { by, placeGroupId, placeId, atMs: clock.nowMs(), action: "device.change", target, detail: { changed } });
    return wanted;
  });
}
