import { readUniquePin } from "./read-credentials.ts";
import { members } from "./readers.ts";
import { type Read, Spot } from "./spot.ts";

/** The body of our own question whether a unique PIN is free: `{uniquePin}`, a text or a number. */
export function readUniquePinBody(body: unknown): Read<string> {
  const spot = Spot.root();
  const uniquePin = members(body, spot)?.required("uniquePin", readUniquePin);
  return uniquePin === undefined ? { ok: false, problems: spot.problems } : { ok: true, value: uniquePin };
}
