import { ClueError } from "@postern/contract";
import type { Access, Actor, ReachedPlace } from "./actor.ts";

/** The place that a call of v1 means which names none: the key's only one (CLUe §7). A key of several fails with `e1005`. */
export async function onlyPlace(access: Access, actor: Actor): Promise<ReachedPlace> {
  const [only, ...others] = await access.places(actor);
  if (only === undefined) throw new ClueError("e1007", { details: [{ field: "placeId", message: "this key reaches no place" }] });
  if (others.length === 0) return only;
  throw new ClueError("e1005", { details: [{ field: "placeId", message: "is required: this key reaches several places" }] });
}
