import { generateKeyPairSync, sign } from "node:crypto";
import type { WireItem } from "@postern/contract";
import { type QrItem, qrSigned, qrStepAt, writeQrCode } from "@postern/core";
import type { Credential } from "../../src/drivers/driver.ts";
import { DAY_MS, NOW_MS, wire } from "./builders.ts";

export const QID = "0c8a4e1e-6a3c-4a0e-9d0b-1f2a3b4c5d6e";

/** A phone that a dynamic QR is bound to. */
export class QrPhone {
  readonly #keys = generateKeyPairSync("ec", { namedCurve: "P-256" });
  readonly qid: string;

  constructor(qid = QID) {
    this.qid = qid;
  }

  item(changes: Partial<QrItem> = {}, revision = 2): WireItem {
    const publicKey = this.#keys.publicKey.export({ format: "der", type: "spki" }).toString("base64");
    const period = { fromMs: NOW_MS - DAY_MS, toMs: NOW_MS + DAY_MS };
    return wire({ kind: "qr", id: 1_500, qid: this.qid, publicKey, ...period, userId: 2_000, ...changes }, revision);
  }

  /** What it shows at a time. */
  codeAt(ms: number): string {
    const step = qrStepAt(ms);
    const bytes = sign("sha256", qrSigned({ qid: this.qid, step }), { key: this.#keys.privateKey, dsaEncoding: "ieee-p1363" });
    return writeQrCode({ qid: this.qid, step, signature: Uint8Array.from(bytes) });
  }
}

export function aQr(payload: string): Credential {
  return { kind: "qr", factor: "QR", payload };
}
