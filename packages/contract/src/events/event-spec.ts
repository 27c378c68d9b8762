/** The groups of the catalogue; each has a hundred of codes of its own. */
export type EventFamily =
  | "confirmation"
  | "incident"
  | "remote_door"
  | "device_command"
  | "place"
  | "device_state"
  | "door_state"
  | "auth_success"
  | "auth_fail"
  | "qr_refused"
  | "ledger"
  | "controller";

/**
 * Which side writes the event here. `device`: a controller, with its next `localLogId`. `server`: the server, in the transaction of the
 * cause, with `localLogId` 0; a controller that sends one is refused.
 *
 * CLUe's own rule goes by the name (`DEV_` and `DEVICE_` come from the device side, CLUe §2). It and this agree but for two groups: the
 * answers of a customer's server (`VENDOR_*`, `QR_*` and their like), which our controllers write so that they follow their credential's
 * event, and `DEVICE_*`, which are the server's own words about a device.
 */
export type EventOrigin = "device" | "server";

/** One row of a family's table. */
export interface EventRow {
  /** What the ledger stores: a smallint, explicit here, given once and never given again. */
  readonly code: number;
  /** One sentence for a person. */
  readonly meaning: string;
}

export interface EventSpec extends EventRow {
  readonly name: string;
  readonly family: EventFamily;
  readonly origin: EventOrigin;
  /** `ours`: CLUe has no such name, and a client of CLUe cannot expect it. */
  readonly source: "CLUe §2.1" | "ours";
}
