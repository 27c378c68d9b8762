import { CodedError, type CodedErrorOptions, type ErrorSpec } from "@postern/core";

/** What can fail in this package. What is wrong with a picture is no failure: see `FaceOutcome`. */
export const FACE_ERRORS = {
  pack_unusable: { class: "permanent", summary: "The face models cannot be used." },
  busy: { class: "transient", summary: "Too many pictures wait already." },
  worker_failed: { class: "transient", summary: "The face worker ended unexpectedly." },
  stopping: { class: "transient", summary: "The face workers are stopping." },
} as const satisfies Record<string, ErrorSpec>;

export type FaceErrorCode = keyof typeof FACE_ERRORS;

export function faceError(code: FaceErrorCode, options?: CodedErrorOptions): CodedError {
  return new CodedError(code, FACE_ERRORS[code], options);
}
