import type { Asked, Case, CaseOutcome, CaseResult, Section } from "./case.ts";
import { Skipped, Unmet } from "./expect.ts";
import { SHOWN_TEXT_LENGTH_MAX } from "./limits.ts";

/** Asks every case of these sections, one after another, and tells of each as it ends; none begins after the signal. */
export async function runCases(
  sections: readonly Section[],
  asked: Asked,
  { onResult, signal }: { readonly onResult: (result: CaseResult) => void; readonly signal: AbortSignal },
): Promise<readonly CaseResult[]> {
  const results: CaseResult[] = [];
  for (const section of sections) {
    for (const each of section.cases) {
      if (signal.aborted) return results;
      const startMs = performance.now();
      const outcome = await outcomeOf(each, asked);
      const { name, source, basis } = each;
      const result = { section, name, source, basis, ms: performance.now() - startMs, outcome };
      results.push(result);
      onResult(result);
    }
  }
  return results;
}

async function outcomeOf({ run }: Case, asked: Asked): Promise<CaseOutcome> {
  asked.clue.forget();
  try {
    await run(asked);
    return { kind: "passed" };
  } catch (failure) {
    if (failure instanceof Skipped) return { kind: "skipped", reason: failure.message };
    const last = asked.clue.last();
    const curl = last?.curl ?? "";
    const shown = (text: string): string => cut(asked.clue.withoutKey(text));
    if (failure instanceof Unmet) {
      const received = last === null ? failure.received : `${failure.received}, in the answer ${last.status} ${last.text}`;
      return { kind: "failed", problem: failure.message, expected: shown(failure.expected), received: shown(received), curl };
    }
    // No answer at all: the connection was refused or cut, or it took too long.
    const because = failure instanceof Error ? failure.message : String(failure);
    return { kind: "failed", problem: because, expected: "an answer", received: shown(String(causeOf(failure) ?? because)), curl };
  }
}

function causeOf(failure: unknown): unknown {
  return failure instanceof Error ? failure.cause : undefined;
}

function cut(text: string): string {
  return text.length > SHOWN_TEXT_LENGTH_MAX ? `${text.slice(0, SHOWN_TEXT_LENGTH_MAX)}…` : text;
}
