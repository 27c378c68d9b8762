import type { TObject, TSchema } from "typebox";
import type { NativeCode } from "../errors/index.ts";
import type { Scope } from "./scopes.ts";

/**
 * Who may call: a key with any one of these scopes; `any` valid key; the `operator`, whose key makes place groups; or the `public`, without a key.
 */
export type OperationAccess = readonly Scope[] | "any" | "operator" | "public";

/** One call of v2, said once: the server serves it, the client and the command line speak it, the published description shows it. */
export interface OperationSpec {
  readonly method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  /** After `/v2`, with parameters in braces: `/places/{placeId}/doors`. */
  readonly path: `/${string}`;
  readonly access: OperationAccess;
  /** The noun under which the reference lists it. */
  readonly tag: string;
  /** One line, in the imperative. */
  readonly summary: string;
  readonly description?: string;
  readonly params: TObject;
  readonly query: TObject;
  /** null: no body. */
  readonly body: TSchema | null;
  /** `optional`: the body may be left out. */
  readonly bodyIs?: "optional";
  /** Of a body that is no JSON: it is read as it comes, in one of these forms. `body` is null then. */
  readonly bodyMedia?: readonly string[];
  /** null: the answer has no body, or none that is JSON. */
  readonly answer: TSchema | null;
  /** Of an answer that is no JSON: it is sent as it comes into being. */
  readonly answerMedia?: "text/event-stream" | "text/csv" | "image/*";
  /** `Accept: application/x-ndjson` has the items of this member as lines, and the other one in `Postern-Next`. */
  readonly lines?: { readonly of: string; readonly next: string };
  /** Headers it hears beside those of its manners, with what they mean. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly status: 200 | 201 | 202 | 204;
  /** What can go wrong beside wrong arguments, keys, limits and our own faults. */
  readonly errors: readonly NativeCode[];
  /** Takes `Idempotency-Key`: a repeat within 24 hours answers what the first one made. */
  readonly isIdempotent?: true;
  /** Takes `Prefer: wait=5`, and says in `Postern-Doors` which controllers have confirmed what was changed. */
  readonly awaitsDoors?: true;
  /** GET answers an `ETag`; PUT, PATCH and DELETE take it back in `If-Match` and fail with `changed_meanwhile` when it is no longer true. */
  readonly isVersioned?: true;
  /** Members of the answer that tell how a thing fares and not what it was made to be: no part of its version, since nobody changes them by `PATCH`. */
  readonly versionLeavesOut?: readonly string[];
}

/** Keeps the literal types of a table of operations, so that paths, bodies and answers are known where it is used. */
export function operations<const Table extends Readonly<Record<string, OperationSpec>>>(table: Table): Table {
  return table;
}
