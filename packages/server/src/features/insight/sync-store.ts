import { COMMON_SCOPE, type ItemKey } from "@postern/core";
import type { Queryable } from "../../platform/database.ts";

/** How far one controller is. */
export interface ControllerSyncRow {
  readonly controllerId: number;
  readonly serial: string;
  readonly connected: boolean;
  readonly confirmedRevision: number;
  readonly confirmedAt: number | null;
  readonly failures: readonly { readonly key: string; readonly code: string }[];
  readonly doorIds: readonly number[];
}

export interface PlaceSyncRows {
  /** The roster's head. */
  readonly revision: number;
  readonly controllers: readonly ControllerSyncRow[];
}

/** The controllers of a place, and the revision they are to reach, of one moment. */
export async function loadPlaceSync(queryable: Queryable, placeId: number): Promise<PlaceSyncRows> {
  const [row] = await queryable.query<PlaceSyncRows>({
    name: "insight-place-sync",
    text: `
      select heads.revision, coalesce((
        select jsonb_agg(jsonb_build_object('controllerId', controller_id, 'serial', serial, 'connected', connected_instance is not null,
          'confirmedRevision', confirmed_revision, 'confirmedAt', confirmed_at, 'failures', failures,
          'doorIds', array(select door_id from doors where doors.controller_id = controllers.controller_id)) order by controller_id)
        from controllers where place_id = $1), '[]') as controllers
      from roster_heads heads where place_id = $1`,
    values: [placeId],
  });
  return row ?? { revision: 0, controllers: [] };
}

export interface ProgressRow {
  readonly controllerId: number;
  readonly connected: boolean;
  readonly confirmedRevision: number;
  readonly hasFailures: boolean;
}

/** How far these controllers are, of any place. */
export async function loadProgress(queryable: Queryable, controllerIds: readonly number[]): Promise<readonly ProgressRow[]> {
  return queryable.query<ProgressRow>({
    name: "insight-load-progress",
    text: `select controller_id as "controllerId", connected_instance is not null as connected, confirmed_revision as "confirmedRevision",
      failures <> '[]' as "hasFailures" from controllers where controller_id = any($1)`,
    values: [controllerIds],
  });
}

/** What one controller last proved, or did not. */
export interface ControllerProofRow extends Omit<ControllerSyncRow, "failures" | "doorIds"> {
  readonly placeId: number;
  readonly wantedRevision: number;
  readonly urgentRevision: number;
  readonly failures: readonly { readonly key: string; readonly revision: number; readonly code: string }[];
  readonly reportedRevision: number | null;
  readonly reportedDigest: string | null;
  readonly expectedDigest: string | null;
  readonly reportedAt: number | null;
  readonly lastHeardAt: number | null;
  readonly clockOffsetMs: number | null;
  readonly clockMeasuredAt: number | null;
  readonly doors: readonly { readonly doorId: number; readonly beliefAgeMsMax: number | null }[];
}

export async function findControllerProof(queryable: Queryable, controllerId: number): Promise<ControllerProofRow | null> {
  const [row] = await queryable.query<ControllerProofRow>({
    name: "insight-controller-proof",
    text: `
      select controller_id as "controllerId", place_id as "placeId", serial, connected_instance is not null as connected, failures,
        coalesce(heads.revision, 0) as "wantedRevision", urgent_revision as "urgentRevision", confirmed_revision as "confirmedRevision",
        confirmed_at as "confirmedAt", reported_revision as "reportedRevision", reported_digest as "reportedDigest", expected_digest as "expectedDigest",
        reported_at as "reportedAt", last_heard_at as "lastHeardAt", clock_offset_ms as "clockOffsetMs", clock_measured_at as "clockMeasuredAt",
        (select coalesce(jsonb_agg(jsonb_build_object('doorId', door_id, 'beliefAgeMsMax', (settings->>'beliefAgeMsMax')::bigint) order by door_id), '[]')
          from doors where doors.controller_id = controllers.controller_id and deleted_at is null) as doors
      from controllers left join roster_heads heads using (place_id) where controller_id = $1`,
    values: [controllerId],
  });
  return row ?? null;
}

export async function placeOfController(queryable: Queryable, controllerId: number): Promise<number | null> {
  const text = 'select place_id as "placeId" from controllers where controller_id = $1';
  const [row] = await queryable.query<{ placeId: number }>({ name: "insight-place-of-controller", text, values: [controllerId] });
  return row?.placeId ?? null;
}

export interface ItemSyncRow {
  readonly revision: number;
  /** Empty: gone. */
  readonly scopes: readonly number[];
  readonly isGone: boolean;
}

/** When an item last changed and whom it concerns; a tombstone says when it ended. Null: the roster has never had it, or no longer knows of it. */
export async function findItemSync(queryable: Queryable, placeId: number, key: ItemKey): Promise<ItemSyncRow | null> {
  const [row] = await queryable.query<ItemSyncRow>({
    name: "insight-item-sync",
    text: 'select revision, scopes, item is null as "isGone" from roster_items where place_id = $1 and item_key = $2',
    values: [placeId, key],
  });
  return row ?? null;
}

/** Whether a controller of these doors holds an item of these scopes. */
export function concernsDoors(scopes: readonly number[], doorIds: readonly number[]): boolean {
  return scopes.includes(COMMON_SCOPE) || scopes.some((scope) => doorIds.includes(scope));
}
