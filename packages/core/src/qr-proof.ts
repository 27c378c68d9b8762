import { createPublicKey, type KeyObject, verify } from "node:crypto";
import { type QrCode, qrSigned, qrStepAt } from "./qr-code.ts";
import type { QrItem } from "./roster-item.ts";

/** What a presented code of ours is worth here and now, before anybody's right is looked at. */
export type QrVerdict = "good" | "qr_forged" | "no_clock" | "qr_stale" | "not_started" | "ended" | "qr_used";

export interface QrFacts {
  readonly item: QrItem;
  readonly code: QrCode;
  /** The door's own time; null without a clock that can be trusted. */
  readonly nowMs: number | null;
  /** The newest step of this QR that has opened here; null: none has. */
  readonly usedStep: number | null;
  /** Steps that a phone's clock and the way to the reader may be off, to either side; one where the door does not say. */
  readonly stepsOffMax?: number | undefined;
}

/** Enough for a clock that is set by the network, and for a hand that takes its time. */
export const QR_STEPS_OFF = 1;

/**
 * The signature is the phone's; then, by the door's clock, the code is of now; then it is within the QR's period, its end exclusive; then neither it nor a later
 * one has opened here before. Good has to be shown: whatever cannot be judged is not.
 */
export function judgeQr({ item, code, nowMs, usedStep, stepsOffMax = QR_STEPS_OFF }: QrFacts): QrVerdict {
  if (!isSigned(item, code)) return "qr_forged";
  if (nowMs === null) return "no_clock";
  if (nowMs >= item.toMs) return "ended";
  if (!(nowMs >= item.fromMs)) return "not_started";
  if (!(Math.abs(code.step - qrStepAt(nowMs)) <= stepsOffMax)) return "qr_stale";
  return usedStep === null || code.step > usedStep ? "good" : "qr_used";
}

function isSigned({ qid, publicKey }: QrItem, code: QrCode): boolean {
  const key = readQrKey(publicKey);
  if (key === null || qid !== code.qid) return false;
  return verify("sha256", qrSigned(code), { key, dsaEncoding: "ieee-p1363" }, code.signature);
}

/** A phone's public key: SubjectPublicKeyInfo of the curve P-256, in base64 as we would write it. Null: it is none. */
export function readQrKey(base64: string): KeyObject | null {
  try {
    const key = createPublicKey({ key: Buffer.from(base64, "base64"), format: "der", type: "spki" });
    const isOfCurve = key.asymmetricKeyType === "ec" && key.asymmetricKeyDetails?.namedCurve === "prime256v1";
    return isOfCurve && key.export({ format: "der", type: "spki" }).toString("base64") === base64 ? key : null;
  } catch {
    return null;
  }
}
