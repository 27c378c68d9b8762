import type { CalledOperationId, NativeOperationId, NativeOperations } from "@postern/contract";
import type { Static, TObject, TSchema } from "typebox";

type Operation<Id extends NativeOperationId> = NativeOperations[Id];
type Of<Schema> = Schema extends TSchema ? Static<Schema> : undefined;

/** What an operation answers; undefined where it answers nothing. */
export type AnswerOf<Id extends NativeOperationId> = Of<Operation<Id>["answer"]>;

type Params<Id extends NativeOperationId> = keyof Static<Operation<Id>["params"]> extends never
  ? { readonly params?: undefined }
  : { readonly params: Static<Operation<Id>["params"]> };
type Query<Schema extends TObject> = keyof Static<Schema> extends never
  ? { readonly query?: undefined }
  : { readonly query?: Static<Schema> | undefined };
/** A body that is no JSON, sent as it comes. A stream is sent once: a call with one is not tried again. */
export interface MediaBody<Media extends string = string> {
  readonly mediaType: Media;
  readonly content: string | Uint8Array<ArrayBuffer> | ReadableStream<Uint8Array>;
}

type Body<Id extends NativeOperationId> =
  Operation<Id> extends { readonly bodyMedia: readonly (infer Media extends string)[] }
    ? { readonly body: MediaBody<Media> }
    : JsonBody<Id>;
type JsonBody<Id extends NativeOperationId> = Operation<Id>["body"] extends TSchema
  ? Operation<Id> extends { readonly bodyIs: "optional" }
    ? { readonly body?: Of<Operation<Id>["body"]> | undefined }
    : { readonly body: Of<Operation<Id>["body"]> }
  : { readonly body?: undefined };
type Once<Id extends NativeOperationId> =
  Operation<Id> extends { readonly isIdempotent: true }
    ? {
        /** The same key makes the same thing once, also from another process; the client makes one for each call when it is left out. */
        readonly idempotencyKey?: string | undefined;
      }
    : { readonly idempotencyKey?: undefined };
type Versioned<Id extends NativeOperationId> =
  Operation<Id> extends { readonly isVersioned: true }
    ? {
        /** The `etag` of an earlier `exchange`: fails with `changed_meanwhile` when it is no longer true. */
        readonly ifMatch?: string | undefined;
      }
    : { readonly ifMatch?: undefined };

export interface CallOptions {
  /** Ends the call, its retries and its pauses; the call then rejects with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
  /** In place of the client's, for one try. */
  readonly timeoutMs?: number | undefined;
}

/** Everything one operation takes. */
export type CallOf<Id extends NativeOperationId> = Params<Id> &
  Query<Operation<Id>["query"]> &
  Body<Id> &
  Once<Id> &
  Versioned<Id> &
  CallOptions;

/** Left out where nothing must be said. */
export type CallArguments<Id extends NativeOperationId> =
  Record<never, never> extends CallOf<Id> ? [call?: CallOf<Id>] : [call: CallOf<Id>];

/** The same without its operation, inside the client. */
export interface AnyCall extends CallOptions {
  readonly params?: Readonly<Record<string, string | number>> | undefined;
  readonly query?: Readonly<Record<string, unknown>> | undefined;
  readonly body?: unknown;
  readonly idempotencyKey?: string | undefined;
  readonly ifMatch?: string | undefined;
}

/** An answer with what HTTP says about it. */
export interface Exchange<Answer> {
  readonly answer: Answer;
  /** For `ifMatch`; null where the operation has no versions. */
  readonly etag: string | null;
  readonly status: number;
  readonly requestId: string | null;
}

/** Operations that answer one page of a list. */
export type PagedId = { [Id in CalledOperationId]: AnswerOf<Id> extends { items: unknown[] } ? Id : never }[CalledOperationId];
export type ItemOf<Id extends PagedId> = AnswerOf<Id> extends { items: (infer Item)[] } ? Item : never;
