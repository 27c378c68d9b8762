import { createHash } from "node:crypto";
import { ClueError, FINGER_SCORE_MIN, type Scan, type ScanCredential, type ScanResult } from "@postern/contract";
import { type Clock, pause, type Random, type Timers } from "@postern/core";
import { type DeviceCommand, insertCommand, replaceLearnings } from "../../gateway/command-store.ts";
import type { ReachedPlace } from "../../platform/access/actor.ts";
import { type AuditActor, writeAudit } from "../../platform/audit/audit-store.ts";
import type { Database, Queryable, Transaction } from "../../platform/database.ts";
import { NativeRefusal } from "../../platform/http/native-refusal.ts";
import type { PersonKeys } from "../../platform/person-keys/person-keys.ts";
import * as limits from "./limits.ts";
import { failReasonOf, markOf, type OutcomeDeps, outcomeOf, type Scanned, type ScanOutcome } from "./scan-outcome.ts";
import * as store from "./store.ts";

export interface ScansDeps {
  readonly database: Database;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly random: Random;
  readonly personKeys: Pick<PersonKeys, "openScanned">;
  /** Derived from the server's key for marks of scans alone. */
  readonly markKey: Uint8Array;
}

/** Somebody who was let into the place of a device, and who they are in the audit log. */
export interface ScanAsker {
  readonly place: ReachedPlace;
  readonly by: AuditActor;
}

export interface ScanWish {
  readonly credentialType: ScanCredential;
  readonly verifyToken: string | null;
  readonly withinMs?: number | undefined;
  /** How the surface refuses a token that is none. */
  readonly unknownCode: "e1005" | "e1007";
}

/** A scan that was found by its token. */
export interface FoundScan {
  readonly token: string;
  readonly row: store.ScanRow;
}

/** Cards and fingers that devices are asked for, to be given to auths (CLUe §1.6). */
export class Scans {
  readonly #deps: ScansDeps;
  readonly #outcome: OutcomeDeps;

  constructor(deps: ScansDeps) {
    this.#deps = deps;
    this.#outcome = { open: (commandId, sealed) => deps.personKeys.openScanned(commandId, sealed), markKey: deps.markKey };
  }

  findDevice(deviceId: number): Promise<store.ScanDevice | null> {
    return store.findDevice(this.#deps.database, deviceId);
  }

  /** Asks a device for the next card or finger, in place of whatever it was asked for before. Fails with `device_offline`. */
  async request(asker: ScanAsker, device: store.ScanDevice, wish: ScanWish): Promise<FoundScan> {
    const { doorId, controllerId, isConnected, deviceId, placeId } = device;
    if (doorId === null || controllerId === null || !isConnected) throw new NativeRefusal("device_offline");
    const { database, clock, random } = this.#deps;
    const nowMs = clock.nowMs();
    const token = Buffer.from(random.bytes(limits.SCAN_TOKEN_BYTES)).toString("hex");
    const verifyMark = wish.verifyToken === null ? null : await this.#verifyMark(asker.place, wish);
    const times = { actAtMs: nowMs, notAfterMs: nowMs + (wish.withinMs ?? limits.SCAN_WITHIN_MS_DEFAULT), madeAtMs: nowMs };
    await database.transaction(async (tx) => {
      await store.lockDevice(tx, deviceId);
      await replaceLearnings(tx, deviceId, nowMs);
      const asked = { placeId, doorId, controllerId, deviceId, command: COMMANDS[wish.credentialType], ...times };
      const commandId = await insertCommand(tx, { ...asked, askedBy: asker.by.keyId ?? asker.by.source });
      const scan = { placeId, deviceId, commandId, credentialType: wish.credentialType, verifyMark };
      const kept = { ...scan, tokenHash: tokenHash(token), madeAtMs: nowMs, expiresAtMs: nowMs + limits.SCAN_TOKEN_MS };
      const scanId = await store.insertScan(tx, kept);
      await audit(tx, asker, { action: "device.scan", deviceId, nowMs, detail: { scanId, credentialType: wish.credentialType } });
    });
    const found = await this.find(token);
    // Its ten minutes have just begun.
    if (found === null) throw new NativeRefusal("internal");
    return found;
  }

  /** null: there is no such token, or its time is over. */
  async find(token: string): Promise<FoundScan | null> {
    const { database, clock } = this.#deps;
    const [row = null] = await store.findScans(database, [tokenHash(token)], clock.nowMs());
    return row === null ? null : { token, row };
  }

  /** The scan once its command has ended, or as it is when the time is over. */
  async whenEnded(scan: FoundScan, waitS: number, signal: AbortSignal): Promise<FoundScan> {
    const { clock, timers } = this.#deps;
    const untilMs = clock.monotonicMs() + waitS * 1_000;
    let seen = scan;
    while (seen.row.endedAt === null && clock.monotonicMs() < untilMs && !signal.aborted) {
      await pause(timers, "look at a scan", limits.SCAN_LOOK_MS, signal);
      seen = (await this.find(scan.token)) ?? seen;
    }
    return seen;
  }

  /** Ends a scan and forgets what was scanned; the device judges again what is presented. */
  async cancel(asker: ScanAsker, { row }: FoundScan): Promise<void> {
    const { database, clock } = this.#deps;
    const { deviceId, commandId, scanId, placeId } = row;
    const nowMs = clock.nowMs();
    await database.transaction(async (tx) => {
      await store.lockDevice(tx, deviceId);
      const state = await store.cancelScan(tx, commandId, nowMs);
      const device = await store.findDevice(tx, deviceId);
      await audit(tx, asker, { action: "device.scan_cancel", deviceId, nowMs, detail: { scanId } });
      if (state !== "sent" || device === null || device.doorId === null || device.controllerId === null) return;
      const { doorId, controllerId } = device;
      const times = { actAtMs: nowMs, notAfterMs: nowMs + limits.SCAN_WITHIN_MS_DEFAULT, madeAtMs: nowMs };
      const asked = { placeId, doorId, controllerId, deviceId, command: "END_LEARNING" as const, ...times };
      await insertCommand(tx, { ...asked, askedBy: asker.by.keyId ?? asker.by.source });
    });
  }

  /** As v2 tells it: without a template. */
  async view({ row, token }: FoundScan): Promise<Scan> {
    const outcome = outcomeOf(row, this.#outcome);
    const { scanId, placeId, deviceId, credentialType, usedBy, madeAt, notAfter, endedAt, expiresAt } = row;
    const said = { scanId, token, placeId, deviceId, credentialType, usedBy, madeAt, notAfter, endedAt, expiresAt };
    const duplicateAuthIds = [...(await this.#holders(row, outcome))];
    if (outcome.kind !== "completed") {
      const failed = outcome.kind === "failed" ? outcome : null;
      const score = failed?.score === undefined ? {} : { score: failed.score };
      return { ...said, state: outcome.kind, reason: failed?.reason ?? null, ...score, duplicateAuthIds };
    }
    const { scanned } = outcome;
    const what = scanned.kind === "card" ? { card: cardView(scanned) } : { score: scanned.score };
    return { ...said, state: "completed", reason: null, ...what, duplicateAuthIds };
  }

  /** As CLUe tells it (CLUe §1.6). */
  async result({ row, token }: FoundScan): Promise<ScanResult> {
    const outcome = outcomeOf(row, this.#outcome);
    const said = { tokenId: row.scanId, token, credentialType: row.credentialType, expiredAt: row.expiresAt };
    switch (outcome.kind) {
      case "waiting":
        return { ...said, status: "NONE" };
      case "scanning":
        return { ...said, status: "SCANNING" };
      case "failed":
        return {
          ...{ ...said, status: "FAILED", failReason: failReasonOf(outcome.reason) },
          ...(outcome.score === undefined ? {} : { score: outcome.score }),
        };
      case "completed":
        return { ...said, status: "COMPLETED", ...fieldsOf(outcome.scanned), duplicatedAuthIds: [...(await this.#holders(row, outcome))] };
    }
  }

  async #holders({ placeId }: store.ScanRow, outcome: ScanOutcome): Promise<readonly number[]> {
    if (outcome.kind !== "completed") return [];
    const { scanned } = outcome;
    const { database } = this.#deps;
    if (scanned.kind === "card") return store.holdersOfCard(database, placeId, scanned.key);
    return scanned.authIds.length === 0 ? [] : store.liveAuths(database, placeId, scanned.authIds);
  }

  async #verifyMark({ placeId }: ReachedPlace, { verifyToken, credentialType, unknownCode }: ScanWish): Promise<Uint8Array> {
    const found = verifyToken === null ? null : await this.find(verifyToken);
    const row = found?.row.placeId === placeId && found.row.credentialType === credentialType ? found.row : null;
    const outcome = row === null ? null : outcomeOf(row, this.#outcome);
    if (outcome?.kind === "completed") return markOf(outcome.scanned, this.#deps.markKey);
    throw new ClueError(unknownCode, { details: [{ field: "verifyToken", message: "names no scan of this kind that is completed" }] });
  }

  /** What tokens stand for, for whoever gives it to an auth. */
  async scannedBy(queryable: Queryable, placeId: number, tokens: readonly string[]): Promise<readonly TokenMeaning[]> {
    if (tokens.length === 0) return [];
    const rows = await store.findScans(queryable, tokens.map(tokenHash), this.#deps.clock.nowMs());
    return rows.map((row): TokenMeaning => {
      if (row === null || row.placeId !== placeId) return { kind: "unknown" };
      if (row.usedBy !== null) return { kind: "used" };
      const outcome = outcomeOf(row, this.#outcome);
      return outcome.kind === "completed" ? { kind: "scanned", scanId: row.scanId, scanned: outcome.scanned } : { kind: "unfinished" };
    });
  }

  /** Gives scans to an auth. False: another has one of them by now. */
  async use(transaction: Transaction, scanIds: readonly number[], authId: number): Promise<boolean> {
    return scanIds.length === 0 || (await store.useScans(transaction, scanIds, authId)) === scanIds.length;
  }
}

/** What a token is worth at a place: unknown when it never was, is over, or is another place's; unfinished while nothing was scanned. */
export type TokenMeaning =
  | { readonly kind: "unknown" | "used" | "unfinished" }
  | { readonly kind: "scanned"; readonly scanId: number; readonly scanned: Scanned };

const COMMANDS: Readonly<Record<ScanCredential, DeviceCommand>> = { CARD: "LEARN_CARD", FINGERPRINT: "LEARN_FINGER" };

/** Nobody who reads the database can use a scan. */
export function tokenHash(token: string): Uint8Array {
  return createHash("sha256").update(token.toLowerCase()).digest();
}

async function audit(
  transaction: Transaction,
  { place, by }: ScanAsker,
  act: { action: string; deviceId: number; nowMs: number; detail: Readonly<Record<string, unknown>> },
): Promise<void> {
  const { placeId, placeGroupId } = place;
  const { action, deviceId, nowMs, detail } = act;
  await writeAudit(transaction, { by, placeGroupId, placeId, atMs: nowMs, action, target: { kind: "device", id: deviceId }, detail });
}

function cardView({ card: { cardNumber, formatType, formatData } }: Scanned & { readonly kind: "card" }) {
  return { cardNumber, formatType, ...(formatData === null ? {} : { formatData }) };
}

function fieldsOf(scanned: Scanned): Pick<ScanResult, "card" | "fingerprint" | "score"> {
  if (scanned.kind === "card") return { card: cardView(scanned) };
  const { template, score } = scanned;
  return { fingerprint: { template, score, scoreThreshold: FINGER_SCORE_MIN }, score };
}
