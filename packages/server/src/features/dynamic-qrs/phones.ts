import { createHash } from "node:crypto";
import { readQrKey } from "@postern/core";
import type { AuditActor } from "../../platform/audit/audit-store.ts";
import { refuseWhenOver } from "../../platform/http/keyed-routes.ts";
import { NativeRefusal } from "../../platform/http/native-refusal.ts";
import { hidden } from "../../platform/operations/serve-operations.ts";
import { WindowLimiter } from "../../platform/window-limiter.ts";
import { publishQrs } from "../../roster/publish-qrs.ts";
import * as limits from "./limits.ts";
import { audit, type DynamicQrsDeps } from "./service.ts";
import * as store from "./store.ts";

/** What a phone is told of its QR: nothing of the person. */
export interface PhoneQr {
  readonly validFrom: number;
  readonly validTo: number;
  /** The mark of the key that it is bound to, so that a phone knows its own; null: the next tap binds it. */
  readonly boundTo: string | null;
  readonly serverMs: number;
}

/** Whoever holds the link is known by nothing else. */
const HOLDER: AuditActor = { keyId: null, source: "SYSTEM" };

/** What phones ask, without a key: the link's own id is what they know. */
export class Phones {
  readonly #deps: DynamicQrsDeps;
  readonly #calls: WindowLimiter;

  constructor(deps: DynamicQrsDeps) {
    this.#deps = deps;
    this.#calls = new WindowLimiter(deps.clock, { countMax: limits.PHONE_CALLS_COUNT_MAX, windowMs: limits.PHONE_CALLS_WINDOW_MS });
  }

  /** Looks, and changes nothing: a link preview does the same. */
  async look(source: string, qid: string): Promise<PhoneQr> {
    refuseWhenOver(this.#calls.take(source));
    return this.#shown(await this.#existing(qid));
  }

  /** Binds the QR to this phone's key. The first one stays: another fails with `conflict`, the same again is as before. */
  async bind(source: string, qid: string, publicKey: string): Promise<PhoneQr> {
    refuseWhenOver(this.#calls.take(source));
    if (readQrKey(publicKey) === null)
      throw new NativeRefusal("argument_invalid", {
        problems: [{ field: "publicKey", message: "must be a public key of the curve P-256 (SubjectPublicKeyInfo in base64)" }],
      });
    const { placeGroupId, userId } = await this.#existing(qid);
    const { database, clock } = this.#deps;
    return database.transaction(async (tx) => {
      const isHeld = (await store.shareGroup(tx, placeGroupId)) && (await store.sharePerson(tx, userId));
      const qr = isHeld ? await store.lockQr(tx, qid) : null;
      if (qr === null) throw hidden("dynamicQrId");
      const nowMs = clock.nowMs();
      if (qr.publicKey === publicKey) return this.#shown(qr);
      if (qr.publicKey !== null) throw new NativeRefusal("conflict", { detail: "This QR is bound to another phone." });
      if (nowMs >= qr.validTo) throw new NativeRefusal("conflict", { detail: "This QR has ended." });
      await store.bindQr(tx, { qrId: qr.qrId, publicKey, nowMs });
      await audit(tx, { by: HOLDER, placeGroupId, qrIds: [qr.qrId], nowMs }, "dynamic_qr.bind");
      await publishQrs(tx, placeGroupId, [qr.qrId]);
      return this.#shown({ ...qr, publicKey });
    });
  }

  async #existing(qid: string): Promise<store.KeptQr> {
    const found = await store.findQr(this.#deps.database, qid);
    if (found === null) throw hidden("dynamicQrId");
    return found;
  }

  #shown({ validFrom, validTo, publicKey }: store.KeptQr): PhoneQr {
    return { validFrom, validTo, boundTo: publicKey === null ? null : markOf(publicKey), serverMs: this.#deps.clock.nowMs() };
  }
}

/** SHA-256 of the key's bytes in hexadecimal digits, as the page computes it of its own. */
function markOf(publicKey: string): string {
  return createHash("sha256").update(Buffer.from(publicKey, "base64")).digest("hex");
}
