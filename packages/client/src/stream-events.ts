import { type EventChoice, type FollowedEvent, NATIVE_OPERATIONS } from "@postern/contract";
import { pause, type Timer } from "@postern/core";
import { EventSourceParserStream } from "eventsource-parser/stream";
import { STREAM_EVENT_LENGTH_MAX, STREAM_SILENT_MS_MAX } from "./limits.ts";
import { PosternError } from "./postern-error.ts";
import { backOffMs, type RetryPorts } from "./retry.ts";
import { refusalOf, urlOf, type Wire, wasSent } from "./send-once.ts";

export interface StreamOptions {
  /** Left out: every place within the key's reach. */
  readonly placeIds?: readonly number[] | undefined;
  /** The cursor that came with the last event which was dealt with, `beginning`, or `now`, which it is when left out. */
  readonly after?: string | undefined;
  readonly choice?: EventChoice | undefined;
  /** Ends the stream, without an error. */
  readonly signal?: AbortSignal | undefined;
  /** Told of each failure after which it is tried again. */
  readonly onAway?: ((error: PosternError) => void) | undefined;
}

export interface StreamedEvent {
  readonly event: FollowedEvent;
  /** Over all places of the stream: where to go on. */
  readonly cursor: string;
}

/**
 * Events of many places as they are appended, each once. Whatever cuts the stream, it is connected anew from the last cursor for as long as it takes; what
 * the server refuses for good is thrown.
 */
export async function* streamEvents(
  wire: Wire,
  ports: RetryPorts,
  { placeIds, after, choice, signal, onAway }: StreamOptions,
): AsyncGenerator<StreamedEvent, void, undefined> {
  const place: Place = { cursor: null };
  let failedCount = 0;
  const isOver = (): boolean => signal?.aborted === true;
  while (!isOver()) {
    try {
      const query = { ...choice, ...(placeIds === undefined ? {} : { placeIds }), ...(after === undefined ? {} : { after }) };
      for await (const event of connectOnce(wire, { query, place, signal })) {
        failedCount = 0;
        yield event;
      }
    } catch (error) {
      if (isOver()) return;
      if (!(error instanceof PosternError) || (error.class !== "transient" && error.class !== "ambiguous")) throw error;
      onAway?.(error);
      failedCount += 1;
      await pause(ports.timers, "a stream again", Math.max(backOffMs(failedCount, ports.random), (error.retryAfterS ?? 0) * 1_000), signal);
    }
  }
}

interface Place {
  cursor: string | null;
}

interface Connecting {
  readonly query: Readonly<Record<string, unknown>>;
  readonly place: Place;
  readonly signal: AbortSignal | undefined;
}

async function* connectOnce(wire: Wire, { query, place, signal }: Connecting): AsyncGenerator<StreamedEvent, void, undefined> {
  const silent = new SilenceWatch(wire);
  try {
    const response = await open(wire, {
      query,
      place,
      signal: signal === undefined ? silent.signal : AbortSignal.any([signal, silent.signal]),
    });
    if (!response.ok) throw await refusalOf(response);
    if (response.body === null) return;
    const parser = new EventSourceParserStream({
      maxBufferSize: STREAM_EVENT_LENGTH_MAX,
      // The first one says where `now` is. Later ones count when their event is taken: what is parsed and not taken is lost in a cut.
      onId: (id) => {
        place.cursor ??= id;
      },
    });
    const heard = new TransformStream<Uint8Array, Uint8Array>({
      transform: (chunk, controller) => {
        silent.heard();
        controller.enqueue(chunk);
      },
    });
    for await (const { id, data } of response.body.pipeThrough(heard).pipeThrough(decoder()).pipeThrough(parser)) {
      if (id === undefined) continue;
      place.cursor = id;
      // biome-ignore lint/nursery/noUnsafeTypeAssertion: the contract says what a stream's data is.
      yield { event: JSON.parse(data) as FollowedEvent, cursor: id };
    }
  } catch (cause) {
    if (cause instanceof PosternError) throw cause;
    throw new PosternError("server_away", {
      class: wasSent(cause) ? "ambiguous" : "transient",
      text: `The stream from ${wire.baseUrl} was cut.`,
      cause,
    });
  } finally {
    silent.end();
  }
}

/** Typed for bytes as a response has them. */
function decoder(): TransformStream<Uint8Array, string> {
  const words = new TextDecoder();
  return new TransformStream({ transform: (chunk, controller) => controller.enqueue(words.decode(chunk, { stream: true })) });
}

function open(wire: Wire, { query, place, signal }: Connecting): Promise<Response> {
  const headers: Record<string, string> = { accept: "text/event-stream" };
  if (wire.key !== null) headers["authorization"] = `Bearer ${wire.key}`;
  if (place.cursor !== null) headers["last-event-id"] = place.cursor;
  const url = urlOf(wire.baseUrl, NATIVE_OPERATIONS.streamEvents, { query });
  return wire.fetch(url, { headers, redirect: "manual", ...(signal === undefined ? {} : { signal }) });
}

/** Ends a connection on which nothing comes any more. */
class SilenceWatch {
  readonly #wire: Wire;
  readonly #over = new AbortController();
  #timer: Timer;

  constructor(wire: Wire) {
    this.#wire = wire;
    this.#timer = this.#watch();
  }

  get signal(): AbortSignal {
    return this.#over.signal;
  }

  heard(): void {
    this.#timer.cancel();
    this.#timer = this.#watch();
  }

  end(): void {
    this.#timer.cancel();
    this.#over.abort();
  }

  #watch(): Timer {
    return this.#wire.timers.after("a silent stream", STREAM_SILENT_MS_MAX, () => this.#over.abort());
  }
}
