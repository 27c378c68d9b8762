import { timingSafeEqual } from "node:crypto";
import type { Ed25519PublicJwk } from "@postern/contract";
import { assert } from "@postern/core";
import { tellControllerChanged } from "../../gateway/controller-store.ts";
import type { Transaction } from "../../platform/database.ts";
import { type ClaimCode, hashClaimCode } from "./claim-code.ts";
import { type ClaimedController, countTry, lockClaimCodes, registerKey, type StoredClaimCode } from "./store.ts";

export type ClaimOutcome =
  | { readonly kind: "claimed"; readonly controller: ClaimedController; readonly formerClaimedAt: number | null }
  /** No live code is this one; one try less for those it could have meant. */
  | { readonly kind: "wrong" }
  /** The code it could have meant is too old or was tried too often. Said whatever the secret is, so that it cannot be guessed on. */
  | { readonly kind: "expired" };

export interface ClaimAttempt {
  readonly code: ClaimCode;
  readonly publicKey: Ed25519PublicJwk;
  readonly hashKey: Uint8Array;
  readonly nowMs: number;
}

/** One attempt within the caller's transaction, which must be committed whatever the outcome: a wrong guess is counted in it. */
export async function claimOnce(transaction: Transaction, attempt: ClaimAttempt): Promise<ClaimOutcome> {
  const candidates = await lockClaimCodes(transaction, attempt.code.selector);
  const live = candidates.filter((candidate) => candidate.triesLeft > 0 && candidate.expiresAt > attempt.nowMs);
  const meant = live.find((candidate) => isMeant(candidate, attempt));
  if (meant === undefined) {
    await countTry(
      transaction,
      live.map((candidate) => candidate.controllerId),
    );
    return { kind: candidates.length > 0 && live.length === 0 ? "expired" : "wrong" };
  }
  const { publicKey, nowMs } = attempt;
  const registered = await registerKey(transaction, { controllerId: meant.controllerId, publicKey, nowMs });
  assert(registered !== null, "a claim code belongs to a controller");
  await tellControllerChanged(transaction, registered.controller.serial);
  return { kind: "claimed", ...registered };
}

function isMeant(candidate: StoredClaimCode, { code, hashKey }: ClaimAttempt): boolean {
  const hash = hashClaimCode(hashKey, candidate.controllerId, code.text);
  return candidate.codeHash.length === hash.length && timingSafeEqual(candidate.codeHash, hash);
}
