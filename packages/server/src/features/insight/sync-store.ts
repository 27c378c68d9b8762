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
