import type { ConfirmedCredential } from "@postern/core";

/**
 * What a door asks the customer's own server (CLUe §3). Nothing here is logged: `presented` may be a PIN. The ids of the auth and the user are the
 * controller's word, so whoever looks them up looks within the place.
 */
export interface VendorQuestion {
  readonly placeId: number;
  readonly controllerId: number;
  readonly doorId: number;
  readonly deviceId: number;
  readonly credential: ConfirmedCredential;
  /** The customer's server names the person; nobody here is known by the credential. */
  readonly identify: boolean;
  readonly authId: number | null;
  readonly userId: number | null;
  /** As it was presented: a card's number as CLUe writes it, a typed PIN, a QR code's text. Absent for a face or finger. */
  readonly presented?: string;
  /** What is left of the door's budget. */
  readonly budgetMs: number;
}

export interface VendorVerdict {
  /** `silent`: every failure in which the customer did not answer as agreed. A judged no is `refused`. */
  readonly verdict: "confirmed" | "refused" | "silent";
  /** The trace for the event's detail, flat, without secrets: vendorApiId, vendorStatus, vendorMs, vendorTries, vendorReason, … */
  readonly detail: Readonly<Record<string, string | number | boolean>>;
  /** What the customer's server wants shown on the device. */
  readonly message?: string;
}

/** Asks once. The signal ends when nobody waits for the answer any more: the budget is over, or the controller's session is. */
export type AskVendor = (question: VendorQuestion, signal: AbortSignal) => Promise<VendorVerdict>;

/** Where no customer's server is known. */
export const askNobody: AskVendor = () => Promise.resolve(silentBecause("no_api"));

/** Why a vendor counts as silent: `vendorReason` of the event's detail. */
export function silentBecause(vendorReason: string): VendorVerdict {
  return { verdict: "silent", detail: { vendorReason } };
}
