import type { DoorMode, Factor } from "@postern/core";
import type { DoorPart, Outcome } from "./drivers/driver.ts";
import type { UplinkKind } from "./uplink/uplink-table.ts";

/** What a running controller says of itself. Holds no name, card or key. */
export interface ControllerState {
  readonly serial: string;
  readonly controllerId: number;
  readonly placeId: number;
  readonly doors: readonly DoorReport[];
  readonly uplink: UplinkKind;
  readonly roster: RosterReport;
  readonly log: { readonly generation: number; readonly last: number };
  /** How long ago the server was last heard; null when never. */
  readonly beliefAgeMs: number | null;
  /** The controller's time; null when it has none it can trust. */
  readonly nowMs: number | null;
}

export interface DoorReport {
  readonly doorId: number;
  /** Null until the roster has brought the door's settings. */
  readonly name: string | null;
  readonly entryDeviceId: number;
  readonly exitDeviceId: number | null;
  readonly relay: "on" | "off";
  /** Null until the sensor has said something. */
  readonly sensor: "open" | "closed" | null;
  readonly isFireSignalled: boolean;
  readonly mode: DoorMode;
  /** Alarms that go on. */
  readonly alarms: readonly ("held_open" | "forced_open")[];
  readonly tamperedDeviceIds: readonly number[];
  /** What of the hardware does not work. */
  readonly faults: readonly DoorPart[];
  /** People are refused, because the server has not been heard for longer than the door allows. */
  readonly isBeliefTooOld: boolean;
  /** Devices that wait for another factor. */
  readonly waits: readonly { readonly deviceId: number; readonly wanted: readonly Factor[] }[];
  /** Devices where somebody waits for the customer's own server. */
  readonly askingDeviceIds: readonly number[];
  /** Devices whose next card is learnt and not judged. */
  readonly learningDeviceIds: readonly number[];
  /** When the first person of this window was let in, null while nobody has been; null for a door that waits for none. */
  readonly firstPersonIn: { readonly atMs: number | null } | null;
  readonly lastDecision: ({ readonly atMs: number } & Outcome) | null;
}

export interface RosterReport {
  /** The epoch of the server data it was filled from; null before the first fill is complete. */
  readonly epoch: string | null;
  readonly urgentTo: number;
  readonly completeTo: number;
  /** Computed from the contents held. */
  readonly digest: string;
  readonly itemCount: number;
  readonly failureCount: number;
}
