import { assert, type Chain, type Factor } from "@postern/core";
import { type EventType, isEventType } from "./event-catalogue.ts";

const FAIL_EVENT: Readonly<Record<Factor, EventType>> = {
  CARD: "DEV_CARD_AUTH_FAIL",
  CODE: "DEV_CODE_AUTH_FAIL",
  FACE: "DEV_FACE_AUTH_FAIL",
  FINGERPRINT: "DEV_FINGERPRINT_AUTH_FAIL",
  PIN: "DEV_PIN_AUTH_FAIL",
  QR: "DEV_QR_AUTH_FAIL",
  UNIQUE_PIN: "DEV_UNIQUE_PIN_AUTH_FAIL",
  MOBILE: "DEV_MOBILE_CARD_AUTH_FAIL",
};

/**
 * The event for presented credentials, `chain` being their factors in the order in which they were presented (at least one).
 *
 * `fail`: the last factor is the one that was refused, or that was wanted and did not come; it alone gives the name.
 *
 * `success`: all were proven. CLUe names 24 combinations (CLUe §2.1). For the others the event is that of the longest beginning of the
 * chain that has a name, so that it never claims a factor or an order that was not: a face, then a card is `DEV_FACE_AUTH_SUCCESS`. The
 * whole chain belongs into the event's detail. A card on a phone counts as a card. A PIN that stands first has identified its holder
 * alone and counts as a unique PIN.
 */
export function authEventType(chain: Chain, outcome: "success" | "fail"): EventType {
  const last = chain.at(-1);
  assert(last !== undefined, "an authentication presents at least one factor");
  if (outcome === "fail") return FAIL_EVENT[last];
  const words = chain.map(successWord);
  for (let length = words.length; length > 0; length -= 1) {
    const name = `DEV_${words.slice(0, length).join("_THEN_")}_AUTH_SUCCESS`;
    if (isEventType(name)) return name;
  }
  assert(false, "every factor has a success event of its own");
}

function successWord(factor: Factor, position: number): string {
  if (factor === "MOBILE") return "CARD";
  return factor === "PIN" && position === 0 ? "UNIQUE_PIN" : factor;
}
