import type { NativeCode, Problem } from "@postern/contract";
import { CodedError, type FailureClass } from "@postern/core";

/** What a call can fail with beside the server's own codes. */
export type ClientCode = "server_away" | "answer_late" | "answer_malformed" | "answer_too_large" | `http_${number}`;

export interface PosternErrorParts {
  readonly class: FailureClass;
  readonly text: string;
  readonly status?: number | null;
  readonly problems?: readonly Problem[];
  readonly requestId?: string | null;
  readonly retryAfterS?: number | null;
  readonly cause?: unknown;
}

/** A call that failed. Only its `class` says whether trying again may help. */
export class PosternError extends CodedError {
  override readonly name = "PosternError";
  declare readonly code: NativeCode | ClientCode | (string & {});
  /** HTTP status; null when no answer came. */
  readonly status: number | null;
  /** What was wrong with the request, field by field. */
  readonly problems: readonly Problem[];
  /** Names the request in the server's log; null when no answer came. */
  readonly requestId: string | null;
  /** How long the server asks to wait, in seconds. */
  readonly retryAfterS: number | null;

  constructor(code: string, parts: PosternErrorParts) {
    super(code, { class: parts.class, summary: parts.text }, parts.cause === undefined ? {} : { cause: parts.cause });
    this.status = parts.status ?? null;
    this.problems = parts.problems ?? [];
    this.requestId = parts.requestId ?? null;
    this.retryAfterS = parts.retryAfterS ?? null;
  }
}
