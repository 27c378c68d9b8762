import { createHmac } from "node:crypto";
import type { Readable } from "node:stream";
import type { NativeOperationId, NativeOperations } from "@postern/contract";
import { canonicalJson, type Json } from "@postern/core";
import type { FastifyRequest } from "fastify";
import type { Static, TSchema } from "typebox";
import type { Actor, ReachedPlace } from "../access/actor.ts";
import type { AuditActor } from "../audit/audit-store.ts";
import { NativeRefusal } from "../http/native-refusal.ts";
import { IDEMPOTENCY_KEY_LENGTH_MAX, IDEMPOTENCY_MS } from "./limits.ts";
import type { RequestName } from "./request-store.ts";

type Of<Schema> = Schema extends TSchema ? Static<Schema> : undefined;

/** The body of an operation as its schema types it; undefined where it has none, or where it may be left out and was. */
export type BodyOf<Id extends NativeOperationId> = NativeOperations[Id] extends { readonly bodyIs: "optional" }
  ? Of<NativeOperations[Id]["body"]> | undefined
  : Of<NativeOperations[Id]["body"]>;

/** What a handler may answer with: the schema's type, all of it read-only; where the answer is no JSON, what is sent as it comes. */
export type AnswerOf<Id extends NativeOperationId> = NativeOperations[Id] extends { readonly answerMedia: string }
  ? SentAsItComes
  : Frozen<Of<NativeOperations[Id]["answer"]>>;

/** An answer that is no JSON. Its key is looked after until its last byte. */
export interface SentAsItComes {
  readonly body: Readable;
  /** In place of the operation's. */
  readonly status?: 206 | 304 | 416;
  readonly headers?: Readonly<Record<string, string | number>>;
}

type Frozen<Value> = Value extends readonly (infer Item)[]
  ? readonly Frozen<Item>[]
  : Value extends object
    ? { readonly [Name in keyof Value]: Frozen<Value[Name]> }
    : Value;

/** A body that is read as it comes. */
export interface StreamedBody {
  readonly mediaType: string;
  readonly chunks: AsyncIterable<Buffer>;
}

/** One call, read and let in as far as its scopes go. */
export interface OperationRequest<Id extends NativeOperationId> {
  /** Who asks. Reading it on an operation of the operator or the public is our bug. */
  readonly actor: Actor;
  /** The same, as the audit log names them. */
  readonly by: AuditActor;
  readonly params: Static<NativeOperations[Id]["params"]>;
  readonly query: Static<NativeOperations[Id]["query"]>;
  readonly body: BodyOf<Id>;
  /** Of an operation with `bodyMedia`: the form in which its body comes, and the bytes as they come. Fails with `media_type_unsupported`. */
  streamedBody(bytesMax: number): StreamedBody;
  /** The place, when the actor may do this there; fails as if it did not exist when it is out of reach. */
  place(placeId: number): Promise<ReachedPlace>;
  /**
   * The place of a thing the path names, when the actor may do this there. `placeId` null: there is no such thing. A thing out of reach fails like
   * one that does not exist, naming `field`.
   */
  placeOf(field: string, placeId: number | null): Promise<ReachedPlace>;
  /** A header of the request by its name in small letters; null: it did not come. */
  header(name: string): string | null;
  /** Where the client reached this server, as `https://doors.example.com`. */
  readonly origin: string;
  /** For `refuseStale`. */
  readonly ifMatch: string | null;
  /** For `makeOnce`; null when the client sent no `Idempotency-Key`. */
  readonly once: RequestName | null;
  /** Call it after the commit, on operations that await doors: waits where the client prefers that, and says in the answer which controllers have it. */
  tellDoors(authId: number): Promise<void>;
  /** Says in the answer's headers who looks like a face that was just enrolled. */
  tellDuplicates(authIds: readonly number[]): void;
  /** Aborted when nobody waits for the answer any more, when the key has ended, or when the server stops. */
  readonly signal: AbortSignal;
  /** What attempts without a key are counted by. */
  readonly source: string;
}

/** Reads `Idempotency-Key`; an empty one is none. `key` is derived from the server's for this purpose alone. */
export function requestNameOf(
  request: FastifyRequest,
  {
    keyId,
    key,
    nowMs,
    operation,
  }: { readonly keyId: string; readonly key: Uint8Array; readonly nowMs: number; readonly operation: string },
): RequestName | null {
  const header = request.headers["idempotency-key"];
  const text = Array.isArray(header) ? header.join(", ") : header;
  if (text === undefined || text === "") return null;
  if (text.length > IDEMPOTENCY_KEY_LENGTH_MAX || !/^[\x20-\x7e]+$/.test(text)) {
    const message = `must have at most ${IDEMPOTENCY_KEY_LENGTH_MAX} printable ASCII characters`;
    throw new NativeRefusal("argument_invalid", { problems: [{ field: "Idempotency-Key", message }] });
  }
  // biome-ignore lint/nursery/noUnsafeTypeAssertion: a body and parameters that were read are plain data.
  const asked = canonicalJson({ params: request.params, body: request.body ?? null } as Json);
  const bodyHmac = createHmac("sha256", key).update(asked).digest();
  return { keyId, operation, text, bodyHmac, nowMs, forgottenToMs: nowMs - IDEMPOTENCY_MS };
}
