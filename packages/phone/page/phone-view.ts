/** What the server says of a QR. */
export interface PhoneQr {
  readonly validFrom: number;
  /** Exclusive. */
  readonly validTo: number;
  /** The mark of the key it is bound to; null: none yet. */
  readonly boundTo: string | null;
}

/** What a call to the server came to. `away`: it could not be asked, which says nothing of the QR. */
export type Heard =
  | { readonly kind: "qr"; readonly qr: PhoneQr; readonly serverMs: number }
  | { readonly kind: "gone" }
  | { readonly kind: "away" };

/** What this browser keeps of a QR that is its own. */
export interface KeptQr {
  readonly mark: string;
  readonly validFrom: number;
  readonly validTo: number;
  /** The server no longer knows it. */
  readonly isWithdrawn: boolean;
}

/** What the page shows. */
export type PhoneView =
  /** The link has no id, or nobody knows it. */
  | { readonly kind: "wrong_link" }
  | { readonly kind: "withdrawn" }
  | { readonly kind: "other_phone" }
  | { readonly kind: "ended"; readonly atMs: number }
  | { readonly kind: "not_yet"; readonly fromMs: number }
  /** One tap away from being this phone's. */
  | { readonly kind: "tap"; readonly toMs: number }
  /** Never opened here, and the server cannot be asked. */
  | { readonly kind: "away" }
  | { readonly kind: "live"; readonly toMs: number };

export interface ViewFacts {
  readonly kept: KeptQr | null;
  readonly heard: Heard;
  readonly nowMs: number;
}

/** The server's word counts before what is kept; while it is away this phone goes on with what it knows, as the doors do. */
export function phoneView({ kept, heard, nowMs }: ViewFacts): PhoneView {
  switch (heard.kind) {
    case "gone":
      return kept === null ? { kind: "wrong_link" } : { kind: "withdrawn" };
    case "away":
      if (kept === null) return { kind: "away" };
      return kept.isWithdrawn ? { kind: "withdrawn" } : viewOfPeriod(kept, nowMs);
    default:
      return viewOfHeard(kept, heard.qr, nowMs);
  }
}

function viewOfHeard(kept: KeptQr | null, qr: PhoneQr, nowMs: number): PhoneView {
  if (nowMs >= qr.validTo) return { kind: "ended", atMs: qr.validTo };
  // A key that was made here and never reached the server may still do so.
  if (qr.boundTo === null) return { kind: "tap", toMs: qr.validTo };
  return kept?.mark === qr.boundTo ? viewOfPeriod(qr, nowMs) : { kind: "other_phone" };
}

function viewOfPeriod({ validFrom, validTo }: Pick<PhoneQr, "validFrom" | "validTo">, nowMs: number): PhoneView {
  if (nowMs >= validTo) return { kind: "ended", atMs: validTo };
  return nowMs < validFrom ? { kind: "not_yet", fromMs: validFrom } : { kind: "live", toMs: validTo };
}
