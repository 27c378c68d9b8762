import { requestJson } from "../claim/request-json.ts";

/**
 * The server's time as its health page tells it, or null. Anybody on the way could forge it, so it dates the next token and nothing else: a
 * wrong one is a token that is refused.
 */
export async function askServerTime(serverUrl: string, signal: AbortSignal): Promise<number | null> {
  try {
    const { body, date } = await requestJson(new URL("/healthz", serverUrl), { method: "GET", signal });
    if (typeof body === "object" && body !== null && "nowMs" in body && typeof body.nowMs === "number") return body.nowMs;
    const dateMs = Date.parse(date ?? "");
    return Number.isNaN(dateMs) ? null : dateMs;
  } catch {
    return null;
  }
}
