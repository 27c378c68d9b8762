import { type PosternClient, posternClient } from "@postern/client";
import type { Clock } from "@postern/core";
import { CALL_MS_MAX } from "../limits.ts";
import type { Journal } from "./journal.ts";

export interface AskingParts {
  readonly baseUrl: string;
  readonly key: string;
  readonly clock: Clock;
  readonly journal: Journal;
}

/** What one call, with all its tries, is known to have come to. */
export type Answer =
  | { readonly outcome: "done"; readonly body: unknown }
  | { readonly outcome: "refused" | "unknown"; readonly code: string };

/** Seconds that a call waits for the doors. */
const WAIT_S = 3;

/** Answers by which a server says that it has not done what was asked (RFC 9110 §15.5; 503 is `transient` in v2's catalogue). */
function saysNotDone(status: number): boolean {
  return (status >= 400 && status < 500 && status !== 408) || status === 503;
}

/**
 * One who asks the API, one call at a time, by the product's client or as an old integration does, and notes what was answered. What the tries of
 * a call came to is judged by their statuses alone, beside what the client makes of them.
 */
export class Asking {
  readonly #parts: AskingParts;
  readonly client: PosternClient;
  /** The statuses of the present call's tries; null: not answered. */
  #statuses: (number | null)[] = [];
  #waits = false;

  constructor(parts: AskingParts) {
    this.#parts = parts;
    const { baseUrl, key } = parts;
    this.client = posternClient({ baseUrl, key, timeoutMs: CALL_MS_MAX, fetch: (input, init) => this.#fetch(input, init) });
  }

  /** By v2 and the client. */
  async ask(call: (client: PosternClient) => Promise<unknown>, waits = false): Promise<Answer> {
    this.#statuses = [];
    this.#waits = waits;
    try {
      return { outcome: "done", body: await call(this.client) };
    } catch (failure) {
      return { outcome: this.#isRefused() ? "refused" : "unknown", code: codeOf(failure) };
    }
  }

  /** By v1, once. */
  async askV1(method: string, path: string, body: unknown, waits: boolean): Promise<Answer> {
    const { baseUrl, key } = this.#parts;
    this.#statuses = [];
    this.#waits = waits;
    try {
      const response = await this.#fetch(new URL(path, baseUrl), {
        method,
        headers: { authorization: `Bearer ${key}`, ...(body === undefined ? {} : { "content-type": "application/json" }) },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        signal: AbortSignal.timeout(CALL_MS_MAX),
      });
      const answer: unknown = JSON.parse(await response.text());
      if (response.ok) return { outcome: "done", body: answer };
      const code = clueCodeOf(answer);
      // CLUe's e1000 says nothing about whether it was done.
      return { outcome: response.status < 500 && code !== "e1000" ? "refused" : "unknown", code };
    } catch (failure) {
      return { outcome: "unknown", code: codeOf(failure) };
    }
  }

  async #fetch(input: string | URL | Request, init: RequestInit = {}): Promise<Response> {
    const at = this.#statuses.push(null) - 1;
    const headers = new Headers(init.headers);
    if (this.#waits) headers.set("prefer", `wait=${WAIT_S}`);
    const response = await fetch(input, { ...init, headers });
    this.#statuses[at] = response.status;
    this.#noteDoors(response.headers.get("postern-doors"));
    return response;
  }

  #isRefused(): boolean {
    return this.#statuses.length > 0 && this.#statuses.every((status) => status !== null && saysNotDone(status));
  }

  /** `revision=42, confirmed=(1000 1001), …`: known from the moment it was read. */
  #noteDoors(header: string | null): void {
    const [, revision, ids = ""] = /^revision=(\d+), confirmed=\(([\d ]*)\)/.exec(header ?? "") ?? [];
    if (revision === undefined) return;
    const { journal, clock } = this.#parts;
    for (const id of ids.split(" ").filter((each) => each !== "")) journal.confirm(Number(id), Number(revision), clock.nowMs());
  }
}

function codeOf(failure: unknown): string {
  const code = failure instanceof Error && "code" in failure ? failure.code : undefined;
  return typeof code === "string" ? code : failure instanceof Error ? failure.name : "unknown";
}

function clueCodeOf(answer: unknown): string {
  const text = JSON.stringify(answer);
  return /"code":"([a-z]\d{4})"/.exec(text)?.[1] ?? "http";
}
