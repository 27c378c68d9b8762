import type { IncomingHttpHeaders } from "node:http";

/** Why an answer is none that was agreed on. */
export type Unusable = "redirected" | "too_large" | "wrong_type" | "not_json";

export interface AnswerParts {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
  /** There was more than is read. */
  readonly isCut: boolean;
}

export type ReadAnswer = { readonly kind: "json"; readonly json: unknown } | { readonly kind: "unusable"; readonly because: Unusable };

const utf8 = new TextDecoder("utf-8", { fatal: true });

/** Reads an answer, which has to be JSON and to say so (CLUe §3). `listed`: statuses that allow, among which a redirection may be. */
export function readAnswer({ status, headers, body, isCut }: AnswerParts, listed: readonly number[]): ReadAnswer {
  // Nobody is followed to another address: what it would answer was never tested, and may be anywhere.
  if (status >= 300 && status < 400 && headers.location !== undefined && !listed.includes(status)) return unusable("redirected");
  if (isCut) return unusable("too_large");
  if (!isJsonType(headers["content-type"]) || !isPlain(headers["content-encoding"])) return unusable("wrong_type");
  try {
    return { kind: "json", json: JSON.parse(utf8.decode(body)) };
  } catch {
    return unusable("not_json");
  }
}

function unusable(because: Unusable): ReadAnswer {
  return { kind: "unusable", because };
}

function isJsonType(header: string | undefined): boolean {
  return header?.split(";", 1)[0]?.trim().toLowerCase() === "application/json";
}

/** Nothing else was asked for. */
function isPlain(encoding: string | undefined): boolean {
  return encoding === undefined || encoding.trim().toLowerCase() === "identity";
}
