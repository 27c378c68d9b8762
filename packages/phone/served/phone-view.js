// Made from packages/phone/page/phone-view.ts by `npm run gen`.
/** What the server says of a QR. */

/** What a call to the server came to. `away`: it could not be asked, which says nothing of the QR. */

/** What this browser keeps of a QR that is its own. */

/** What the page shows. */

/** The server's word counts before what is kept; while it is away this phone goes on with what it knows, as the doors do. */
export function phoneView({ kept, heard, nowMs }           )            {
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

function viewOfHeard(kept               , qr         , nowMs        )            {
  if (nowMs >= qr.validTo) return { kind: "ended", atMs: qr.validTo };
  // A key that was made here and never reached the server may still do so.
  if (qr.boundTo === null) return { kind: "tap", toMs: qr.validTo };
  return kept?.mark === qr.boundTo ? viewOfPeriod(qr, nowMs) : { kind: "other_phone" };
}

function viewOfPeriod({ validFrom, validTo }                                        , nowMs        )            {
  if (nowMs >= validTo) return { kind: "ended", atMs: validTo };
  return nowMs < validFrom ? { kind: "not_yet", fromMs: validFrom } : { kind: "live", toMs: validTo };
}
