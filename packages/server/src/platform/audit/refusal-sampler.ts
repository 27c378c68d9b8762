import type { Clock, Log } from "@postern/core";
import type { KeyRefusal } from "../access/verify-key.ts";
import type { Database } from "../database.ts";
import { type AuditEntry, writeAudit } from "./audit-store.ts";
import { REFUSED_CALLS_PER_KEY_MAX, REFUSED_KEYS_MAX } from "./limits.ts";

/** A call that was refused to a key of ours: one that may not do this, or one that has ended. */
export interface RefusedCall {
  readonly keyId: string;
  readonly placeGroupId: number;
  readonly because: "not_permitted" | KeyRefusal;
  /** Method and pattern of the route. */
  readonly call: string;
}

export interface RefusalSamplerDeps {
  readonly database: Database;
  readonly clock: Clock;
  readonly log: Log;
}

interface Sample {
  readonly refused: RefusedCall;
  readonly firstMs: number;
  count: number;
}

/** In place of the calls beyond those that are told apart. */
const OTHER_CALLS = "others";

/**
 * Refusals for the audit log, counted in memory and written now and then, so that refusing costs a request nothing and nobody can fill the log by being
 * refused. What has not been written when a server dies is lost: they tell an administrator that somebody tries, and prove nothing.
 */
export class RefusalSampler {
  readonly #deps: RefusalSamplerDeps;
  /** By key, then by what was refused. */
  #samples = new Map<string, Map<string, Sample>>();
  #uncounted = 0;

  constructor(deps: RefusalSamplerDeps) {
    this.#deps = deps;
  }

  note(refused: RefusedCall): void {
    const ofKey = this.#samples.get(refused.keyId) ?? this.#begin(refused.keyId);
    if (ofKey === null) {
      this.#uncounted += 1;
      return;
    }
    const isTold = ofKey.has(nameOf(refused)) || ofKey.size < REFUSED_CALLS_PER_KEY_MAX;
    const told = isTold ? refused : { ...refused, call: OTHER_CALLS };
    const sample = ofKey.get(nameOf(told));
    if (sample === undefined) ofKey.set(nameOf(told), { refused: told, firstMs: this.#deps.clock.nowMs(), count: 1 });
    else sample.count += 1;
  }

  /** Writes what was counted since the last time; a failure is thrown, and what was to be written is dropped. */
  async flush(): Promise<void> {
    const { database, log } = this.#deps;
    const samples = [...this.#samples.values()].flatMap((ofKey) => [...ofKey.values()]);
    if (this.#uncounted > 0) log.warn("audit.refusals_uncounted", { count: this.#uncounted });
    this.#samples = new Map();
    this.#uncounted = 0;
    if (samples.length > 0) await database.transaction((tx) => writeAudit(tx, ...samples.map(auditEntry)));
  }

  #begin(keyId: string): Map<string, Sample> | null {
    if (this.#samples.size >= REFUSED_KEYS_MAX) return null;
    const ofKey = new Map<string, Sample>();
    this.#samples.set(keyId, ofKey);
    return ofKey;
  }
}

function nameOf({ because, call }: RefusedCall): string {
  return `${because} ${call}`;
}

function auditEntry({ refused, firstMs, count }: Sample): AuditEntry {
  const { keyId, placeGroupId, because, call } = refused;
  return {
    by: { keyId, source: "API_TOKEN" },
    placeGroupId,
    placeId: null,
    atMs: firstMs,
    action: "call.refused",
    target: { kind: "call", id: call },
    outcome: "refused",
    detail: { because, count },
  };
}
