import { COMMON_SCOPE, type ItemKey, itemScopes } from "@postern/core";
import type { HeldItems } from "./held-items.ts";
import type { PlaceHistory, Version } from "./place-history.ts";
import type { Accuse } from "./violation.ts";

/** A machine by its name, and the doors it serves. */
export interface RosterHolder {
  readonly name: string;
  readonly layout: { readonly doors: readonly { readonly doorId: number }[] };
}

/** How far a replica says it is. */
export interface Claim {
  readonly epoch: string;
  readonly urgentTo: number;
}

export function isFor(machine: RosterHolder, { item }: Version): boolean {
  if (item === null) return false;
  return itemScopes(item).some((scope) => scope === COMMON_SCOPE || machine.layout.doors.some(({ doorId }) => doorId === scope));
}

/** What a replica claims to hold, it holds; what it has at the end is what it should. */
export class RosterChecker {
  readonly #history: PlaceHistory;
  readonly #accuse: Accuse;

  constructor(history: PlaceHistory, accuse: Accuse) {
    this.#history = history;
    this.#accuse = accuse;
  }

  /** A controller says that it has everything urgent up to a revision: nothing it holds may be older than that. */
  claimed(machine: RosterHolder, held: HeldItems, { epoch, urgentTo }: Claim): void {
    for (const key of this.#history.keys()) {
      const versions = this.#history.of(key);
      const isAuth = key.startsWith("auth:");
      if (isAuth && versions.length < 2) continue;
      const text = held.text(key);
      if (text === undefined && (isAuth || !versions.some((version) => isFor(machine, version)))) continue;
      const from = this.#history.indexAt(key, epoch, urgentTo);
      if (from < 0 || held.spoiled.has(key)) continue;
      if (text !== undefined && versions.slice(from).some((version) => isFor(machine, version) && version.text === text)) continue;
      if (text === undefined && versions.slice(from).some((version) => !isFor(machine, version))) continue;
      this.#accuse("claims", `${machine.name} says it is at ${urgentTo} of ${epoch} and holds ${describe(text, versions[from])} of ${key}`);
    }
  }

  /** Everything was mended long enough ago: the replica holds what it should, and nothing else. */
  judge(machine: RosterHolder, held: HeldItems): void {
    const wrong: ItemKey[] = [];
    for (const key of new Set([...this.#history.keys(), ...held.keys()])) {
      const now = this.#history.now(key);
      const wanted = now !== undefined && isFor(machine, now) ? now.text : undefined;
      if (held.text(key) !== wanted || held.spoiled.has(key)) wrong.push(key);
    }
    if (wrong.length > 0)
      this.#accuse("convergence", `${machine.name} does not hold what it should: ${wrong.slice(0, 5).join(", ")} (${wrong.length})`);
  }
}

function describe(text: string | undefined, wanted: Version | undefined): string {
  if (text === undefined) return "nothing";
  return `something older than revision ${wanted?.revision ?? 0}`;
}
