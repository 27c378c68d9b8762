import { type ClueCode, ClueError, LINK_CODES, type LinkCode, NATIVE_CODES, type NativeCode, type Problem } from "@postern/contract";
import { assert, CodedError } from "@postern/core";
import { NativeRefusal } from "./native-refusal.ts";

/** What v2 calls CLUe's codes, for parts that serve both surfaces, such as `Access`. */
const NATIVE_CODE_OF: Readonly<Record<ClueCode, NativeCode>> = {
  e1000: "internal",
  e1001: "not_permitted",
  e1002: "not_found",
  e1003: "body_malformed",
  e1004: "body_malformed",
  e1005: "argument_invalid",
  e1006: "conflict",
  e1007: "not_found",
  e1008: "argument_invalid",
  e1009: "argument_invalid",
  e1010: "too_many_requests",
  f1000: "argument_invalid",
  f1001: "argument_invalid",
  f1002: "argument_invalid",
  f1900: "argument_invalid",
  f1901: "conflict",
  f1902: "argument_invalid",
  f1006: "too_many_requests",
  a1028: "key_refused",
};

/** RFC 9457. `code` is the last part of `type`, for those who would rather not parse it. */
export interface ProblemDocument {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly code: string;
  readonly detail?: string;
  readonly errors?: readonly Problem[];
}

export interface ProblemAnswer {
  readonly document: ProblemDocument;
  readonly retryAfterS: number | null;
}

/** Any failure as v2 answers it. What nobody foresaw is our own fault, and says nothing about itself. */
export function problemAnswerOf(failure: unknown): ProblemAnswer {
  const refusal = refusalOf(failure);
  if (refusal === null) return linkAnswer(failure);
  const { code, status, detail, problems, retryAfterS } = refusal;
  const document = {
    type: problemType(code),
    title: NATIVE_CODES[code].summary,
    status,
    code,
    ...(detail === null ? {} : { detail }),
    ...(problems.length === 0 ? {} : { errors: problems }),
  };
  return { document, retryAfterS };
}

/** Not an address: nothing has to be reachable for a client to tell problems apart. */
export function problemType(code: string): string {
  return `urn:postern:problem:${code}`;
}

/** The failure in v2's words; null for the link's own words, which HTTP repeats where it serves the link: at a claim. */
function refusalOf(failure: unknown): NativeRefusal | null {
  if (failure instanceof NativeRefusal) return failure;
  if (failure instanceof ClueError) return refusalOfClue(failure);
  const code = failure instanceof CodedError ? failure.code : "internal";
  if (isNativeCode(code)) return new NativeRefusal(code, { cause: failure });
  if (isLinkCode(code)) return null;
  // Everything else of the database says that nothing was done, and may be tried again.
  if (code === "database_outcome_unknown") return new NativeRefusal("outcome_unknown", { cause: failure });
  return new NativeRefusal(code.startsWith("database_") ? "database_away" : "internal", { cause: failure });
}

function refusalOfClue(error: ClueError): NativeRefusal {
  const code = error.status === 401 ? "key_refused" : NATIVE_CODE_OF[error.code];
  const retryAfter = error.retryAfterS === null ? {} : { retryAfterS: error.retryAfterS };
  return new NativeRefusal(code, { cause: error, problems: error.details, detail: error.publicMessage, ...retryAfter });
}

function linkAnswer(failure: unknown): ProblemAnswer {
  assert(failure instanceof CodedError && isLinkCode(failure.code), "only a failure of the link has no words of v2");
  const { class: failureClass, summary } = LINK_CODES[failure.code];
  const status = failureClass === "caller" ? 400 : 500;
  return { document: { type: problemType(failure.code), title: summary, status, code: failure.code, detail: summary }, retryAfterS: null };
}

function isLinkCode(code: string): code is LinkCode {
  return Object.hasOwn(LINK_CODES, code);
}

function isNativeCode(code: string): code is NativeCode {
  return Object.hasOwn(NATIVE_CODES, code);
}
