import type { TObject, TSchema } from "typebox";
import type { ClueCode } from "../errors/index.ts";
import type { Scope } from "../native/index.ts";

/** One call of v1, as the published description shows it. */
export interface ClueOperationSpec {
  readonly method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  /** After any prefix of v1, with parameters in braces. */
  readonly path: `/${string}`;
  /** Where CLUe documents it; `ours` where nothing official does. */
  readonly source: `CLUe §${string}` | "ours";
  /** Any one of these scopes. */
  readonly access: readonly Scope[];
  readonly tag: string;
  readonly summary: string;
  readonly description?: string;
  readonly params: TObject;
  readonly query: TObject;
  /** As a client should write it; reading is more liberal. null: no body. */
  readonly body: TSchema | null;
  /** Exactly as it is written. */
  readonly answer: TSchema;
  /** What can go wrong beside wrong arguments, keys, limits and our own faults. */
  readonly errors: readonly ClueCode[];
  /** Takes `Idempotency-Key`. */
  readonly isIdempotent?: true;
  /** Takes `Prefer: wait=5`; ours. */
  readonly awaitsDoors?: true;
}
