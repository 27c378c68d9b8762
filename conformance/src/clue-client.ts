import { CALL_MS_MAX, RETRIES_MAX, RETRY_AFTER_SECONDS_MAX } from "./limits.ts";

export interface Call {
  readonly method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  /** From the host on, such as `/v1/events`. */
  readonly path: string;
  readonly query?: Readonly<Record<string, string | number | undefined>>;
  /** Sent as JSON; a string is sent as it is. */
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  /** In place of the suite's own key; null: none is sent. */
  readonly authorization?: string | null;
}

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** undefined: it is not JSON. */
  readonly body: unknown;
  /** The call as somebody types it; the key is `$API_KEY`. */
  readonly curl: string;
}

/** Calls one server with one key, and obeys when it asks to wait. */
export class ClueClient {
  readonly #baseUrl: string;
  readonly #apiKey: string;
  readonly #wait: (ms: number) => Promise<void>;
  #last: Answer | null = null;

  constructor({
    baseUrl,
    apiKey,
    wait,
  }: { readonly baseUrl: string; readonly apiKey: string; readonly wait: (ms: number) => Promise<void> }) {
    this.#baseUrl = baseUrl.replace(/\/+$/, "");
    this.#apiKey = apiKey;
    this.#wait = wait;
  }

  /** The last answer since `forget`, for a case that fails. */
  last(): Answer | null {
    return this.#last;
  }

  forget(): void {
    this.#last = null;
  }

  async call(call: Call): Promise<Answer> {
    for (let tries = 0; ; tries += 1) {
      const answer = await this.#send(call);
      const seconds = Number(answer.headers.get("retry-after"));
      const mayWait = answer.status >= 400 && seconds > 0 && seconds <= RETRY_AFTER_SECONDS_MAX && tries < RETRIES_MAX;
      if (!mayWait) return answer;
      await this.#wait(seconds * 1_000);
    }
  }

  /** For a report: a server may repeat the key in its answer. */
  withoutKey(text: string): string {
    return text.replaceAll(this.#apiKey, "$API_KEY");
  }

  /** The suite's key as it is sent, after something in place of `Bearer `. */
  authorization(before: string): string {
    return `${before}${this.#apiKey}`;
  }

  get(path: string, query: Call["query"] = {}): Promise<Answer> {
    return this.call({ method: "GET", path, query });
  }

  post(path: string, body: unknown): Promise<Answer> {
    return this.call({ method: "POST", path, body });
  }

  async #send({ method, path, query = {}, body, headers = {}, authorization = `Bearer ${this.#apiKey}` }: Call): Promise<Answer> {
    const parameters = new URLSearchParams();
    for (const [name, value] of Object.entries(query)) if (value !== undefined) parameters.append(name, String(value));
    const url = `${this.#baseUrl}${path}${parameters.size === 0 ? "" : `?${parameters}`}`;
    const sent = { accept: "*/*", ...(body === undefined ? {} : { "content-type": "application/json" }), ...headers };
    const text = body === undefined ? undefined : typeof body === "string" ? body : JSON.stringify(body);
    const response = await fetch(url, {
      method,
      headers: { ...sent, ...(authorization === null ? {} : { authorization }) },
      ...(text === undefined ? {} : { body: text }),
      redirect: "manual",
      signal: AbortSignal.timeout(CALL_MS_MAX),
    });
    const answered = await response.text();
    const shownKey = authorization === null ? null : this.withoutKey(authorization);
    const curl = curlOf({ method, url, headers: { ...sent, ...(shownKey === null ? {} : { authorization: shownKey }) }, text });
    this.#last = { status: response.status, headers: response.headers, text: answered, body: parsed(answered), curl };
    return this.#last;
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

interface Sent {
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly text: string | undefined;
}

/** Long bodies hold photos, which nobody types. */
function curlOf({ method, url, headers, text }: Sent): string {
  const parts = ["curl", "-X", method, `'${url}'`, ...Object.entries(headers).map(([name, value]) => `-H "${name}: ${value}"`)];
  if (text !== undefined) parts.push("-d", `'${text.length > 2_000 ? `${text.slice(0, 200)}…` : text.replaceAll("'", "'\\''")}'`);
  return parts.join(" ");
}
