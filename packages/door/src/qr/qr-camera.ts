import { type Clock, readQrCode } from "@postern/core";
import type { Credential, Outcome, Side } from "../drivers/driver.ts";
import { doorError } from "../errors.ts";
import { QR_SEEN_COUNT_MAX, SAME_QR_MS } from "../limits.ts";
import type { QrPictures } from "./qr-pictures.ts";

export interface QrCameraDeps {
  readonly pictures: Pick<QrPictures, "read">;
  readonly clock: Pick<Clock, "monotonicMs">;
  /** Holds what was read to a reader of the door. */
  readonly present: (doorId: number, side: Side, credential: Credential) => Promise<Outcome>;
}

/** Codes that a door's camera sees, or a scanner reads, as the door's readers present them. */
export class QrCamera {
  readonly #deps: QrCameraDeps;
  /** By side of a door: what was presented last, and when. */
  readonly #seen = new Map<string, { readonly name: string; readonly atMs: number }>();

  constructor(deps: QrCameraDeps) {
    this.#deps = deps;
  }

  /** Fails with `qr_unclear` where the picture shows no code, or several: that is no attempt, and no event. */
  async see(doorId: number, side: Side, picture: Uint8Array): Promise<Outcome> {
    const payload = await this.#onlyCode(picture);
    if (payload === null) throw doorError("qr_unclear");
    return this.#deps.present(doorId, side, { kind: "qr", factor: "QR", payload });
  }

  /** One of the many pictures of a camera that looks all the time; null: nothing came of it. A code that stays before it is taken once in a while, however often its phone renews it. */
  async glimpse(doorId: number, side: Side, picture: Uint8Array): Promise<Outcome | null> {
    const payload = await this.#onlyCode(picture);
    return payload === null ? null : this.scanned(doorId, side, payload);
  }

  /** A line of a scanner, which reads a code that is held before it again and again. */
  async scanned(doorId: number, side: Side, payload: string): Promise<Outcome | null> {
    if (this.#wasSeen(`${doorId} ${side}`, readQrCode(payload)?.qid ?? payload)) return null;
    return this.#deps.present(doorId, side, { kind: "qr", factor: "QR", payload });
  }

  async #onlyCode(picture: Uint8Array): Promise<string | null> {
    const read = await this.#deps.pictures.read(picture);
    const [only, ...others] = read.kind === "codes" ? read.texts : [];
    return only === undefined || others.length > 0 ? null : only;
  }

  #wasSeen(where: string, name: string): boolean {
    const atMs = this.#deps.clock.monotonicMs();
    const last = this.#seen.get(where);
    if (last?.name === name && atMs - last.atMs < SAME_QR_MS) return true;
    if (this.#seen.size >= QR_SEEN_COUNT_MAX && last === undefined) this.#seen.clear();
    this.#seen.set(where, { name, atMs });
    return false;
  }
}
