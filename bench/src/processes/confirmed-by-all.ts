/** From when on every one of some controllers was at a revision or beyond it. */
export class ConfirmedByAll {
  readonly #reached: Map<number, number>;
  /** The lowest revision of all, each time it rose. */
  readonly #rises: { readonly revision: number; readonly atMs: number }[] = [];
  #lowest = 0;

  constructor(controllerIds: readonly number[]) {
    this.#reached = new Map(controllerIds.map((controllerId) => [controllerId, 0]));
  }

  heard(controllerId: number, revision: number, atMs: number): void {
    const before = this.#reached.get(controllerId);
    if (before === undefined || revision <= before) return;
    this.#reached.set(controllerId, revision);
    // Only one of the last can bring all further: this runs in the server that is measured.
    if (before > this.#lowest) return;
    const lowest = Math.min(...this.#reached.values());
    if (lowest > this.#lowest) this.#rises.push({ revision: lowest, atMs });
    this.#lowest = lowest;
  }

  /** Null: not all are there yet. */
  since(revision: number): number | null {
    return this.#rises.find((rise) => rise.revision >= revision)?.atMs ?? null;
  }
}
