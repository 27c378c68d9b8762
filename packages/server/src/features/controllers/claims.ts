import { type ClaimBody, linkError, readClaimKey } from "@postern/contract";
import type { Clock, Log, Random } from "@postern/core";
import { type AuditActor, writeAudit } from "../../platform/audit/audit-store.ts";
import type { Database, Transaction } from "../../platform/database.ts";
import { refuseWhenOver } from "../../platform/http/keyed-routes.ts";
import { NativeRefusal } from "../../platform/http/native-refusal.ts";
import { hidden } from "../../platform/operations/serve-operations.ts";
import { WindowLimiter } from "../../platform/window-limiter.ts";
import { type ClaimOutcome, claimOnce } from "./claim.ts";
import { hashClaimCode, newClaimCode, readClaimCode } from "./claim-code.ts";
import type { KeepEndedKey } from "./ended-keys.ts";
import * as limits from "./limits.ts";
import type { ExistingController } from "./service.ts";
import { type ClaimedController, lockController, placeGroupOf, putClaimCode } from "./store.ts";

export interface ClaimsDeps {
  readonly database: Database;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  /** Derived from the server's key: claim codes are stored as HMACs under it. */
  readonly claimHashKey: Uint8Array;
  /** Where controllers connect, as they shall be told. */
  readonly mqttUrl: () => string;
  /** Called with the serial after a commit that makes a connection of the controller stale: the other processes hear of it by notification. */
  readonly controllerChanged: (serial: string) => void;
  /** Keeps apart from the database that a key has ended. */
  readonly keepEndedKey: KeepEndedKey;
}

export interface IssuedClaimCode {
  /** `XXXX-XXXX`; shown once and kept nowhere. */
  readonly code: string;
  readonly expiresAtMs: number;
}

export interface ClaimsService {
  /** A new one-time code; a former one of the controller is void at once. */
  issueCode(existing: ExistingController): Promise<IssuedClaimCode>;
  /** The same without anybody who asks, for the demo's own controller. */
  issueCodeFor(controllerId: number): Promise<IssuedClaimCode>;
  /** Registers the key of whoever holds the code. `source` is what its attempts are counted by. Fails with `claim_code_wrong`, `claim_code_expired`. */
  claim(source: string, body: ClaimBody): Promise<ClaimedController & { readonly mqttUrl: string }>;
}

export function claimsService(deps: ClaimsDeps): ClaimsService {
  const attempts = new WindowLimiter(deps.clock, { countMax: limits.CLAIMS_COUNT_MAX, windowMs: limits.CLAIMS_WINDOW_MS });
  return {
    issueCode: ({ by, controllerId, place }) =>
      deps.database.transaction(async (tx) => {
        const issued = await issueCode(tx, deps, controllerId);
        const { placeId, placeGroupId } = place;
        const target = { kind: "controller", id: controllerId };
        await writeAudit(tx, { by, placeGroupId, placeId, atMs: deps.clock.nowMs(), action: "controller.claim_code", target });
        return issued;
      }),
    issueCodeFor: (controllerId) => deps.database.transaction((tx) => issueCode(tx, deps, controllerId)),
    async claim(source, body) {
      refuseWhenOver(attempts.take(source));
      return { ...(await claim(deps, source, body)), mqttUrl: deps.mqttUrl() };
    },
  };
}

async function issueCode(tx: Transaction, deps: ClaimsDeps, controllerId: number): Promise<IssuedClaimCode> {
  if ((await lockController(tx, controllerId)) === null) throw hidden("controllerId");
  const code = newClaimCode(controllerId, deps.random);
  const expiresAtMs = deps.clock.nowMs() + limits.CLAIM_CODE_LIFETIME_MS;
  const codeHash = hashClaimCode(deps.claimHashKey, controllerId, code);
  await putClaimCode(tx, { controllerId, codeHash, expiresAt: expiresAtMs, triesLeft: limits.CLAIM_TRIES_COUNT_MAX });
  return { code, expiresAtMs };
}

async function claim(deps: ClaimsDeps, source: string, body: ClaimBody): Promise<ClaimedController> {
  const read = readClaimKey(body);
  if ("problem" in read) throw new NativeRefusal("argument_invalid", { problems: [read.problem] });
  const code = readClaimCode(body.code);
  if (code === null) throw linkError("claim_code_wrong");
  const nowMs = deps.clock.nowMs();
  const outcome = await deps.database.transaction(async (tx) => {
    const once = await claimOnce(tx, { code, publicKey: read.key, hashKey: deps.claimHashKey, nowMs });
    await auditClaim(tx, once, nowMs);
    return once;
  });
  if (outcome.kind !== "claimed") {
    deps.log.warn("controller.claim_refused", { source, because: outcome.kind });
    throw linkError(outcome.kind === "wrong" ? "claim_code_wrong" : "claim_code_expired");
  }
  const { controllerId, placeId, serial } = outcome.controller;
  deps.log.info("controller.claimed", { controllerId, placeId });
  deps.controllerChanged(serial);
  await deps.keepEndedKey({ serial, claimedAt: outcome.formerClaimedAt, endedAt: nowMs });
  return outcome.controller;
}

/** Whoever holds the code is known by nothing else. */
const CLAIMANT: AuditActor = { keyId: null, source: "SYSTEM" };

async function auditClaim(tx: Transaction, outcome: ClaimOutcome, atMs: number): Promise<void> {
  if (outcome.kind !== "claimed") return;
  const { controllerId, placeId } = outcome.controller;
  const placeGroupId = await placeGroupOf(tx, placeId);
  const target = { kind: "controller", id: controllerId };
  await writeAudit(tx, { by: CLAIMANT, placeGroupId, placeId, atMs, action: "controller.claim", target });
}
