import type { VendorValueType } from "@postern/contract";
import { type AnswerPath, valueAt } from "./answer-path.ts";

/** A constant in the type that JSON has for it. */
export type Constant = string | number | boolean;

/** When a customer's answer allows (CLUe §3): by its status, by what it holds, or by both. At least one of the two is there. */
export interface Judgment {
  /** Empty: any. */
  readonly statusCodes: readonly number[];
  readonly result: { readonly path: AnswerPath; readonly value: Constant } | null;
  readonly successMessage: AnswerPath | null;
  readonly failureMessage: AnswerPath | null;
}

/** Why an answer allows or does not. */
export type JudgedBecause =
  | "as_agreed"
  | "nothing_agreed"
  | "status_not_listed"
  | "result_missing"
  | "result_of_other_type"
  | "result_differs";

export interface Judged {
  readonly isAllowed: boolean;
  readonly because: JudgedBecause;
  /** For the device. */
  readonly message?: string;
}

/** Of a text for a device: five lines of twenty characters (CLUe §1.8), in any script. The rest is not shown. */
export const MESSAGE_LENGTH_MAX = 100;

/** Judges an answer that is JSON. Whatever does not match denies; the types of JSON are not converted. */
export function judgeAnswer(judgment: Judgment, { status, json }: { readonly status: number; readonly json: unknown }): Judged {
  const because = becauseOf(judgment, status, json);
  const isAllowed = because === "as_agreed";
  const path = isAllowed ? judgment.successMessage : judgment.failureMessage;
  const message = path === null ? null : shownText(valueAt(path, json));
  return { isAllowed, because, ...(message === null ? {} : { message }) };
}

function becauseOf({ statusCodes, result }: Judgment, status: number, json: unknown): JudgedBecause {
  if (statusCodes.length === 0 && result === null) return "nothing_agreed";
  // First, where both are wanted: what the answer holds is not looked at when its status is another one.
  if (statusCodes.length > 0 && !statusCodes.includes(status)) return "status_not_listed";
  if (result === null) return "as_agreed";
  const found = valueAt(result.path, json);
  if (found === undefined) return "result_missing";
  if (typeof found !== typeof result.value) return "result_of_other_type";
  return found === result.value ? "as_agreed" : "result_differs";
}

/** A text as a device may show it, in one line; null: it is none, or nothing is left of it. */
function shownText(value: unknown): string | null {
  if (typeof value !== "string") return null;
  const line = value
    .replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu, " ")
    .trim()
    .slice(0, MESSAGE_LENGTH_MAX)
    .toWellFormed();
  return line === "" ? null : line;
}

const JSON_NUMBER = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/;

/** A constant from its text; null: the text is none of that type. A whole number that JSON's readers would round is none. */
export function constantOf(type: VendorValueType, text: string): Constant | null {
  if (type === "STRING") return text;
  if (type === "BOOLEAN") return text === "true" ? true : text === "false" ? false : null;
  const number = JSON_NUMBER.test(text) ? Number(text) : Number.NaN;
  return Number.isFinite(number) && Math.abs(number) <= Number.MAX_SAFE_INTEGER ? number : null;
}
