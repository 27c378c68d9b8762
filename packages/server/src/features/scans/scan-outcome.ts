import { createHmac } from "node:crypto";
import type { ClueCard, ScanFailReason } from "@postern/contract";
import { cardKey, parseCard } from "@postern/core";
import type { ScanRow } from "./store.ts";

/** What was scanned. */
export type Scanned =
  | { readonly kind: "card"; readonly card: ClueCard; readonly key: string }
  /** `authIds`: those whom the reader knows by it. */
  | { readonly kind: "finger"; readonly template: string; readonly score: number; readonly authIds: readonly number[] };

/** How a scan stands. */
export type ScanOutcome =
  | { readonly kind: "waiting" }
  | { readonly kind: "scanning" }
  | { readonly kind: "completed"; readonly scanned: Scanned }
  | { readonly kind: "failed"; readonly reason: string; readonly score?: number | undefined };

/** What is sealed for a command, opened; null: it cannot be. */
export type OpenScanned = (commandId: number, sealed: Uint8Array) => Uint8Array | null;

export interface OutcomeDeps {
  readonly open: OpenScanned;
  /** Derived from the server's key for marks of scans alone. */
  readonly markKey: Uint8Array;
}

/** How a scan stands, judged by what its device said. */
export function outcomeOf(row: ScanRow, deps: OutcomeDeps): ScanOutcome {
  if (row.state === "waiting") return { kind: "waiting" };
  if (row.state === "sent") return { kind: "scanning" };
  if (row.state !== "done") return { kind: "failed", reason: row.reason ?? row.state, score: row.result?.score };
  const scanned = scannedOf(row, deps.open);
  if (scanned === null) return { kind: "failed", reason: "scan_forgotten" };
  const isOther = row.verifyMark !== null && Buffer.compare(row.verifyMark, markOf(scanned, deps.markKey)) !== 0;
  return isOther ? { kind: "failed", reason: "scan_differs", ...scoreOf(scanned) } : { kind: "completed", scanned };
}

function scoreOf(scanned: Scanned): { readonly score?: number } {
  return scanned.kind === "finger" ? { score: scanned.score } : {};
}

function scannedOf({ commandId, credentialType, result }: ScanRow, open: OpenScanned): Scanned | null {
  if (credentialType === "CARD") {
    if (result?.card === undefined) return null;
    const { cardNumber, formatType, formatData = null } = result.card;
    const card = { cardNumber, formatType, formatData };
    const parsed = parseCard(card);
    return parsed.kind === "card" ? { kind: "card", card, key: cardKey(parsed.card) } : null;
  }
  const { finger, score } = result ?? {};
  const template = finger && open(commandId, Buffer.from(finger.sealed, "base64"));
  if (template === undefined || template === null || score === undefined) return null;
  return { kind: "finger", template: Buffer.from(template).toString(), score, authIds: finger?.authIds ?? [] };
}

/** Tells whether two scans are of the same card or finger, and nothing about either to whoever reads the database. */
export function markOf(scanned: Scanned, markKey: Uint8Array): Uint8Array {
  const what = scanned.kind === "card" ? `card\n${scanned.key}` : `finger\n${scanned.template}`;
  return createHmac("sha256", markKey).update(what).digest();
}

/** CLUe's word for why a scan came to nothing (CLUe §1.6). */
export function failReasonOf(reason: string): ScanFailReason {
  return FAIL_REASONS[reason] ?? "UNKNOWN";
}

const FAIL_REASONS: Readonly<Record<string, ScanFailReason>> = {
  finger_low_quality: "LOW_QUALITY",
  card_not_presented: "TIMEOUT",
  finger_not_presented: "TIMEOUT",
  command_too_late: "TIMEOUT",
  scan_differs: "VERIFY_FAIL",
  learning_replaced: "PAST_REQUEST",
  learning_cancelled: "CANCELLED",
  lockdown: "CANCELLED",
  device_released: "CANCELLED",
  door_deleted: "CANCELLED",
  controller_deleted: "CANCELLED",
  device_unknown: "ARGUMENT_ERROR",
  command_unknown: "ARGUMENT_ERROR",
};
