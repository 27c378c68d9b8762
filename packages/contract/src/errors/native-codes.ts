import { CodedError, type CodedErrorOptions, type ErrorSpec } from "@postern/core";

export interface NativeErrorSpec extends ErrorSpec {
  /** HTTP status on v2. */
  readonly status: 400 | 401 | 403 | 404 | 409 | 412 | 413 | 415 | 429 | 500 | 503 | 504;
}

/** What can go wrong on v2 and in the routes beside v1. The code is the last part of the problem's `type` (RFC 9457). */
export const NATIVE_CODES = {
  argument_invalid: { status: 400, class: "caller", summary: "One or more arguments are not valid." },
  body_malformed: { status: 400, class: "caller", summary: "The body is not valid JSON." },
  body_too_large: { status: 413, class: "caller", summary: "The body is larger than this route takes." },
  media_type_unsupported: { status: 415, class: "caller", summary: "The body's media type is not one this route takes." },
  key_refused: { status: 401, class: "caller", summary: "The key is missing, malformed, expired or revoked." },
  not_permitted: { status: 403, class: "caller", summary: "The key does not permit this." },
  not_found: { status: 404, class: "caller", summary: "No such thing, or it is hidden from you." },
  changed_meanwhile: { status: 412, class: "caller", summary: "It has changed since the version that If-Match names; read it again." },
  conflict: { status: 409, class: "caller", summary: "It contradicts what is there already." },
  too_many_requests: { status: 429, class: "transient", summary: "Too many requests; try again later." },
  device_offline: { status: 503, class: "transient", summary: "The door's controller is not connected." },
  unlock_unconfirmed: { status: 504, class: "ambiguous", summary: "Sent, but the door did not confirm in time." },
  outcome_unknown: {
    status: 504,
    class: "ambiguous",
    summary: "Nobody can tell whether it was done: the connection to the database was lost at the end of it, or it took too long.",
  },
  database_away: { status: 503, class: "transient", summary: "The database cannot be reached." },
  stopping: { status: 503, class: "transient", summary: "The server is stopping." },
  internal: { status: 500, class: "bug", summary: "Something went wrong on our side." },
} as const satisfies Record<string, NativeErrorSpec>;

export type NativeCode = keyof typeof NATIVE_CODES;

export function nativeError(code: NativeCode, options?: CodedErrorOptions): CodedError {
  return new CodedError(code, NATIVE_CODES[code], options);
}
