export type BodyText =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "charset_unknown" }
  | { readonly kind: "bytes_invalid"; readonly charset: Charset };

export type Charset = "utf-8" | "utf-16le" | "utf-16be";

const CHARSETS: ReadonlyMap<string, Charset> = new Map([
  ["utf-8", "utf-8"],
  ["utf8", "utf-8"],
  // A subset of UTF-8: a client that names it sends nothing else, or is told that its bytes are not valid.
  ["us-ascii", "utf-8"],
  ["utf-16le", "utf-16le"],
  ["utf-16be", "utf-16be"],
  ["utf-16", "utf-16be"],
]);

/**
 * The text of a JSON body: by its byte-order mark, else by the pattern of its first two bytes (a JSON text begins with ASCII: RFC 4627 §3),
 * else by the `charset` of its content type, else UTF-8. The mark is not part of the text.
 */
export function bodyText(bytes: Uint8Array, contentType: string | undefined): BodyText {
  const named = /;\s*charset\s*=\s*"?([^\s";]+)/i.exec(contentType ?? "")?.[1]?.toLowerCase();
  const charset = charsetOfBytes(bytes) ?? (named === undefined ? "utf-8" : CHARSETS.get(named));
  if (charset === undefined) return { kind: "charset_unknown" };
  try {
    return { kind: "text", text: new TextDecoder(charset, { fatal: true }).decode(bytes) };
  } catch {
    return { kind: "bytes_invalid", charset };
  }
}

function charsetOfBytes(bytes: Uint8Array): Charset | undefined {
  const [first, second, third] = bytes;
  if (first === undefined || second === undefined) return undefined;
  if (first === 0xef && second === 0xbb && third === 0xbf) return "utf-8";
  if (first === 0xff && second === 0xfe) return "utf-16le";
  if (first === 0xfe && second === 0xff) return "utf-16be";
  if (first === 0 && second !== 0) return "utf-16be";
  return first !== 0 && second === 0 ? "utf-16le" : undefined;
}
