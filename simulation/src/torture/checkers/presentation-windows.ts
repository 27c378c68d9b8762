import type { ItemKey } from "@postern/core";
import type { PlaceHistory } from "../../checkers/place-history.ts";
import type { Accuse } from "../../checkers/violation.ts";
import type { DoorDisk, LoggedEvent } from "../evidence/evidence.ts";
import type { Presented } from "../people/journal.ts";

/** A grant in a door's log, and the presentations of which it can have come. */
export interface Grant {
  readonly door: DoorDisk;
  readonly doorId: number;
  readonly authId: number;
  readonly logged: LoggedEvent;
  /** Never empty. */
  readonly candidates: readonly Presented[];
}

/**
 * Which presentation each grant in the doors' logs belongs to. At one door they follow each other, so that the first grant of somebody belongs to the
 * first presentation that opened, and so on; of a presentation that nobody answered, as when the door was killed under it, a grant may be there or not.
 * A presentation that opened without a grant in the log, and a grant that nobody presented for, break a promise.
 */
export function grantsOf(doors: readonly DoorDisk[], presented: readonly Presented[], history: PlaceHistory, accuse: Accuse): Grant[] {
  return doors.flatMap((door) =>
    door.doorIds.flatMap((doorId) => {
      const here = presented.filter((each) => each.doorId === doorId);
      const granted = door.events.filter(({ event }) => event.doorId === doorId && event.eventType.endsWith("_AUTH_SUCCESS"));
      const authIds = new Set([
        ...granted.map(({ event }) => event.authId ?? 0),
        ...here.filter(isOpened).map(({ authId }) => authId ?? 0),
      ]);
      return [...authIds].flatMap((authId) => {
        const events = granted.filter(({ event }) => (event.authId ?? 0) === authId);
        const cards = cardsOf(history, authId);
        const possible = here.filter((each) =>
          isOpened(each) ? (each.authId ?? 0) === authId : each.outcome === "unknown" && cards.has(`CSN:${each.card}`),
        );
        return matched({ door, doorId, authId, events, possible }, accuse);
      });
    }),
  );
}

interface Unmatched {
  readonly door: DoorDisk;
  readonly doorId: number;
  readonly authId: number;
  readonly events: readonly LoggedEvent[];
  /** In the order of time. */
  readonly possible: readonly Presented[];
}

function matched({ door, doorId, authId, events, possible }: Unmatched, accuse: Accuse): Grant[] {
  const openedCount = possible.filter(isOpened).length;
  if (openedCount > events.length) {
    accuse(
      "recorded first",
      `door ${doorId} opened ${openedCount} times for auth ${authId}, and ${door.name} has written down ${events.length}`,
    );
    return [];
  }
  if (events.length > possible.length) {
    accuse(
      "passage",
      `${door.name} has let auth ${authId} pass door ${doorId} ${events.length} times, presented at most ${possible.length} times`,
    );
    return [];
  }
  return events.map((logged, index) => ({
    ...{ door, doorId, authId, logged },
    candidates: possible.filter((_, at) => isPossible(possible, { at, index, eventCount: events.length })),
  }));
}

/** Whether the presentation at `at` can be that of the grant `index` when every one that opened belongs to one, in this order. */
function isPossible(possible: readonly Presented[], { at, index, eventCount }: { at: number; index: number; eventCount: number }): boolean {
  const [before, after] = [possible.slice(0, at), possible.slice(at + 1)];
  const grantsAfter = eventCount - 1 - index;
  return (
    before.length >= index &&
    before.filter(isOpened).length <= index &&
    after.length >= grantsAfter &&
    after.filter(isOpened).length <= grantsAfter
  );
}

function isOpened({ outcome }: Presented): boolean {
  return outcome === "opened" || outcome === "unlocked";
}

/** Every card that an auth ever had. */
function cardsOf(history: PlaceHistory, authId: number): ReadonlySet<string> {
  const key: ItemKey = `auth:${authId}`;
  return new Set(history.of(key).flatMap(({ item }) => (item?.kind === "auth" ? item.cards : [])));
}
