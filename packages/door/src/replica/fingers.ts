import type { ItemKey } from "@postern/core";
import type { HeldItem } from "./held-item.ts";

/** Whoever compares fingers, or faces: told what an auth holds now; an empty list when it holds none any more. */
export type FingerWatcher = (authId: number, templates: readonly string[]) => void;

/** The templates that are held, for the readers that compare them. */
export class Fingers {
  readonly #kind: "templates" | "faceTemplates";
  readonly #templates = new Map<number, readonly string[]>();
  #watcher: FingerWatcher = () => undefined;

  /** `faceTemplates`: the same of faces. */
  constructor(kind: "templates" | "faceTemplates") {
    this.#kind = kind;
  }

  watch(watcher: FingerWatcher): void {
    this.#watcher = watcher;
    for (const [authId, templates] of this.#templates) watcher(authId, templates);
  }

  /** A failed item takes away what it should have replaced, as it does everywhere. */
  follow(write: HeldItem): void {
    const authId = authIdOf(write.key);
    if (authId !== null) this.#put(authId, write.kind === "item" ? (write[this.#kind] ?? []) : []);
  }

  forget(key: ItemKey): void {
    const authId = authIdOf(key);
    if (authId !== null) this.#put(authId, []);
  }

  /** A change that leaves them as they were is none for the readers. */
  #put(authId: number, templates: readonly string[]): void {
    const before = this.#templates.get(authId) ?? [];
    if (before.length === templates.length && before.every((one, index) => one === templates[index])) return;
    if (templates.length === 0) this.#templates.delete(authId);
    else this.#templates.set(authId, templates);
    this.#watcher(authId, templates);
  }
}

function authIdOf(key: ItemKey): number | null {
  return key.startsWith("auth:") ? Number(key.slice("auth:".length)) : null;
}
