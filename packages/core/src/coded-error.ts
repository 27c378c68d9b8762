/** What may be done about a failure: only this decides a retry, never the text. */
export type FailureClass = "caller" | "transient" | "ambiguous" | "permanent" | "bug";

/** One entry of a catalogue of errors. */
export interface ErrorSpec {
  readonly class: FailureClass;
  /** One sentence for a person. */
  readonly summary: string;
}

export interface CodedErrorOptions {
  /** For the log. Never a photo, template, PIN, key or token. */
  readonly context?: Readonly<Record<string, unknown>>;
  readonly cause?: unknown;
}

/** An operational failure with a code from a catalogue. Expected outcomes are returned instead; our own bugs go through `assert`. */
export class CodedError extends Error {
  readonly code: string;
  readonly class: FailureClass;
  readonly context: Readonly<Record<string, unknown>>;

  constructor(code: string, spec: ErrorSpec, options: CodedErrorOptions = {}) {
    super(spec.summary, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = "CodedError";
    this.code = code;
    this.class = spec.class;
    this.context = options.context ?? {};
  }
}
