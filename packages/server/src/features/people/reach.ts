import type { Actor } from "../../platform/access/actor.ts";

/**
 * Whose people somebody may see: a key of the whole group sees all of the group, with rights or without; a key of some places those who have, or had, a
 * right there.
 */
export type Reach = Pick<Actor, "placeGroupId" | "placeIds">;
