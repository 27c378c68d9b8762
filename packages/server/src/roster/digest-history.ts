import { addSums, COMMON_SCOPE, rosterDigest, subtractSums } from "@postern/core";

/** What one revision added to one scope's total. */
export interface ScopeDelta {
  readonly revision: number;
  readonly scope: number;
  readonly delta: bigint;
}

/** The totals of a place's scopes at its head, and what each recent revision added: so the digest a controller should have had is known. */
export class DigestHistory {
  readonly #deltasMax: number;
  #head = 0;
  #from = 0;
  #totals = new Map<number, bigint>();
  #deltas: ScopeDelta[] = [];

  constructor(deltasMax: number) {
    this.#deltasMax = deltasMax;
  }

  /** Begins anew with the totals as they were at `head`. */
  reset(head: number, totals: ReadonlyMap<number, bigint>): void {
    this.#head = head;
    this.#from = head;
    this.#totals = new Map(totals);
    this.#deltas = [];
  }

  /** Adds the deltas of the revisions after the head, in order, up to `head`. */
  advance(head: number, deltas: readonly ScopeDelta[]): void {
    for (const delta of deltas) this.#totals.set(delta.scope, addSums(this.#totals.get(delta.scope) ?? 0n, delta.delta));
    this.#deltas.push(...deltas);
    this.#head = head;
    const excess = this.#deltas.length - this.#deltasMax;
    if (excess > 0) this.#from = this.#deltas.splice(0, excess).at(-1)?.revision ?? this.#from;
  }

  /** The digest of all that a controller of these doors should hold at `revision`; null when that is older or newer than what is known here. */
  digestAt(revision: number, doorIds: readonly number[]): string | null {
    if (revision < this.#from || revision > this.#head) return null;
    const sums = new Map([COMMON_SCOPE, ...doorIds].map((scope) => [scope, this.#totals.get(scope) ?? 0n]));
    for (let index = this.#deltas.length - 1; index >= 0; index -= 1) {
      const delta = this.#deltas[index];
      if (delta === undefined || delta.revision <= revision) break;
      const sum = sums.get(delta.scope);
      if (sum !== undefined) sums.set(delta.scope, subtractSums(sum, delta.delta));
    }
    return rosterDigest([...sums].map(([scope, sum]) => ({ scope, sum })));
  }
}
