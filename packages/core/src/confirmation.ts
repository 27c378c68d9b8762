import { assertNever } from "./assert.ts";
import type { Chain, Factor } from "./factor.ts";
import type { Confirmation, ConfirmedCredential } from "./roster-item.ts";

/**
 * What the customer's server is asked about a known person: the first of the proven factors, in the order in which they were presented,
 * whose credential type the door has mapped. It is asked once for a passage, however many of them are mapped. Null: it is not asked.
 */
export function confirmationOf(proven: Chain, confirmations: readonly Confirmation[]): Confirmation | null {
  for (const factor of proven) {
    const wanted = find(confirmations, credentialOf(factor, "known"));
    if (wanted !== null) return wanted;
  }
  return null;
}

/** What the customer's server is asked when nobody here is known by the presented factor, or null when it could not name the person. */
export function identifyingConfirmationOf(
  presented: Chain,
  confirmations: readonly Confirmation[],
  isQrIssued: boolean,
): Confirmation | null {
  const [factor] = presented;
  // A code of ours says who it is; whether they may come in, where they have no right here, that server knows alone.
  if (factor === "QR" && isQrIssued) return find(confirmations, "qr");
  const wanted = factor === undefined ? null : find(confirmations, credentialOf(factor, "unknown"));
  return wanted?.identifies === true ? wanted : null;
}

function find(confirmations: readonly Confirmation[], credential: ConfirmedCredential | null): Confirmation | null {
  return confirmations.find((confirmation) => confirmation.credential === credential) ?? null;
}

/**
 * The credential type of CLUe that a factor counts as (CLUe §3). A card on a phone is a card. A QR code of a known person is CLUe's, any
 * other is the customer's own. A PIN that follows a user id is no type of CLUe's, so the server is never sent it.
 */
function credentialOf(factor: Factor, holder: "known" | "unknown"): ConfirmedCredential | null {
  switch (factor) {
    case "CARD":
    case "MOBILE":
      return "card";
    case "FACE":
      return "face";
    case "FINGERPRINT":
      return "fingerprint";
    case "UNIQUE_PIN":
      return "unique_pin";
    case "QR":
      return holder === "known" ? "qr" : "customer_qr";
    case "CODE":
    case "PIN":
      return null;
    default:
      return assertNever(factor);
  }
}
