/** The words for `vendorReason`: why an answer was a no, or why there was none. One that is not known here stands as it is. */
const WORDS: ReadonlyMap<unknown, string> = new Map([
  ["nothing_agreed", "nothing was agreed on that would let somebody in"],
  ["status_not_listed", "its status is none of those that let somebody in"],
  ["result_missing", "its answer does not hold what was agreed on"],
  ["result_of_other_type", "what was agreed on is of another type in its answer"],
  ["result_differs", "what was agreed on has another value in its answer"],
  ["timeout", "it did not answer in time"],
  ["unreachable", "it could not be reached"],
  ["tls", "its certificate or its encryption could not be trusted"],
  ["redirected", "it answered with another address, and nobody is asked there"],
  ["too_large", "its answer was too large"],
  ["not_json", "its answer was no JSON"],
  ["wrong_type", "its answer was not application/json"],
  ["address_refused", "its name leads to an address that may not be called"],
  ["breaker_open", "it is left alone for a while, because it had not answered before"],
  ["busy", "too many questions waited for it"],
  ["no_api", "no API of the customer's is chosen for this credential"],
  ["no_device", "the question is to name the device, which is not known"],
  ["no_person", "the question is to name the person, and nobody is known"],
  ["nothing_presented", "the question is to tell what was presented, and the reader does not"],
  ["secret_unreadable", "what it is asked with could not be unsealed"],
  ["link_down", "the door had no link to the server"],
  ["link_lost", "the door's link ended while it waited"],
  ["stopping", "the door's controller stopped while it waited"],
  ["door_unknown", "the server knows no such door of this controller"],
  ["error", "something went wrong on our side"],
]);

/** The trace of an answer of the customer's own server, as the event's detail has it, in sentences; none: it was not asked. */
export function vendorTexts(detail: Readonly<Record<string, unknown>>): string[] {
  const { vendorApiId, vendorStatus, vendorMs, vendorTries, vendorReason, vendorVerdict } = detail;
  const isTraced = [vendorApiId, vendorStatus, vendorMs, vendorReason, vendorVerdict].some((value) => value !== undefined);
  if (!isTraced) return [];
  const api = typeof vendorApiId === "number" ? ` (API ${vendorApiId})` : "";
  const answered =
    typeof vendorStatus === "number" ? `answered ${vendorStatus}` : vendorReason === undefined ? "was asked" : "gave no answer";
  const took = typeof vendorMs === "number" ? ` after ${vendorMs} ms` : "";
  const tries = typeof vendorTries === "number" && vendorTries > 1 ? ` and ${vendorTries} tries` : "";
  const why = typeof vendorReason === "string" ? `: ${WORDS.get(vendorReason) ?? vendorReason}` : "";
  const texts = [`The customer's server${api} ${answered}${took}${tries}${vendorReason === "as_agreed" ? ", as agreed" : why}.`];
  if (vendorVerdict === "confirmed") texts.push("It let this person in, and the door did not.");
  return texts;
}
