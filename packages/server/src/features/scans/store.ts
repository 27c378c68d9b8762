import type { ScanCredential } from "@postern/contract";
import { assert } from "@postern/core";
import type { LearntResult } from "../../gateway/command-store.ts";
import type { Queryable, Transaction } from "../../platform/database.ts";

export interface ScanDevice {
  readonly deviceId: number;
  readonly placeId: number;
  /** null: it stands at no door. */
  readonly doorId: number | null;
  readonly controllerId: number | null;
  readonly isConnected: boolean;
}

export async function findDevice(queryable: Queryable, deviceId: number): Promise<ScanDevice | null> {
  const [row] = await queryable.query<ScanDevice>({
    name: "scans-find-device",
    text: `
      select device_id as "deviceId", devices.place_id as "placeId", doors.door_id as "doorId", controller_id as "controllerId",
        connected_instance is not null as "isConnected"
      from devices left join doors on doors.door_id = devices.door_id and doors.deleted_at is null left join controllers using (controller_id)
      where device_id = $1`,
    values: [deviceId],
  });
  return row ?? null;
}

/** One request at a time asks a device. */
export async function lockDevice(transaction: Transaction, deviceId: number): Promise<void> {
  await transaction.query("select 1 from devices where device_id = $1 for no key update", [deviceId]);
}

export interface NewScan {
  readonly placeId: number;
  readonly deviceId: number;
  readonly commandId: number;
  readonly credentialType: ScanCredential;
  readonly tokenHash: Uint8Array;
  readonly verifyMark: Uint8Array | null;
  readonly madeAtMs: number;
  readonly expiresAtMs: number;
}

/** Keeps a scan, and forgets those whose tokens are nothing any more. Returns its id. */
export async function insertScan(transaction: Transaction, scan: NewScan): Promise<number> {
  const [row] = await transaction.query<{ scan_id: number }>({
    name: "scans-insert",
    text: `
      with forgotten as (delete from credential_scans where expires_at <= $7)
      insert into credential_scans(scan_id, place_id, device_id, command_id, credential_type, token_hash, verify_mark, made_at, expires_at)
      values (nextval('scan_ids'), $1, $2, $3, $4, $5, $6, $7, $8) returning scan_id`,
    values: [
      scan.placeId,
      scan.deviceId,
      scan.commandId,
      scan.credentialType,
      scan.tokenHash,
      scan.verifyMark,
      scan.madeAtMs,
      scan.expiresAtMs,
    ],
  });
  assert(row !== undefined, "an inserted scan has an id");
  return row.scan_id;
}

/** A scan with its command, as they stand in the tables. */
export interface ScanRow {
  readonly scanId: number;
  readonly placeId: number;
  readonly deviceId: number;
  readonly commandId: number;
  readonly credentialType: ScanCredential;
  readonly verifyMark: Uint8Array | null;
  readonly madeAt: number;
  readonly expiresAt: number;
  readonly usedBy: number | null;
  readonly state: string;
  readonly reason: string | null;
  readonly result: LearntResult | null;
  readonly notAfter: number;
  readonly endedAt: number | null;
}

/** Of the moment it was asked, each at the place of its token; null: no such token, or its time is over. */
export async function findScans(
  queryable: Queryable,
  tokenHashes: readonly Uint8Array[],
  nowMs: number,
): Promise<readonly (ScanRow | null)[]> {
  const rows = await queryable.query<ScanRow & { readonly tokenHash: Uint8Array }>({
    name: "scans-find",
    text: `
      select token_hash as "tokenHash", scan_id as "scanId", scans.place_id as "placeId", scans.device_id as "deviceId", scans.command_id as "commandId",
        credential_type as "credentialType", verify_mark as "verifyMark", scans.made_at as "madeAt", expires_at as "expiresAt", used_by as "usedBy",
        state, reason, result, not_after as "notAfter", ended_at as "endedAt"
      from credential_scans scans join door_commands commands using (command_id) where token_hash = any($1) and expires_at > $2`,
    values: [tokenHashes, nowMs],
  });
  const found = new Map(rows.map(({ tokenHash, ...row }) => [hex(tokenHash), row]));
  return tokenHashes.map((hash) => found.get(hex(hash)) ?? null);
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("hex");
}

/** Auths of the place that hold a card. */
export async function holdersOfCard(queryable: Queryable, placeId: number, cardKey: string): Promise<readonly number[]> {
  const rows = await queryable.query<{ auth_id: number }>({
    name: "scans-card-holders",
    text: "select auth_id from cards where place_id = $1 and card_key = $2",
    values: [placeId, cardKey],
  });
  return rows.map((row) => row.auth_id);
}

/** Those of the auths that are the place's and not deleted. */
export async function liveAuths(queryable: Queryable, placeId: number, authIds: readonly number[]): Promise<readonly number[]> {
  const rows = await queryable.query<{ auth_id: number }>({
    name: "scans-live-auths",
    text: "select auth_id from auths where place_id = $1 and auth_id = any($2) and deleted_at is null order by auth_id",
    values: [placeId, authIds],
  });
  return rows.map((row) => row.auth_id);
}

/** Gives scans to an auth that nobody else has got meanwhile. Returns how many. */
export async function useScans(transaction: Transaction, scanIds: readonly number[], authId: number): Promise<number> {
  return transaction.execute("update credential_scans set used_by = $2 where scan_id = any($1) and used_by is null", [scanIds, authId]);
}

/** Ends a scan and forgets what was scanned. Returns what its command was doing. */
export async function cancelScan(transaction: Transaction, commandId: number, nowMs: number): Promise<string | null> {
  const [row] = await transaction.query<{ state: string }>({
    name: "scans-cancel",
    text: `
      with present as (select command_id, state from door_commands where command_id = $1 for update)
      update door_commands set state = 'failed', reason = 'learning_cancelled', result = null, ended_at = coalesce(ended_at, $2)
      from present where door_commands.command_id = present.command_id returning present.state`,
    values: [commandId, nowMs],
  });
  return row?.state ?? null;
}
