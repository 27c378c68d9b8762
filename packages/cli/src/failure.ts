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
  const taken = takenPort(error);
  if (taken !== null)
    return {
      code: "port_taken",
      text: `Port ${taken} is taken by another program. Choose others with POSTERN_HTTP_PORT and POSTERN_MQTT_PORT.`,
    };
  const code = error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : "unexpected";
  return { code, text: error instanceof Error ? error.message : String(error) };
}

function takenPort(error: unknown): string | null {
  if (!(error instanceof Error) || !("code" in error) || error.code !== "EADDRINUSE") return null;
  return "port" in error ? String(error.port) : "?";
}
