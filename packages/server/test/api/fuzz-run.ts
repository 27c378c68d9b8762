import fc from "fast-check";
import { type ApiAnswer, OPERATOR } from "./api-world.ts";
import type { FuzzWorld } from "./fuzz-world.ts";
import { faultOf } from "./judge-answer.ts";
import type { FuzzedRequest } from "./requests.ts";

/** After so many the ids that exist are looked up anew. */
const ROUND_COUNT = 250;

/** As clients do: what they undo for each other is no fault either. */
const AT_ONCE = 4;

/** For making one failing request shorter. */
const SHORTEN_MS_MAX = 5_000;

export interface Tally {
  readonly done: number;
  readonly refused: number;
}

interface Fault {
  readonly seed: number;
  /** Of the request among those of the seed. */
  readonly index: number;
  /** The request and its answer, to read. */
  readonly as: string;
}

interface Asked {
  readonly name: string;
  /** Where and what; null when nothing is wrong. */
  readonly fault: string | null;
  readonly isRefused: boolean;
  readonly as: string;
}

export type Judge = (request: FuzzedRequest, answer: ApiAnswer, changes: readonly string[]) => string | null;

/** Sends requests made by chance and keeps what was wrong with their answers, one of each kind, and how often each operation was done and refused. */
export class FuzzRun {
  readonly #world: FuzzWorld;
  readonly #requests: fc.Arbitrary<FuzzedRequest>;
  readonly #judge: Judge;
  readonly #tallies = new Map<string, Tally>();
  readonly #faults = new Map<string, Fault>();

  constructor(world: FuzzWorld, requests: fc.Arbitrary<FuzzedRequest>, judge: Judge = faultOf) {
    this.#world = world;
    this.#requests = requests;
    this.#judge = judge;
  }

  /** By surface and operation. */
  get tallies(): ReadonlyMap<string, Tally> {
    return this.#tallies;
  }

  async send(seed: number, count: number): Promise<void> {
    for (let sent = 0; sent < count; sent += ROUND_COUNT) {
      await this.#world.refresh();
      await this.#sendRound(seed + sent, Math.min(ROUND_COUNT, count - sent));
    }
  }

  async #sendRound(seed: number, count: number): Promise<void> {
    const left = fc.sample(this.#requests, { seed, numRuns: count }).entries();
    const sender = async (): Promise<void> => {
      for (const [index, request] of left) {
        const asked = await this.#ask(request);
        this.#count(asked);
        if (asked.fault !== null && !this.#faults.has(asked.fault)) this.#faults.set(asked.fault, { seed, index, as: asked.as });
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, sender));
  }

  /** What was wrong since the last time, each with the shortest request that shows it and the seed it was made from. */
  async takeFaults(): Promise<Readonly<Record<string, string>>> {
    const faults = [...this.#faults];
    this.#faults.clear();
    const told: Record<string, string> = {};
    for (const [fault, found] of faults) told[fault] = `seed ${found.seed}, request ${found.index}: ${await this.#shortest(fault, found)}`;
    return told;
  }

  /** Shorter and shorter as long as the same is wrong. What shows only once, or only beside others, stays as it was. */
  async #shortest(fault: string, { seed, index, as }: Fault): Promise<string> {
    let shortest: string | null = null;
    const isRight = fc.asyncProperty(this.#requests, async (request) => {
      const asked = await this.#ask(request);
      if (asked.fault !== fault) return true;
      shortest = asked.as;
      return false;
    });
    await fc.check(isRight, { seed, path: String(index), numRuns: 1, interruptAfterTimeLimit: SHORTEN_MS_MAX });
    return shortest ?? `${as} (not when sent again)`;
  }

  async #ask(request: FuzzedRequest): Promise<Asked> {
    const { answer, changes } = await ask(this.#world, request);
    const { operation, url, text, headers } = request;
    const fault = this.#judge(request, answer, changes);
    const name = `${operation.surface} ${operation.id}`;
    return {
      name,
      fault: fault === null ? null : `${name}: ${fault}`,
      isRefused: answer.status >= 400,
      as: `${JSON.stringify({ method: operation.spec.method, url, headers, text })} answered ${answer.status} ${answer.text.slice(0, 1_000)}`,
    };
  }

  #count({ name, isRefused }: Asked): void {
    const { done, refused } = this.#tallies.get(name) ?? { done: 0, refused: 0 };
    this.#tallies.set(name, isRefused ? { done, refused: refused + 1 } : { done: done + 1, refused });
  }
}

/** Asks with the key that the operation wants, and tells what was committed on the way. */
export async function ask({ api, key }: FuzzWorld, { operation, url, text, headers }: FuzzedRequest) {
  const { method, access } = operation.spec;
  const call = { method, url, headers, ...(text === undefined ? {} : { text }), key: access === "operator" ? OPERATOR : key };
  const { result: answer, changes } = await api.watched.during(() => api.call(call));
  api.keys.time.nowMs += 500;
  return { answer, changes };
}
