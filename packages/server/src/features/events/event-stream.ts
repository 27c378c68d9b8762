import { type Log, pause, type Timers } from "@postern/core";
import type { EventChoice } from "../../following/event-choice.ts";
import type { FollowedPlace } from "../../following/follow-store.ts";
import type { PlaceTails } from "../../following/place-tails.ts";
import * as limits from "./limits.ts";
import { encodeStreamCursor } from "./stream-cursor.ts";
import type { StreamOutput } from "./stream-output.ts";

export interface EventStreamDeps {
  readonly tails: PlaceTails;
  readonly timers: Timers;
  readonly log: Log;
}

export interface EventStreamOf {
  readonly places: readonly FollowedPlace[];
  /** How far each place is. */
  readonly position: Map<number, number>;
  readonly choice: EventChoice;
}

/**
 * Writes the events of some places as server-sent events, each with a cursor over all of them, until the signal is aborted or nobody reads. The
 * places go on side by side: what one of them has waits for no other.
 */
export async function writeEventStream(deps: EventStreamDeps, of: EventStreamOf, { output, signal }: Ending): Promise<void> {
  const over = AbortSignal.any([signal, output.gone]);
  const written: Written = { cursor: encodeStreamCursor(of.position) };
  // An id without data: who is cut off before the first event goes on where it began.
  output.write(`retry: ${limits.STREAM_RECONNECT_MS}\nid: ${written.cursor}\n\n`);
  const writing = { deps, of, output, over, written };
  await Promise.all([beat(writing), ...of.places.map((place) => writePlace(writing, place))]);
  output.end();
}

interface Ending {
  readonly output: StreamOutput;
  readonly signal: AbortSignal;
}

interface Written {
  /** The last one that was sent. */
  cursor: string;
}

interface Writing {
  readonly deps: EventStreamDeps;
  readonly of: EventStreamOf;
  readonly output: StreamOutput;
  readonly over: AbortSignal;
  readonly written: Written;
}

async function writePlace({ deps, of, output, over, written }: Writing, place: FollowedPlace): Promise<void> {
  const { placeId } = place;
  using reader = deps.tails.open(place);
  while (!over.aborted) {
    const asked = { choice: of.choice, countMax: limits.STREAM_EVENTS_COUNT, waitMs: limits.STREAM_HEARTBEAT_MS, signal: over };
    const ahead = await reader.next({ ...asked, after: of.position.get(placeId) ?? 0 }).catch((cause: unknown) => {
      deps.log.debug("events.stream_unread", { placeId, cause });
      return null;
    });
    if (ahead === null) {
      await pause(deps.timers, "stream again", limits.STREAM_DATABASE_AWAY_MS, over);
      continue;
    }
    for (const entry of ahead.entries) {
      await output.room();
      if (over.aborted) return;
      of.position.set(placeId, entry.sequence);
      written.cursor = encodeStreamCursor(of.position);
      output.write(`id: ${written.cursor}\ndata: ${entry.json}\n\n`);
    }
    of.position.set(placeId, ahead.through);
  }
}

/** Keeps the way open, and tells how far was looked where nothing that was asked for happens. */
async function beat({ deps, of, output, over, written }: Writing): Promise<void> {
  for (;;) {
    await pause(deps.timers, "stream heartbeat", limits.STREAM_HEARTBEAT_MS, over);
    if (over.aborted) return;
    if (output.isFull) continue;
    const cursor = encodeStreamCursor(of.position);
    output.write(cursor === written.cursor ? ":\n\n" : `:\nid: ${cursor}\n\n`);
    written.cursor = cursor;
  }
}
