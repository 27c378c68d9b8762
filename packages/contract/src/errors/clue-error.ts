import { CodedError, type CodedErrorOptions } from "@postern/core";
import { CLUE_CODES, type ClueCode } from "./clue-codes.ts";
import type { Problem } from "./problem.ts";

export interface ClueErrorOptions extends CodedErrorOptions {
  /** What was wrong, field by field. */
  readonly details?: readonly Problem[];
  /** Text for the caller in place of the code's summary. */
  readonly message?: string;
  /** 401 for a missing, malformed, expired or revoked key (CLUe §7); else the code's own. */
  readonly status?: 401;
  /** Whole seconds, for the `Retry-After` header of e1010 and f1006. */
  readonly retryAfterS?: number;
}

/** A failure as v1 answers it: HTTP status and `{errors:[{code, message, details?}]}` (CLUe §1.1). */
export class ClueError extends CodedError {
  override readonly name = "ClueError";
  declare readonly code: ClueCode;
  readonly status: 400 | 401 | 500;
  /** For the caller; `Error.message` is for the log. */
  readonly publicMessage: string;
  readonly details: readonly Problem[];
  readonly retryAfterS: number | null;

  constructor(code: ClueCode, options: ClueErrorOptions = {}) {
    super(code, CLUE_CODES[code], options);
    this.status = options.status ?? CLUE_CODES[code].status;
    this.publicMessage = options.message ?? CLUE_CODES[code].summary;
    this.details = options.details ?? [];
    this.retryAfterS = options.retryAfterS ?? null;
  }
}
