import { CodedError } from "@postern/core";

/** What a command ends with. */
export const EXIT = { done: 0, failed: 1, refused: 3 } as const;

/** A failure whose text says what to do; the code goes to programs. */
export function failure(code: string, summary: string, cause?: unknown): CodedError {
  return new CodedError(code, { class: "caller", summary }, { cause });
}

/** One line for the person who typed the command. */
export function describeFailure(error: unknown): { readonly code: string; readonly text: string } {
  if (error instanceof CodedError) {
    const detail = error.context["detail"];
    const text = typeof detail === "string" && !error.message.includes(detail) ? `${error.message} ${detail}` : error.message;
    return { code: error.code, text };
  }
  const code = error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : "unexpected";
  return { code, text: error instanceof Error ? error.message : String(error) };
}
