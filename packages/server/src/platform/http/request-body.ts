import type { FastifyRequest } from "fastify";
import { bodyText } from "./body-text.ts";
import { readJson } from "./json-text.ts";
import { NativeRefusal } from "./native-refusal.ts";

/** The JSON of a body; undefined for an empty one. Fails with `media_type_unsupported` (charset) or `body_malformed`. */
export function parseBody(bytes: Uint8Array, contentType: string | undefined): unknown {
  if (bytes.length === 0) return undefined;
  const read = bodyText(bytes, contentType);
  if (read.kind === "charset_unknown") {
    throw new NativeRefusal("media_type_unsupported", { detail: "The charset of the body is not one of UTF-8 and UTF-16." });
  }
  if (read.kind === "bytes_invalid") throw malformed(`The body is not valid ${read.charset.toUpperCase()}.`);
  if (read.text.trim() === "") return undefined;
  const json = readJson(read.text);
  if (json.kind === "refused") throw malformed(json.detail);
  return json.value;
}

const JSON_MEDIA_TYPE = /^\s*(application\/(json|[\w.+-]+\+json))\s*(;|$)/i;

/** v2 takes JSON under its own name; none given is taken as JSON. v1 takes anything (CLUe §7). */
export function refuseForeignMediaType(contentType: string | undefined): void {
  if (contentType === undefined || JSON_MEDIA_TYPE.test(contentType)) return;
  throw new NativeRefusal("media_type_unsupported", { detail: "The body must be application/json." });
}

/** Which of these forms the body comes in, of one that is no JSON. Its text is UTF-8. */
export function mediaTypeOf(contentType: string | undefined, known: readonly string[]): string {
  const [named = "", ...parameters] = (contentType ?? "").toLowerCase().split(";");
  const mediaType = known.find((one) => one === named.trim());
  const charset = parameters.map((one) => /^\s*charset\s*=\s*"?([^\s"]+)/.exec(one)?.[1]).find((one) => one !== undefined);
  if (mediaType !== undefined && /^(utf-?8|us-ascii)$/.test(charset ?? "utf-8")) return mediaType;
  throw new NativeRefusal("media_type_unsupported", { detail: `The body must be ${known.join(" or ")} in UTF-8.` });
}

const NEEDS_BODY: ReadonlySet<string> = new Set(["POST", "PUT", "PATCH"]);

/** A POST, PUT or PATCH without a body, on a route that did not say it may have none. */
export function refuseMissingBody(request: FastifyRequest): void {
  if (!NEEDS_BODY.has(request.method) || request.routeOptions.config.body !== undefined) return;
  if (request.body === undefined) throw malformed("The body is empty.");
}

function malformed(detail: string): NativeRefusal {
  return new NativeRefusal("body_malformed", { detail });
}
