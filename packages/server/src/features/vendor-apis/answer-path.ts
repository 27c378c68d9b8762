import { VENDOR_PATH_LENGTH_MAX } from "@postern/contract";

/** A name in an object, or an index in a list. */
export type PathStep = string | number;

/** Where in an answer, step by step. At least one. */
export type AnswerPath = readonly PathStep[];

/**
 * One step: `name`, `['any name']`, `["any name"]` or `[0]`, each but the first name with a dot before it. In quotes a backslash stands before a quote or
 * another backslash.
 */
const STEP =
  /(?:\.(?<name>[\p{L}\p{N}_$-]+)|\.?\[(?:'(?<single>(?:[^'\\\p{Cc}]|\\['"\\])+)'|"(?<double>(?:[^"\\\p{Cc}]|\\['"\\])+)"|(?<index>0|[1-9]\d{0,8}))\])/uy;

/**
 * Reads a path such as `$.data.items[0]['is allowed']` (CLUe §3: it begins with `$.`). This grammar is all there is: no wildcards, filters, slices or
 * functions. null: it is none, or too long.
 */
export function readAnswerPath(text: string): AnswerPath | null {
  if (!text.startsWith("$.") || text.length > VENDOR_PATH_LENGTH_MAX) return null;
  const steps: PathStep[] = [];
  let at = 1;
  while (at < text.length) {
    STEP.lastIndex = at;
    const found = STEP.exec(text);
    // A bracket may follow the first dot alone: `$.['a b'].c`.
    if (found?.groups === undefined || (at > 1 && found[0].startsWith(".["))) return null;
    steps.push(stepOf(found.groups));
    at = STEP.lastIndex;
  }
  return steps.length === 0 ? null : steps;
}

function stepOf({ name, single, double, index }: Readonly<Record<string, string | undefined>>): PathStep {
  if (index !== undefined) return Number(index);
  return name ?? (single ?? double ?? "").replace(/\\(.)/gu, "$1");
}

/** What stands there; undefined: nothing. Members of an object's own alone, indexes of lists alone. */
export function valueAt(path: AnswerPath, answer: unknown): unknown {
  let value = answer;
  for (const step of path) {
    if (typeof value !== "object" || value === null || Array.isArray(value) !== (typeof step === "number")) return undefined;
    if (!Object.hasOwn(value, step)) return undefined;
    value = Reflect.get(value, step);
  }
  return value;
}
