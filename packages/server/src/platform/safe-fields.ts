import type { LogFields } from "@postern/core";

/** A field is secret when the last word of its name is one of these: `apiKey`, `face_images`, `Authorization`, but not `cardCount` or `keyId`. */
const SECRET_WORDS = new Set(
  (
    "authorization cookie password passwd secret token jwt key pin code face faces image images photo photos template templates " +
    "fingerprint fingerprints card cards csn credential credentials url"
  ).split(" "),
);

/** Codes of errors and of exits are what a log is read for. One that is a secret (a PIN, a claim code) is text of digits or capitals. */
const HARMLESS_CODE = /^[a-z][a-z0-9]*(_[a-z0-9]+)+$|^[a-z]\d{4}$|^E[A-Z]+$/;

const REPLACEMENT = "[redacted]";
const DEPTH_MAX = 5;
const ITEMS_MAX = 50;
const TEXT_LENGTH_MAX = 1_000;

/**
 * Fields as they may be written to a log: without secrets and bytes, bounded in depth, count and length. This is the net below the rule
 * that nobody logs a secret, not a leave to do so: it knows names, not contents.
 */
export function safeFields(fields: LogFields): Record<string, unknown> {
  return safeObject(fields, 0);
}

function safeObject(value: object, depth: number): Record<string, unknown> {
  const entries = Object.entries(value).slice(0, ITEMS_MAX);
  return Object.fromEntries(entries.map(([name, item]) => [name, isSecret(name, item) ? REPLACEMENT : safeValue(item, depth + 1)]));
}

function isSecret(name: string, value: unknown): boolean {
  const words = name
    .replace(/([a-z0-9])([A-Z])/g, "$1 $2")
    .toLowerCase()
    .split(/[^a-z0-9]+/);
  const last = words.at(-1) ?? "";
  if (last === "code" && (typeof value === "number" || (typeof value === "string" && HARMLESS_CODE.test(value)))) return false;
  if (last === "url" && typeof value === "string" && !value.includes("@") && !value.includes("?")) return false;
  return SECRET_WORDS.has(last);
}

function safeValue(value: unknown, depth: number): unknown {
  if (typeof value === "string") return value.length > TEXT_LENGTH_MAX ? `${value.slice(0, TEXT_LENGTH_MAX)}…` : value;
  if (typeof value === "bigint") return value.toString();
  if (typeof value !== "object" || value === null) return value;
  if (ArrayBuffer.isView(value)) return `[${value.byteLength} bytes]`;
  if (depth >= DEPTH_MAX) return "[deeper]";
  if (value instanceof Error) return safeError(value, depth);
  if (value instanceof Date) return value.toISOString();
  if (Array.isArray(value)) return value.slice(0, ITEMS_MAX).map((item: unknown) => safeValue(item, depth + 1));
  return safeObject(value, depth);
}

function safeError(error: Error, depth: number): Record<string, unknown> {
  const code = "code" in error && typeof error.code === "string" ? { code: error.code } : {};
  const context =
    "context" in error && typeof error.context === "object" && error.context !== null
      ? { context: safeObject(error.context, depth + 1) }
      : {};
  const cause = error.cause instanceof Error ? { cause: safeValue(error.cause, depth + 1) } : {};
  return { name: error.name, message: safeValue(error.message, depth), ...code, ...context, stack: error.stack, ...cause };
}
