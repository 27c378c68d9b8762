import { type Static, Type } from "typebox";

/** A device as CLUe shows it inside a door (CLUe §1.5). */
export const DeviceItem = Type.Object(
  {
    deviceId: Type.Integer(),
    deviceType: Type.String(),
    deviceModelName: Type.String(),
    deviceName: Type.String(),
    deviceDescription: Type.Optional(Type.String()),
    deviceSerial: Type.String(),
    deviceOrderType: Type.Optional(Type.Union([Type.Literal("ENTRY"), Type.Literal("EXIT")])),
    deviceRS485Type: Type.Union([Type.Literal("MASTER"), Type.Literal("SLAVE")]),
    masterDeviceName: Type.Optional(Type.String()),
    masterDeviceId: Type.Optional(Type.Integer()),
    placeId: Type.Integer(),
    doorId: Type.Optional(Type.Integer()),
    timeZone: Type.String(),
    gmtOffsetSeconds: Type.Integer(),
    firstConnectedAt: Type.Optional(Type.Integer()),
    network: Type.Optional(Type.Object({ useDHCP: Type.Boolean(), cloudServer: Type.String() })),
    connectivity: Type.Object({ connected: Type.Boolean() }),
    allowCredentials: Type.Array(Type.String()),
    allowOpenDeviceByQrCodeWhenDeviceIncident: Type.Boolean(),
    lastSyncedDeviceLocalTimeAt: Type.Optional(Type.Integer()),
  },
  { additionalProperties: false },
);
export type DeviceItem = Static<typeof DeviceItem>;

export interface DeviceView {
  readonly deviceId: number;
  readonly deviceType: string;
  readonly modelName: string;
  readonly name: string;
  readonly description: string | null;
  readonly serial: string;
  /** null: a module without a side, such as a secure relay. */
  readonly side: "ENTRY" | "EXIT" | null;
  /** The device that this one hangs behind on RS-485, or null. */
  readonly master: { readonly deviceId: number; readonly name: string } | null;
  readonly placeId: number;
  readonly doorId: number | null;
  readonly timeZone: string;
  readonly gmtOffsetSeconds: number;
  readonly firstConnectedMs: number | null;
  readonly network: { readonly useDHCP: boolean; readonly cloudServer: string } | null;
  readonly isConnected: boolean;
  /** Credential types that the device takes, such as `CARD`. */
  readonly allowCredentials: readonly string[];
  readonly lastSyncedMs: number | null;
}

export function writeDevice(view: DeviceView): DeviceItem {
  return {
    deviceId: view.deviceId,
    deviceType: view.deviceType,
    deviceModelName: view.modelName,
    deviceName: view.name,
    ...(view.description === null ? {} : { deviceDescription: view.description }),
    deviceSerial: view.serial,
    ...(view.side === null ? {} : { deviceOrderType: view.side }),
    deviceRS485Type: view.master === null ? "MASTER" : "SLAVE",
    ...(view.master === null ? {} : { masterDeviceName: view.master.name, masterDeviceId: view.master.deviceId }),
    placeId: view.placeId,
    ...(view.doorId === null ? {} : { doorId: view.doorId }),
    timeZone: view.timeZone,
    gmtOffsetSeconds: view.gmtOffsetSeconds,
    ...(view.firstConnectedMs === null ? {} : { firstConnectedAt: view.firstConnectedMs }),
    ...(view.network === null ? {} : { network: { ...view.network } }),
    connectivity: { connected: view.isConnected },
    allowCredentials: [...view.allowCredentials],
    // A QR code never opens by itself here while something is wrong: deny is the fall-through.
    allowOpenDeviceByQrCodeWhenDeviceIncident: false,
    ...(view.lastSyncedMs === null ? {} : { lastSyncedDeviceLocalTimeAt: view.lastSyncedMs }),
  };
}
