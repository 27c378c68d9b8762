/** Who holds something that belongs to one person at a time. More than one only while it moves between two: see `newest`. */
export class HolderIndex<Key> {
  readonly #holders = new Map<Key, readonly number[]>();

  add(key: Key, id: number): void {
    this.#holders.set(key, [...(this.#holders.get(key) ?? []), id]);
  }

  remove(key: Key, id: number): void {
    const others = (this.#holders.get(key) ?? []).filter((holder) => holder !== id);
    if (others.length === 0) this.#holders.delete(key);
    else this.#holders.set(key, others);
  }

  /** The holder whose item is the newest by its revision, or null when there is none. */
  newest(key: Key, revisionOf: (id: number) => number): number | null {
    let found: number | null = null;
    for (const id of this.#holders.get(key) ?? []) if (found === null || revisionOf(id) > revisionOf(found)) found = id;
    return found;
  }
}
