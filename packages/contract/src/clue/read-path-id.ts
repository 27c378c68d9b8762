import { readId } from "./read-create-auth.ts";
import { type Read, Spot } from "./spot.ts";

/** An id in a path, such as `:placeId`; `name` is what a refusal calls it. */
export function readPathId(name: string, value: unknown): Read<number> {
  const spot = Spot.root();
  const id = readId(value, spot.member(name));
  return id === undefined ? { ok: false, problems: spot.problems } : { ok: true, value: id };
}
