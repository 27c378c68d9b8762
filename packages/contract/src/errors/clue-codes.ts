import type { ErrorSpec } from "@postern/core";

export interface ClueErrorSpec extends ErrorSpec {
  /** HTTP status on v1. CLUe documents 400 and 500 alone (CLUe §1.1). */
  readonly status: 400 | 500;
}

/** CLUe's own codes, as far as official documents name them (CLUe §1.1). */
export const CLUE_CODES = {
  e1000: { status: 500, class: "ambiguous", summary: "Something went wrong on our side; it may have been done." },
  e1001: { status: 400, class: "caller", summary: "The key does not permit this." },
  e1002: { status: 400, class: "permanent", summary: "This is not supported." },
  e1003: { status: 400, class: "caller", summary: "The format is not valid." },
  e1004: { status: 400, class: "caller", summary: "The body is not valid JSON." },
  e1005: { status: 400, class: "caller", summary: "One or more arguments are not valid." },
  e1006: { status: 400, class: "caller", summary: "The request cannot be carried out as it stands." },
  e1007: { status: 400, class: "caller", summary: "No such thing, or it is hidden from you." },
  e1008: { status: 400, class: "caller", summary: "An argument has the wrong type." },
  e1009: { status: 400, class: "caller", summary: "A header that is needed is missing." },
  e1010: { status: 400, class: "transient", summary: "Too many requests; try again later." },
  f1000: { status: 400, class: "caller", summary: "The head is turned or tilted too far." },
  f1001: { status: 400, class: "caller", summary: "The quality of the image is too low." },
  f1002: { status: 400, class: "caller", summary: "No face was found in the image." },
  /** Ours, beside CLUe's own; the next two as well. */
  f1900: { status: 400, class: "caller", summary: "More than one face is in the image." },
  f1901: {
    status: 400,
    class: "caller",
    summary: "The face looks like that of another person of the place, which the place does not allow.",
  },
  f1902: { status: 400, class: "caller", summary: "The place enrols no face without a recorded consent." },
  f1006: { status: 500, class: "transient", summary: "Face extraction is busy; try again later." },
  a1028: { status: 400, class: "caller", summary: "The account or key is not valid." },
} as const satisfies Record<string, ClueErrorSpec>;

export type ClueCode = keyof typeof CLUE_CODES;
