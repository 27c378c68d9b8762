import pLimit from "p-limit";
import { type EventChoice, isChosen } from "./event-choice.ts";
import { eventsAfter, type FollowedPlace } from "./follow-store.ts";
import { FollowedEntry } from "./followed-event.ts";
import { CATCH_UP_READS_MAX } from "./limits.ts";
import { PlaceTail, type TailDeps } from "./place-tail.ts";

export interface AheadAsked {
  /** The sequence after which to go on. */
  readonly after: number;
  readonly countMax: number;
  readonly waitMs: number;
  readonly choice: EventChoice;
  readonly signal: AbortSignal;
}

export interface Ahead {
  readonly entries: readonly FollowedEntry[];
  /** Every chosen event up to here is among them; `after` when there was nothing in time. */
  readonly through: number;
}

/** One follower of one place. */
export interface TailReader extends Disposable {
  /**
   * The chosen events after a sequence, as soon as there is anything to look at, chosen or not. Rejects with the database's failure when that has to be
   * asked, because the follower is behind.
   */
  next(asked: AheadAsked): Promise<Ahead>;
}

/** The places that are followed now: each is read once, whatever the number of its followers. */
export class PlaceTails {
  readonly #deps: TailDeps;
  readonly #tails = new Map<number, PlaceTail>();
  readonly #catchUp = pLimit(CATCH_UP_READS_MAX);

  constructor(deps: TailDeps) {
    this.#deps = deps;
  }

  /** Places that are read now. */
  get placeCount(): number {
    return this.#tails.size;
  }

  open(place: FollowedPlace): TailReader {
    const { placeId } = place;
    const tail = this.#tails.get(placeId) ?? new PlaceTail(this.#deps, place);
    this.#tails.set(placeId, tail);
    tail.enter();
    let isOpen = true;
    return {
      next: (asked) => this.#next(place, tail, asked),
      [Symbol.dispose]: () => {
        if (isOpen && tail.leave()) this.#tails.delete(placeId);
        isOpen = false;
      },
    };
  }

  async #next(place: FollowedPlace, tail: PlaceTail, { after, countMax, waitMs, choice, signal }: AheadAsked): Promise<Ahead> {
    const { clock } = this.#deps;
    const untilMs = clock.monotonicMs() + waitMs;
    for (;;) {
      const near = tail.after(after, countMax);
      if (near !== null) {
        const last = near.at(-1);
        if (last !== undefined) return { entries: near.filter(({ event }) => isChosen(choice, event)), through: last.sequence };
      } else if (tail.hasBegun || waitMs <= 0) {
        const ahead = await this.#catchUp(() => this.#behind(place, { after, countMax, choice }));
        if (ahead.through > after) return ahead;
      }
      const leftMs = untilMs - clock.monotonicMs();
      if (leftMs <= 0 || signal.aborted) return { entries: [], through: after };
      await tail.grown(leftMs, signal);
    }
  }

  async #behind(place: FollowedPlace, { after, countMax, choice }: Pick<AheadAsked, "after" | "countMax" | "choice">): Promise<Ahead> {
    const { events, through } = await eventsAfter(this.#deps.database, place, { sequence: after, countMax, choice });
    return { entries: events.map((event) => new FollowedEntry(place.placeId, event)), through };
  }
}
