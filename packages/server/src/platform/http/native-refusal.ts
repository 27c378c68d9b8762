import { NATIVE_CODES, type NativeCode, type Problem } from "@postern/contract";
import { CodedError, type CodedErrorOptions } from "@postern/core";

export interface NativeRefusalOptions extends CodedErrorOptions {
  /** What was wrong, field by field. */
  readonly problems?: readonly Problem[];
  /** One sentence about this very occurrence, for the caller. */
  readonly detail?: string;
  /** 503 where "too many" means all callers together and not this one. */
  readonly status?: 503;
  /** Whole seconds, for the `Retry-After` header. */
  readonly retryAfterS?: number;
}

/** A failure in the words of v2 (RFC 9457). On a v1 route it is answered with CLUe's code for the same thing. */
export class NativeRefusal extends CodedError {
  override readonly name = "NativeRefusal";
  declare readonly code: NativeCode;
  readonly status: number;
  readonly problems: readonly Problem[];
  readonly detail: string | null;
  readonly retryAfterS: number | null;

  constructor(code: NativeCode, options: NativeRefusalOptions = {}) {
    super(code, NATIVE_CODES[code], options);
    this.status = options.status ?? NATIVE_CODES[code].status;
    this.problems = options.problems ?? [];
    this.detail = options.detail ?? null;
    this.retryAfterS = options.retryAfterS ?? null;
  }
}
