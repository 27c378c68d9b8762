import { ClueError } from "@postern/contract";
import type { Clock } from "@postern/core";
import type { Queryable } from "../database.ts";
import { ExpiringMap } from "../expiring-map.ts";
import { findPlace, listPlaces } from "./access-store.ts";
import type { Access, Actor, ReachedPlace, Scope } from "./actor.ts";
import { requireScope } from "./require-scope.ts";

export interface AccessDeps {
  readonly database: Queryable;
  readonly clock: Clock;
}

/** A busy client asks for the same place hundreds of times a second; a change of its name or zone is seen after this at the latest. */
const PLACE_LIFETIME_MS = 500;

/** Places in use at once. Beyond it the one used longest ago is read again. */
const PLACES_COUNT_MAX = 10_000;

/** The one answer to "may this actor do this to that". Deny is the fall-through: a place is given out by the last line alone. */
export function createAccess({ database, clock }: AccessDeps): Access {
  const places = new ExpiringMap<number, ReachedPlace>(clock, { countMax: PLACES_COUNT_MAX, lifetimeMs: PLACE_LIFETIME_MS });

  async function load(placeId: number): Promise<ReachedPlace | null> {
    const sinceMs = clock.monotonicMs();
    const place = await findPlace(database, placeId);
    // A missing place is not remembered: it can be used the moment it is made.
    if (place !== null) places.set(placeId, place, sinceMs);
    return place;
  }

  return {
    async place(actor: Actor, scope: Scope | readonly Scope[], placeId: number): Promise<ReachedPlace> {
      if (actor.placeIds !== null && !actor.placeIds.includes(placeId)) throw hidden(placeId);
      const place = places.get(placeId) ?? (await load(placeId));
      if (place === null || place.placeGroupId !== actor.placeGroupId) throw hidden(placeId);
      requireScope(actor, scope);
      return place;
    },
    places: (actor) => listPlaces(database, actor.placeGroupId, actor.placeIds),
  };
}

/** The same for a place that does not exist and for somebody else's (CLUe §7). */
function hidden(placeId: number): ClueError {
  return new ClueError("e1007", { details: [{ field: "placeId", message: "names no place within reach", rejectedValue: placeId }] });
}
