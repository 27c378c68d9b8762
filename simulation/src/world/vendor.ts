import type { Random } from "@postern/core";
import type { AskVendor, VendorQuestion, VendorVerdict } from "@postern/server/internal";
import type { Life } from "../time/life.ts";

/** Longer than any door waits. */
const TOO_LATE_MS = 8_000;

const QUICK_MS = 400;

/** The customer's own server: it says yes, no, something that was not agreed, nothing at all, or any of it too late. */
export class Vendor {
  readonly #random: Random;
  readonly #called: (question: VendorQuestion) => void;

  constructor(random: Random, called: (question: VendorQuestion) => void) {
    this.#random = random;
    this.#called = called;
  }

  /** How the server process of this life asks it. */
  askFrom(life: Life): AskVendor {
    return (question) => {
      this.#called(question);
      const { verdict, delayMs } = this.#draw();
      const { promise, resolve } = Promise.withResolvers<VendorVerdict>();
      if (delayMs !== null) life.after(delayMs, () => resolve(verdict));
      return promise;
    };
  }

  #draw(): { readonly verdict: VendorVerdict; readonly delayMs: number | null } {
    const drawn = this.#random.int(100);
    const delayMs = this.#random.int(5) === 0 ? this.#random.int(TOO_LATE_MS) : this.#random.int(QUICK_MS);
    if (drawn < 55) return { verdict: { verdict: "confirmed", detail: { vendorStatus: 200 }, message: "Welcome" }, delayMs };
    if (drawn < 75) return { verdict: { verdict: "refused", detail: { vendorStatus: 403 } }, delayMs };
    if (drawn < 88) return { verdict: { verdict: "silent", detail: { vendorReason: "not_json" } }, delayMs };
    return { verdict: { verdict: "silent", detail: {} }, delayMs: null };
  }
}
