import {
  type CalledOperationId,
  type FollowedEvent,
  NATIVE_OPERATIONS,
  type NativeOperationId,
  type OperationSpec,
} from "@postern/contract";
import { type Random, systemRandom, systemTimers, type Timers } from "@postern/core";
import { type Download, type DownloadOptions, downloadExport } from "./download.ts";
import { type FollowOptions, followPlace } from "./follow-place.ts";
import { ANSWER_MS_MAX, ATTEMPTS_COUNT_MAX, IDEMPOTENCY_KEY_BYTES, RETRY_AFTER_MS_MAX } from "./limits.ts";
import type { AnswerOf, AnyCall, CallArguments, Exchange, ItemOf, PagedId } from "./operation-call.ts";
import { PosternError } from "./postern-error.ts";
import { type RetryPlan, withRetries } from "./retry.ts";
import { sendOnce, type Wire } from "./send-once.ts";
import { type StreamedEvent, type StreamOptions, streamEvents } from "./stream-events.ts";

export interface PosternClientOptions {
  /** Such as `http://127.0.0.1:8080`. */
  readonly baseUrl: string;
  /** An API key, or the operator's; left out for what is public. */
  readonly key?: string | undefined;
  readonly fetch?: typeof fetch;
  readonly timers?: Timers;
  readonly random?: Random;
  /** For one try of one call. */
  readonly timeoutMs?: number;
}

/** Every operation of v2 under its name. */
type Operations = { readonly [Id in CalledOperationId]: (...call: CallArguments<Id>) => Promise<AnswerOf<Id>> };

export interface PosternClient extends Operations {
  /** The same by name: `client.call("readDoor", …)` is `client.readDoor(…)`. */
  call<Id extends CalledOperationId>(id: Id, ...call: CallArguments<Id>): Promise<AnswerOf<Id>>;
  /** The answer with its `etag`, for `ifMatch`. */
  exchange<Id extends CalledOperationId>(id: Id, ...call: CallArguments<Id>): Promise<Exchange<AnswerOf<Id>>>;
  /** Every item of a list, page after page as they are wanted. */
  pages<Id extends PagedId>(id: Id, ...call: CallArguments<Id>): AsyncGenerator<ItemOf<Id>, void, undefined>;
  /** The events of a place from a cursor on, without end: see `FollowOptions`. */
  follow(placeId: number, options?: FollowOptions): AsyncGenerator<FollowedEvent, void, undefined>;
  /** The events of many places as they are appended, without end: see `StreamOptions`. */
  stream(options?: StreamOptions): AsyncGenerator<StreamedEvent, void, undefined>;
  /** The file of an export, or the rest of it. */
  download(exportId: number, options?: DownloadOptions): Promise<Download>;
}

/** Fails with `argument_invalid` when the address or key cannot be one; sends nothing yet. */
export function posternClient(options: PosternClientOptions): PosternClient {
  const wire = wireOf(options);
  const ports = { timers: wire.timers, random: options.random ?? systemRandom };
  const send = (id: NativeOperationId, given: AnyCall = {}, plan: Partial<RetryPlan> = {}): Promise<Exchange<unknown>> => {
    const operation: OperationSpec = NATIVE_OPERATIONS[id];
    const call = operation.isIdempotent === true ? { ...given, idempotencyKey: given.idempotencyKey ?? newKey(ports.random) } : given;
    const isRepeatable = !["POST", "PATCH"].includes(operation.method) || call.idempotencyKey !== undefined;
    const usual = {
      isRepeatable,
      attemptsMax: operation.bodyMedia === undefined ? ATTEMPTS_COUNT_MAX : 1,
      retryAfterMsMax: RETRY_AFTER_MS_MAX,
      signal: call.signal,
    };
    return withRetries(ports, { ...usual, ...plan }, () => sendOnce(wire, operation, call));
  };
  const call = async (id: NativeOperationId, given?: AnyCall): Promise<unknown> => (await send(id, given)).answer;
  const isCalled = (id: NativeOperationId): boolean => !("answerMedia" in NATIVE_OPERATIONS[id]);
  const named = Object.fromEntries(
    operationIds()
      .filter(isCalled)
      .map((id) => [id, (given?: AnyCall) => call(id, given)]),
  );
  const client = {
    ...named,
    call,
    exchange: send,
    pages: (id: PagedId, given?: AnyCall) => itemsOf(async (query) => call(id, { ...given, query: { ...given?.query, ...query } })),
    download: (exportId: number, download: DownloadOptions = {}) => downloadExport(wire, exportId, download),
    stream: (stream: StreamOptions = {}) => streamEvents(wire, ports, stream),
    follow: (placeId: number, follow: FollowOptions = {}) =>
      followPlace(follow, async (asked, plan) => {
        const query = { ...follow.choice, ...asked.query };
        const { answer } = await send("followEvents", { ...asked, query, params: { placeId } }, plan);
        // biome-ignore lint/nursery/noUnsafeTypeAssertion: the contract says what this operation answers.
        return answer as AnswerOf<"followEvents">;
      }),
  };
  // biome-ignore lint/nursery/noUnsafeTypeAssertion: one function serves every operation; their types come from the same table as their paths.
  return client as unknown as PosternClient;
}

function operationIds(): NativeOperationId[] {
  // biome-ignore lint/nursery/noUnsafeTypeAssertion: `Object.keys` forgets the names.
  return Object.keys(NATIVE_OPERATIONS) as NativeOperationId[];
}

function wireOf({ baseUrl, key, fetch: given, timers, timeoutMs }: PosternClientOptions): Wire {
  if (!/^https?:\/\/[^/]/.test(baseUrl) || !URL.canParse(baseUrl) || /[?#]/.test(baseUrl))
    throw new PosternError("argument_invalid", { class: "caller", text: "baseUrl is an address such as http://127.0.0.1:8080." });
  // Said here, because `fetch` would repeat the whole key in its own words.
  if (key !== undefined && !/^[\x21-\x7e]+$/.test(key))
    throw new PosternError("argument_invalid", { class: "caller", text: "key has characters that no key has." });
  return {
    baseUrl: baseUrl.replace(/\/+$/, ""),
    key: key ?? null,
    // Looked up with each call, so that whoever replaces the global one replaces it here.
    fetch: given ?? ((input, init) => fetch(input, init)),
    timers: timers ?? systemTimers,
    timeoutMs: timeoutMs ?? ANSWER_MS_MAX,
  };
}

function newKey(random: Random): string {
  return Array.from(random.bytes(IDEMPOTENCY_KEY_BYTES), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

interface Page {
  readonly items: readonly unknown[];
  readonly next?: string;
}

async function* itemsOf(readPage: (query: { readonly after?: string }) => Promise<unknown>): AsyncGenerator<unknown, void, undefined> {
  let after: string | undefined;
  do {
    // biome-ignore lint/nursery/noUnsafeTypeAssertion: the contract says what every list answers.
    const page = (await readPage(after === undefined ? {} : { after })) as Page;
    yield* page.items;
    if (page.next !== undefined && page.next === after)
      throw new PosternError("answer_malformed", { class: "permanent", text: "A page names itself as the next one." });
    after = page.next;
  } while (after !== undefined);
}
