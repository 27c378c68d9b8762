import { VENDOR_PRESENTED_LENGTH_MAX } from "@postern/contract";
import { type AuthItem, type DenialReason, judgeQr, readQrCode } from "@postern/core";
import type { Credential, DoorWiring } from "../drivers/driver.ts";
import type { Evidence, ReadQr } from "./attempt.ts";
import type { DoorFacts } from "./door-facts.ts";

export type PresentedQr =
  | { readonly kind: "read"; readonly credential: ReadQr }
  | {
      readonly kind: "refused";
      readonly because: DenialReason;
      /** Whose code it is, where its own phone signed it. */
      readonly auth: AuthItem | null;
      readonly evidence: Pick<Evidence, "qr">;
    };

/**
 * Looks at what a QR says, before anybody's right is looked at: by the door's own clock and what the replica holds, whether the server can be asked or not. A code
 * of ours that nobody holds here is not a customer's, and no server is sent it.
 */
export function readPresentedQr(
  { payload }: Credential & { readonly kind: "qr" },
  facts: DoorFacts,
  { doorId }: Pick<DoorWiring, "doorId">,
): PresentedQr {
  const code = readQrCode(payload);
  if (code === null) {
    return payload.length > VENDOR_PRESENTED_LENGTH_MAX
      ? { kind: "refused", because: "unknown", auth: null, evidence: {} }
      : { kind: "read", credential: { kind: "customer_qr", factor: "QR", payload } };
  }
  const { roster, nowMs } = facts;
  const item = roster.qr(code.qid);
  if (item === null) return { kind: "refused", because: "unknown", auth: null, evidence: {} };
  const qr = { id: item.id, step: code.step };
  const verdict = judgeQr({ item, code, nowMs, usedStep: usedStep(item.id, facts), stepsOffMax: roster.door(doorId)?.qrStepsOff });
  if (verdict === "good") {
    return { kind: "read", credential: { kind: "issued_qr", factor: "QR", qid: item.qid, userId: item.userId, qr } };
  }
  const auth = verdict === "qr_forged" ? null : roster.authByUser(item.userId);
  return { kind: "refused", because: verdict, auth, evidence: { qr } };
}

/** A disk that does not tell lets nobody in by a code: every step counts as used. */
export function usedStep(qrId: number, { qrUsedStep }: Pick<DoorFacts, "qrUsedStep">): number | null {
  try {
    return qrUsedStep(qrId);
  } catch {
    return Number.MAX_SAFE_INTEGER;
  }
}
