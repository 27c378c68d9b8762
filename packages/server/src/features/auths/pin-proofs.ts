import { ClueError } from "@postern/contract";
import { type PinVerifier, pinVerifier, type Random, uniquePinKey } from "@postern/core";
import pLimit from "p-limit";
import { PIN_PROOFS_AT_ONCE_MAX, PIN_PROOFS_RETRY_S, PIN_PROOFS_WAITING_MAX } from "./limits.ts";

/** A PIN, and what doors check it with. */
export interface ProvenPin {
  readonly digits: string;
  readonly verifier: PinVerifier;
}

/** A unique PIN, and what it is looked up by at its place. */
export interface ProvenUniquePin {
  readonly digits: string;
  readonly hash: string;
}

/** The PINs that a request names: null takes one away, undefined leaves it alone. */
export interface PinProofs {
  readonly pin: ProvenPin | null | undefined;
  readonly uniquePin: ProvenUniquePin | null | undefined;
}

/** Makes what proves PINs, off the event loop and a few at a time. Called before a transaction, so that nobody waits for a lock meanwhile. */
export class PinProver {
  readonly #random: Random;
  readonly #limit = pLimit(PIN_PROOFS_AT_ONCE_MAX);

  constructor(random: Random) {
    this.#random = random;
  }

  /** `placeSalt` is asked for where there is a unique PIN. Fails with `e1010` when too many wait. */
  async prove(
    { pin, uniquePin }: { readonly pin?: string | null | undefined; readonly uniquePin?: string | null | undefined },
    placeSalt: () => Promise<string>,
  ): Promise<PinProofs> {
    const salt = typeof uniquePin === "string" ? await placeSalt() : "";
    const [verifier, hash] = await Promise.all([
      typeof pin === "string" ? this.#work(() => pinVerifier(pin, this.#random)) : null,
      typeof uniquePin === "string" ? this.uniquePinHash(uniquePin, salt) : null,
    ]);
    return {
      pin: typeof pin === "string" && verifier !== null ? { digits: pin, verifier } : withoutDigits(pin),
      uniquePin: typeof uniquePin === "string" && hash !== null ? { digits: uniquePin, hash } : withoutDigits(uniquePin),
    };
  }

  uniquePinHash(uniquePin: string, placeSalt: string): Promise<string> {
    return this.#work(() => uniquePinKey(uniquePin, placeSalt));
  }

  #work<Proof>(make: () => Promise<Proof>): Promise<Proof> {
    if (this.#limit.pendingCount >= PIN_PROOFS_WAITING_MAX) {
      throw new ClueError("e1010", {
        retryAfterS: PIN_PROOFS_RETRY_S,
        message: "Too many PINs are being enrolled at once; try again later.",
      });
    }
    return this.#limit(make);
  }
}

function withoutDigits(pin: string | null | undefined): null | undefined {
  return pin === null ? null : undefined;
}
