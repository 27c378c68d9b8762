import { ClueError, type NATIVE_OPERATIONS, type Read, STREAM_PLACES_COUNT_MAX } from "@postern/contract";
import { pause } from "@postern/core";
import type { Static } from "typebox";
import { readEventChoice } from "../../following/event-choice.ts";
import { type FollowedPlace, headsOf } from "../../following/follow-store.ts";
import type { Access, Actor } from "../../platform/access/actor.ts";
import type { Database } from "../../platform/database.ts";
import { accepted } from "../../platform/http/accepted.ts";
import { NativeRefusal } from "../../platform/http/native-refusal.ts";
import type { SentAsItComes } from "../../platform/operations/operation-request.ts";
import { type EventStreamDeps, writeEventStream } from "./event-stream.ts";
import * as limits from "./limits.ts";
import { decodeStreamCursor, type StreamPosition } from "./stream-cursor.ts";
import { StreamOutput } from "./stream-output.ts";

export interface EventStreamsDeps extends EventStreamDeps {
  readonly database: Database;
  readonly access: Access;
  /** In place of `STREAM_MS_MAX`: for tests. */
  readonly streamMsMax?: number | undefined;
}

/** What may stand in the query of `streamEvents`. */
export type StreamParameters = Static<(typeof NATIVE_OPERATIONS)["streamEvents"]["query"]>;

export interface StreamAsked {
  readonly query: StreamParameters;
  readonly lastEventId: string | null;
  readonly signal: AbortSignal;
}

type Start = StreamPosition | "now" | "beginning";

/** The streams of one process, so many for each key. */
export class EventStreams {
  readonly #deps: EventStreamsDeps;
  readonly #byKey = new Map<string, number>();
  #count = 0;

  constructor(deps: EventStreamsDeps) {
    this.#deps = deps;
  }

  get count(): number {
    return this.#count;
  }

  async open(actor: Actor, { query, lastEventId, signal }: StreamAsked): Promise<SentAsItComes> {
    const choice = accepted(readEventChoice(query));
    const start = accepted(readStart(lastEventId ?? query.after));
    const places = await this.#places(actor, query.placeIds);
    const position = await this.#position(places, start);
    this.#enter(actor.keyId);
    const output = new StreamOutput(this.#deps.timers);
    const ended = new AbortController();
    const over = AbortSignal.any([signal, ended.signal]);
    void pause(this.#deps.timers, "stream end", this.#deps.streamMsMax ?? limits.STREAM_MS_MAX, over).then(() => ended.abort());
    const writing = writeEventStream(this.#deps, { places, position, choice }, { output, signal: over });
    void writing
      .catch((cause: unknown) => {
        this.#deps.log.error("events.stream_broken", { cause });
        output.body.destroy();
      })
      .finally(() => {
        ended.abort();
        this.#leave(actor.keyId);
      });
    return { body: output.body };
  }

  async #places(actor: Actor, placeIds: readonly number[] | undefined): Promise<readonly FollowedPlace[]> {
    const { access } = this.#deps;
    if (placeIds !== undefined) return Promise.all(placeIds.map((placeId) => access.place(actor, "events", placeId)));
    const places = await access.places(actor);
    if (places.length <= STREAM_PLACES_COUNT_MAX) return places;
    throw new NativeRefusal("argument_invalid", {
      problems: [
        { field: "placeIds", message: `must name at most ${STREAM_PLACES_COUNT_MAX} of the ${places.length} places within reach` },
      ],
    });
  }

  async #position(places: readonly FollowedPlace[], start: Start): Promise<Map<number, number>> {
    if (start === "beginning") return new Map(places.map(({ placeId }) => [placeId, 0]));
    const heads = await headsOf(
      this.#deps.database,
      places.map(({ placeId }) => placeId),
    );
    return new Map(
      places.map(({ placeId }) => {
        const head = heads.get(placeId) ?? 0;
        if (start === "now") return [placeId, head];
        const sequence = start.get(placeId) ?? 0;
        if (sequence > head) throw new ClueError("e1005", { details: [{ field: "after", message: "is beyond the end of a ledger" }] });
        return [placeId, sequence];
      }),
    );
  }

  #enter(keyId: string): void {
    const ofKey = this.#byKey.get(keyId) ?? 0;
    if (ofKey >= limits.STREAMS_PER_KEY_MAX)
      throw new NativeRefusal("too_many_requests", {
        detail: `A key has at most ${limits.STREAMS_PER_KEY_MAX} streams at a time.`,
        retryAfterS: limits.STREAM_RETRY_S,
      });
    if (this.#count >= limits.STREAMS_COUNT_MAX)
      throw new NativeRefusal("too_many_requests", { status: 503, detail: "Too many streams.", retryAfterS: limits.STREAM_RETRY_S });
    this.#byKey.set(keyId, ofKey + 1);
    this.#count += 1;
  }

  #leave(keyId: string): void {
    const ofKey = this.#byKey.get(keyId) ?? 0;
    if (ofKey > 1) this.#byKey.set(keyId, ofKey - 1);
    else this.#byKey.delete(keyId);
    this.#count -= 1;
  }
}

function readStart(text: string | undefined): Read<Start> {
  if (text === undefined || text === "" || text === "now") return { ok: true, value: "now" };
  if (text === "beginning") return { ok: true, value: "beginning" };
  const position = decodeStreamCursor(text);
  return position === null
    ? { ok: false, problems: [{ field: "after", message: "is no cursor of a stream" }] }
    : { ok: true, value: position };
}
