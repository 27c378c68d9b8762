import type { ItemKey } from "@postern/core";
import type { HeldItem, ReplicaStore } from "@postern/door/internal";
import { textOf } from "./place-history.ts";

/** What stands on the disk of one replica, item by item, as one text each; absent: not held. */
export class HeldItems {
  readonly #texts = new Map<ItemKey, string>();
  /** Items that were spoiled on the disk, and not written since. */
  readonly spoiled = new Set<ItemKey>();

  write(writes: readonly HeldItem[]): void {
    for (const write of writes) {
      this.spoiled.delete(write.key);
      if (write.kind === "item") this.#texts.set(write.key, textOf(write.item));
      else this.#texts.delete(write.key);
    }
  }

  /** Reads the disk anew: it was exchanged. */
  reload(store: ReplicaStore): void {
    this.#texts.clear();
    this.spoiled.clear();
    this.write(store.load().items);
  }

  text(key: ItemKey): string | undefined {
    return this.#texts.get(key);
  }

  keys(): IterableIterator<ItemKey> {
    return this.#texts.keys();
  }
}
