import { LINK_CODES, NATIVE_CODES, type Problem } from "@postern/contract";
import type { FailureClass } from "@postern/core";
import { PosternError } from "./postern-error.ts";

/** What stands between the server and us answers for itself, without a code. Whether the server had the request then: nobody knows. */
const CLASS_OF_STATUS: ReadonlyMap<number, FailureClass> = new Map([
  [408, "ambiguous"],
  [429, "transient"],
  [502, "ambiguous"],
  [503, "transient"],
  [504, "ambiguous"],
]);

/** A refusal as an error: a problem document (RFC 9457) in the server's words, anything else by its status alone. */
export function failureOf(response: Response, body: unknown): PosternError {
  const { status } = response;
  const around = { status, requestId: response.headers.get("x-request-id"), retryAfterS: retryAfterOf(response) };
  const code = text(member(body, "code"));
  if (code === null) {
    const failureClass = CLASS_OF_STATUS.get(status) ?? (status >= 500 ? "bug" : "caller");
    return new PosternError(`http_${status}`, { ...around, class: failureClass, text: `The server answered ${status}.` });
  }
  const problems = problemsOf(member(body, "errors"));
  const words = text(member(body, "detail")) ?? text(member(body, "title")) ?? `The server answered ${status}.`;
  return new PosternError(code, { ...around, problems, class: classOf(code, status), text: words });
}

function classOf(code: string, status: number): FailureClass {
  const codes: Readonly<Record<string, { readonly class: FailureClass }>> = { ...LINK_CODES, ...NATIVE_CODES };
  return (Object.hasOwn(codes, code) ? codes[code]?.class : undefined) ?? CLASS_OF_STATUS.get(status) ?? (status >= 500 ? "bug" : "caller");
}

/** RFC 9110 §10.2.3 in its form of seconds, which is the one the server uses. */
function retryAfterOf(response: Response): number | null {
  const header = response.headers.get("retry-after") ?? "";
  return /^\d{1,9}$/.test(header) ? Number(header) : null;
}

function problemsOf(value: unknown): readonly Problem[] {
  if (!Array.isArray(value)) return [];
  return value.flatMap((each: unknown) => {
    const [field, message] = [text(member(each, "field")), text(member(each, "message"))];
    if (field === null || message === null) return [];
    const [sent, authId] = [member(each, "rejectedValue"), member(each, "authId")];
    const isPlain = typeof sent === "string" || typeof sent === "number" || typeof sent === "boolean";
    return [{ field, message, ...(isPlain ? { rejectedValue: sent } : {}), ...(typeof authId === "number" ? { authId } : {}) }];
  });
}

function member(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null ? Reflect.get(value, name) : undefined;
}

function text(value: unknown): string | null {
  return typeof value === "string" ? value : null;
}
