import type { BrowserClock } from "./browser-time.ts";
import type { PhoneClock } from "./phone-clock.ts";
import type { Heard } from "./phone-view.ts";

/** Longer than that nobody stands before a door: the page goes on with what it knows, and asks again. */
const ANSWER_MS_MAX = 5_000;

export interface ServerCallsDeps {
  readonly qid: string;
  readonly clock: BrowserClock;
  readonly phoneClock: PhoneClock;
}

/** What the page asks the server that it came from. */
export class ServerCalls {
  readonly #deps: ServerCallsDeps;

  constructor(deps: ServerCallsDeps) {
    this.#deps = deps;
  }

  /** Looks, and changes nothing. */
  look(): Promise<Heard> {
    return this.#ask({ method: "GET" });
  }

  /** Makes this QR the phone's own; where another was sooner, it is told who. */
  bind(publicKey: string): Promise<Heard> {
    return this.#ask({ method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify({ publicKey }) });
  }

  async #ask(request: RequestInit): Promise<Heard> {
    const { qid, clock, phoneClock } = this.#deps;
    const sentMs = clock.monotonicMs();
    try {
      const answer = await fetch(`dynamic/qrs/${qid}`, { ...request, cache: "no-store", signal: AbortSignal.timeout(ANSWER_MS_MAX) });
      if (answer.status === 404) return { kind: "gone" };
      // Another phone was sooner, or it has ended: looking says which.
      if (answer.status === 409) return this.look();
      if (!answer.ok) return { kind: "away" };
      const { serverMs, ...qr } = await answer.json();
      phoneClock.heard(serverMs, clock.monotonicMs() - sentMs);
      return { kind: "qr", qr, serverMs };
    } catch {
      return { kind: "away" };
    }
  }
}
