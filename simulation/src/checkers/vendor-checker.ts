import { type AnswerFrame, type AskFrame, type LinkEvent, VENDOR_BUDGET_MS } from "@postern/contract";
import { VENDOR_REST_MS } from "@postern/door/internal";
import type { VendorQuestion } from "@postern/server/internal";
import type { Life } from "../time/life.ts";
import type { Accuse } from "./violation.ts";

/** Between what is seen on the wire and what a door does about it, by two clocks. */
const AROUND_MS = 100;

/** Silences that a door says of by itself, without any answer. */
const DOORS_OWN: ReadonlySet<unknown> = new Set(["timeout", "link_down", "link_lost", "stopping"]);

/** One question of a door, from its frame to the event that ends it. */
interface Ask {
  readonly frame: AskFrame;
  readonly life: Life | null;
  readonly atMs: number;
  answer: AnswerFrame["verdict"] | null;
  answeredMs: number;
}

interface Refusal {
  readonly key: string;
  readonly life: Life | null;
  readonly recordedMs: number;
  readonly untilMs: number;
}

/** The customer's own server is asked once, and what it says decides: its yes alone is a yes, and nobody passes its no. */
export class VendorChecker {
  readonly #accuse: Accuse;
  /** By machine: what has not come to an end. */
  readonly #asks = new Map<string, Ask[]>();
  readonly #refusals = new Map<string, Refusal[]>();
  /** By content, how often doors asked so, and how often the customer's server was called so. */
  readonly #askCounts = new Map<string, number>();
  readonly #callCounts = new Map<string, number>();
  readonly #confirmed = new Set<number>();

  constructor(accuse: Accuse) {
    this.#accuse = accuse;
  }

  /** Whether the customer has ever confirmed this person. */
  isKnown(authId: number): boolean {
    return this.#confirmed.has(authId);
  }

  asked(machine: string, life: Life | null, frame: AskFrame, atMs: number): void {
    const key = keyOf(frame);
    count(this.#askCounts, `${frame.doorId} ${key}`);
    const asks = (this.#asks.get(machine) ?? []).filter((ask) => ask.life === life);
    const isAskedAlready = asks.some(
      (ask) =>
        ask.answer === null &&
        keyOf(ask.frame) === key &&
        ask.frame.session === frame.session &&
        atMs - ask.atMs < VENDOR_BUDGET_MS - AROUND_MS,
    );
    if (isAskedAlready) this.#accuse("one ask", `${machine} asks about ${key} although it waits for that answer`);
    const isRefused = this.#refusals
      .get(machine)
      ?.some((one) => one.life === life && one.key === key && atMs > one.recordedMs && atMs < one.untilMs);
    if (isRefused === true) this.#accuse("one ask", `${machine} asks about ${key} again just after it was refused`);
    this.#asks.set(machine, [...asks, { frame, life, atMs, answer: null, answeredMs: 0 }]);
  }

  answered(machine: string, { askId, verdict }: AnswerFrame, atMs: number): void {
    const ask = this.#asks.get(machine)?.find((one) => one.frame.askId === askId);
    if (ask === undefined || ask.answer !== null) return;
    ask.answer = verdict;
    ask.answeredMs = atMs;
  }

  called({ doorId, deviceId, authId, presented }: VendorQuestion): void {
    const content = `${doorId} ${keyOf({ deviceId, authId, presented })}`;
    const calls = count(this.#callCounts, content);
    if (calls > (this.#askCounts.get(content) ?? 0)) this.#accuse("one call", `the customer is called for the ${calls}th time: ${content}`);
  }

  recorded(machine: string, life: Life | null, event: LinkEvent, atMs: number): void {
    const { eventType } = event;
    if (eventType === "VENDOR_AUTH_SUCCESS") this.#confirm(machine, event, atMs);
    else if (eventType === "VENDOR_AUTH_WAIVED") this.#waive(machine, event);
    else if (eventType === "VENDOR_AUTH_FAIL") this.#fail(machine, life, event, atMs);
  }

  #confirm(machine: string, event: LinkEvent, atMs: number): void {
    const ask = this.#spend(machine, event, ({ answer }) => answer === "confirmed");
    const who = `auth ${event.authId ?? "of nobody"} at door ${event.doorId ?? 0}`;
    if (ask === null) this.#accuse("confirmation", `${machine} writes down a yes to ${who} that the customer did not give`);
    if (event.authId === undefined) return;
    this.#confirmed.add(event.authId);
    if (ask !== null && atMs - ask.atMs > VENDOR_BUDGET_MS + AROUND_MS)
      this.#accuse("in time", `${machine} lets ${who} in ${atMs - ask.atMs} ms after it asked`);
  }

  #waive(machine: string, event: LinkEvent): void {
    const isDoorsOwn = DOORS_OWN.has(event.detail?.["vendorReason"]);
    const ask = this.#spend(machine, event, ({ answer }) => isDoorsOwn || answer === "silent");
    if (ask === null && !isDoorsOwn)
      this.#accuse("confirmation", `${machine} says that the customer was silent on auth ${event.authId ?? 0}, and it was not`);
  }

  #fail(machine: string, life: Life | null, event: LinkEvent, atMs: number): void {
    if (event.detail?.["reason"] !== "vendor_refused") {
      if (event.authId !== undefined) this.#spend(machine, event, () => true);
      return;
    }
    const ask = this.#spend(machine, event, ({ answer }) => answer === "refused");
    if (ask === null) {
      this.#accuse("confirmation", `${machine} writes down a no to auth ${event.authId ?? 0} that nobody gave`);
      return;
    }
    const refusal = { key: keyOf(ask.frame), life, recordedMs: atMs, untilMs: ask.answeredMs + VENDOR_REST_MS - AROUND_MS };
    this.#refusals.set(machine, [...(this.#refusals.get(machine) ?? []).slice(-20), refusal]);
  }

  /** Each question about a person ends once. Of several about nobody an event does not say which one: only their yes ends it. */
  #spend(machine: string, { doorId, authId }: LinkEvent, isMeant: (ask: Ask) => boolean): Ask | null {
    const asks = this.#asks.get(machine) ?? [];
    const ask = asks.find(({ frame, ...rest }) => frame.doorId === doorId && frame.authId === authId && isMeant({ frame, ...rest }));
    if (ask === undefined) return null;
    if (authId === undefined && ask.answer !== "confirmed") return ask;
    this.#asks.set(
      machine,
      asks.filter((one) => one !== ask),
    );
    return ask;
  }
}

function keyOf({ deviceId, authId, presented }: { deviceId: number; authId?: number | null; presented?: string | undefined }): string {
  return `${deviceId} ${authId ?? "nobody"} ${presented ?? ""}`;
}

function count(counts: Map<string, number>, key: string): number {
  const next = (counts.get(key) ?? 0) + 1;
  counts.set(key, next);
  return next;
}
