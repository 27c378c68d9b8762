import { styleText } from "node:util";
import type { CaseResult } from "../case.ts";

const MARKS = { passed: styleText("green", "✔"), failed: styleText("red", "✖"), skipped: styleText("yellow", "–") };

/** A result as a line, and what was wrong below it. */
export function resultLines({ name, source, basis, outcome }: CaseResult): string {
  const line = `${MARKS[outcome.kind]} ${name} ${styleText("dim", `(${source}, ${basis})`)}\n`;
  switch (outcome.kind) {
    case "passed":
      return line;
    case "skipped":
      return `${line}    skipped: ${outcome.reason}\n`;
    case "failed":
      return `${line}    ${outcome.problem}\n    expected: ${outcome.expected}\n    received: ${outcome.received}\n${outcome.curl === "" ? "" : `    ${outcome.curl}\n`}`;
  }
}

export interface Tally {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

export function tallyOf(results: readonly CaseResult[]): Tally {
  const count = (kind: CaseResult["outcome"]["kind"]): number => results.filter(({ outcome }) => outcome.kind === kind).length;
  return { passed: count("passed"), failed: count("failed"), skipped: count("skipped") };
}

export function tallyLine({ passed, failed, skipped }: Tally): string {
  return `${passed} passed, ${failed} failed, ${skipped} skipped`;
}
