import { JSON_DEPTH_MAX, JSON_VALUES_MAX } from "./http-limits.ts";

export type JsonRead = { readonly kind: "value"; readonly value: unknown } | { readonly kind: "refused"; readonly detail: string };

/**
 * Parses a text that a stranger sent. Its depth and its count of values are bounded before the parser sees it, so that a small body cannot
 * become a large object. Names that would reach the prototype of an object are dropped; of a name that stands twice the last counts.
 */
export function readJson(text: string): JsonRead {
  const problem = shapeProblem(text);
  if (problem !== null) return { kind: "refused", detail: problem };
  try {
    const value: unknown = JSON.parse(text);
    dropPrototypeNames(value);
    return { kind: "value", value };
  } catch (error) {
    return { kind: "refused", detail: whereBroken(text, error) };
  }
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const OPEN_LIST = 0x5b;
const CLOSE_LIST = 0x5d;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;

/** Looks at the marks outside of strings alone; strings are leapt over, so that a photo costs nothing. */
function shapeProblem(text: string): string | null {
  let depth = 0;
  let countValues = 1;
  for (let at = 0; at < text.length; at += 1) {
    const mark = text.charCodeAt(at);
    if (mark === QUOTE) {
      at = endOfString(text, at);
    } else if (mark === OPEN_LIST || mark === OPEN_OBJECT) {
      depth += 1;
      countValues += 1;
      if (depth > JSON_DEPTH_MAX) return `The body is nested deeper than ${JSON_DEPTH_MAX} levels.`;
    } else if (mark === CLOSE_LIST || mark === CLOSE_OBJECT) {
      depth -= 1;
    } else if (mark === COMMA) {
      countValues += 1;
    }
    if (countValues > JSON_VALUES_MAX) return `The body has more than ${JSON_VALUES_MAX} values.`;
  }
  return null;
}

/** The position of the closing quote, or the end of the text. */
function endOfString(text: string, openedAt: number): number {
  for (let at = text.indexOf('"', openedAt + 1); at !== -1; at = text.indexOf('"', at + 1)) {
    let countBackslashes = 0;
    while (text.charCodeAt(at - 1 - countBackslashes) === BACKSLASH) countBackslashes += 1;
    if (countBackslashes % 2 === 0) return at;
  }
  return text.length;
}

function dropPrototypeNames(value: unknown): void {
  if (typeof value !== "object" || value === null) return;
  if (!Array.isArray(value)) {
    Reflect.deleteProperty(value, "__proto__");
    Reflect.deleteProperty(value, "constructor");
  }
  for (const member of Object.values(value)) dropPrototypeNames(member);
}

/** The parser's own message quotes the body, which may hold a PIN: only its position is repeated. */
function whereBroken(text: string, error: unknown): string {
  const message = error instanceof SyntaxError ? error.message : "";
  const position = /at position (\d+)/.exec(message)?.[1];
  if (position !== undefined) return `The body is not valid JSON at character ${position}.`;
  return message.includes("end of JSON")
    ? `The body is not valid JSON: it ends too soon, at character ${text.length}.`
    : "The body is not valid JSON.";
}
