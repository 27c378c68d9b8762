/** One request that is being answered under a key. */
export interface WaitingRequest {
  /** Aborted when the key ends. */
  readonly ended: AbortSignal;
  /** Call it once, when the request is answered. */
  leave(): void;
}

/** The keys under which requests are being answered here, so that one which waits does not outlive its key. */
export class WaitingKeys {
  readonly #requests = new Map<string, Set<AbortController>>();

  enter(keyId: string): WaitingRequest {
    const ending = new AbortController();
    const requests = this.#requests.get(keyId) ?? new Set();
    this.#requests.set(keyId, requests.add(ending));
    const leave = (): void => {
      requests.delete(ending);
      if (requests.size === 0 && this.#requests.get(keyId) === requests) this.#requests.delete(keyId);
    };
    return { ended: ending.signal, leave };
  }

  keyIds(): readonly string[] {
    return [...this.#requests.keys()];
  }

  /** Ends what is answered under a key that was revoked or has ended. */
  end(keyId: string): void {
    for (const ending of this.#requests.get(keyId) ?? []) ending.abort();
  }
}
