import { EVENTS_PER_FRAME_MAX, type EventsFrame, GENERATIONS_PER_HELLO_MAX, type LostRange } from "@postern/contract";
import { EVENT_BYTES_PER_FRAME_MAX } from "../limits.ts";
import type { LogCursor, LogGeneration } from "./log-generation.ts";

/** What the outbox still has, for planning a batch. */
export interface OutboxView {
  /** The oldest first; at least one. */
  readonly generations: readonly LogGeneration[];
  /** What is kept of the events from `from` to `to`, both inclusive, in order, at most `countMax`. */
  readonly read: (from: number, to: number, countMax: number) => readonly KeptEvent[];
}

export interface KeptEvent {
  readonly number: number;
  readonly body: string;
}

/** The next frame of events, but for what the session adds. */
export type EventBatch = Omit<EventsFrame, "session" | "sentAt">;

/**
 * The frame to send from a cursor on, or null when there is nothing after it.
 *
 * A frame holds events of one generation, with the predecessor when it begins one. What is no longer kept is declared lost, up to the first
 * event that is. A generation that this disk does not know is lost as far as the one that follows it says it went.
 */
export function planBatch(view: OutboxView, cursor: LogCursor): EventBatch | null {
  const { generations } = view;
  const lost: LostRange[] = [];
  let index = generations.findIndex(({ generation }) => generation === cursor.generation);
  let from = cursor.from;
  if (index < 0) {
    index = Math.max(
      0,
      generations.findIndex(({ predecessor }) => predecessor?.generation === cursor.generation),
    );
    const last = generations[index]?.predecessor;
    if (last?.generation === cursor.generation && last.last >= cursor.from)
      lost.push({ ...cursor, from: Math.max(cursor.from, 1), to: last.last });
    from = 0;
  }
  for (; index < generations.length; index += 1, from = 0) {
    const generation = generations[index];
    if (generation === undefined) break;
    const wanted = Math.max(from, generation.first);
    if (wanted > generation.last) continue;
    const kept = view.read(wanted, generation.last, EVENTS_PER_FRAME_MAX);
    const first = kept[0]?.number ?? generation.last + 1;
    if (first > wanted) lost.push({ generation: generation.generation, from: wanted, to: first - 1 });
    if (kept.length > 0) return eventsOf(generation, kept, lost);
    if (lost.length >= GENERATIONS_PER_HELLO_MAX) return lossOf(generation, lost);
  }
  const newest = generations.at(-1);
  return lost.length === 0 || newest === undefined ? null : lossOf(newest, lost);
}

/**
 * Where to begin after a welcome: behind the mark of the newest generation the server knows. When it knows none, at the oldest one remembered or
 * the one before it, kept or not: what is not kept is then declared lost, and a server that has it after all takes no notice.
 */
export function cursorAfterWelcome(
  generations: readonly LogGeneration[],
  marks: readonly { readonly generation: number; readonly through: number }[],
): LogCursor {
  const known = new Map(marks.map(({ generation, through }) => [generation, through]));
  for (const { generation } of generations.toReversed()) {
    const through = known.get(generation);
    if (through !== undefined) return { generation, from: through + 1 };
  }
  const oldest = generations[0];
  return { generation: oldest?.predecessor?.generation ?? oldest?.generation ?? 0, from: 0 };
}

function eventsOf({ generation, predecessor, first: begin }: LogGeneration, kept: readonly KeptEvent[], lost: LostRange[]): EventBatch {
  const first = kept[0]?.number ?? begin;
  return {
    generation,
    ...(first === begin ? { predecessor } : {}),
    first,
    events: eventsWithoutHole(kept, first),
    ...(lost.length === 0 ? {} : { lost }),
  };
}

/** A frame that only declares losses: nothing of them is kept, and nothing comes after them. */
function lossOf({ generation, last }: LogGeneration, lost: LostRange[]): EventBatch {
  return { generation, first: last + 1, events: [], lost };
}

/** The beginning of what is kept: as many as a frame has room for, and no number left out. */
function eventsWithoutHole(kept: readonly KeptEvent[], first: number): unknown[] {
  const events: unknown[] = [];
  let bytes = 0;
  for (const { number, body } of kept) {
    bytes += Buffer.byteLength(body) + 1;
    const isFull = events.length > 0 && bytes > EVENT_BYTES_PER_FRAME_MAX;
    if (isFull || number !== first + events.length) break;
    events.push(readEventText(body));
  }
  return events;
}

/** A text that is no JSON any more goes as null: the server appends a stub for it, and the rest of the log goes on. */
function readEventText(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
