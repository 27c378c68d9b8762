import type { Explanation, NativeOperationId, WhatIfAnswer } from "@postern/contract";
import type { Paint } from "../output.ts";

/** An answer told in sentences, and whether it says no. */
interface AnswerText {
  readonly lines: readonly string[];
  readonly isRefusal?: boolean;
}

type Write = (answer: unknown, paint: Paint) => AnswerText;

/** Answers that a table would not tell. */
export const ANSWER_TEXTS: Partial<Readonly<Record<NativeOperationId, Write>>> = {
  // biome-ignore lint/nursery/noUnsafeTypeAssertion: the contract says what this operation answers.
  whatIf: (answer, paint) => whatIfText(answer as WhatIfAnswer, paint),
  // biome-ignore lint/nursery/noUnsafeTypeAssertion: as above.
  explainEvent: (answer, paint) => explanationText(answer as Explanation, paint),
};

function whatIfText(answer: WhatIfAnswer, paint: Paint): AnswerText {
  const isOpen = answer.outcome === "granted" || answer.outcome === "unlocked";
  const who = answer.person === null ? "somebody unknown" : `${answer.person.name} / ${answer.person.userKey}`;
  const head = `${(isOpen ? paint.good : paint.bad)(answer.outcome)}  door ${answer.doorId}, ${answer.localTime}, ${who}`;
  return { lines: [head, answer.text, ...stepLines(answer, paint)], isRefusal: !isOpen };
}

function stepLines({ steps }: WhatIfAnswer, paint: Paint): string[] {
  const width = Math.max(0, ...steps.map(({ rule }) => rule.length));
  return steps.map(({ rule, passed, text }) => `  ${passed ? paint.good("✓") : paint.bad("✗")} ${rule.padEnd(width)}  ${paint.dim(text)}`);
}

function explanationText({ eventType, meaning, text, now }: Explanation, paint: Paint): AnswerText {
  const lines = [`${paint.strong(eventType)}  ${meaning}`, text];
  if (now === null) return { lines };
  return { lines: [...lines, "", "With what the doors hold now:", ...whatIfText(now, paint).lines.map((line) => `  ${line}`)] };
}
