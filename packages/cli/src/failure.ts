import { CodedError } from "@postern/core";

/** What a command ends with. */
export const EXIT = { done: 0, failed: 1, refused: 3 } as const;

/** A failure whose text says what to do; the code goes to programs. */
export function failure(code: string, summary: string, cause?: unknown): CodedError {
  return new CodedError(code, { class: "caller", summary }, { cause });
}

/** What to do about failures of other packages, whose texts say only what is. */
const ADVICE: Readonly<Record<string, string>> = {
  already_claimed: "Leave out --claim to go on as that controller, or name another folder with --data-dir.",
  claim_code_expired: "Make another with `postern controller claim-code`.",
  claim_code_wrong: "Make another with `postern controller claim-code`.",
  data_directory_taken: "Stop that one first, or name another folder with --data-dir.",
  server_away: "Is it running, and is its address right?",
  virtual_driver_away: "Its process may have been killed: start it again, the server with `npm start`.",
};

/** One line for the person who typed the command. */
export function describeFailure(error: unknown): { readonly code: string; readonly text: string } {
  if (error instanceof CodedError) {
    const detail = error.context["detail"];
    const said = typeof detail === "string" && !error.message.includes(detail) ? `${error.message} ${detail}` : error.message;
    const advice = ADVICE[error.code];
    return { code: error.code, text: advice === undefined || said.includes("`") ? said : `${said} ${advice}` };
  }
  return { code: errorCode(error) ?? "unexpected", text: error instanceof Error ? error.message : String(error) };
}

/** The code Node.js or the operating system gave an error, or null. */
export function errorCode(error: unknown): string | null {
  return error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : null;
}
