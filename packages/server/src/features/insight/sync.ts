import type { AuthSync, PlaceSync, SyncOfController } from "@postern/contract";
import { itemKey } from "@postern/core";
import type { Queryable } from "../../platform/database.ts";
import { type ControllerSyncRow, concernsDoors, findItemSync, loadPlaceSync } from "./sync-store.ts";

export async function placeSync(queryable: Queryable, placeId: number): Promise<PlaceSync> {
  const { revision, controllers } = await loadPlaceSync(queryable, placeId);
  const confirmed = controllers.map((controller) => controller.confirmedRevision);
  const synced = controllers.map((controller) => syncOf(controller, revision, controller.failures[0]));
  const countOf = (state: SyncOfController["state"]): number => synced.filter((one) => one.state === state).length;
  return {
    placeId,
    revision,
    confirmedBy: confirmed.filter((one) => one >= revision).length,
    ...{ waiting: countOf("waiting"), failed: countOf("failed"), away: countOf("away") },
    controllerCount: controllers.length,
    confirmedByAll: Math.min(revision, ...confirmed),
    controllers: synced,
  };
}

/**
 * Whether the doors have an auth as it is now. Told are the controllers that it concerns, and those that may still hold it although it no longer
 * concerns them: none has confirmed a revision since. Only a digest that agreed is a confirmation.
 */
export async function authSync(queryable: Queryable, placeId: number, authId: number): Promise<AuthSync> {
  const key = itemKey({ kind: "auth", id: authId });
  const [{ revision: head, controllers }, item] = await Promise.all([
    loadPlaceSync(queryable, placeId),
    findItemSync(queryable, placeId, key),
  ]);
  // A tombstone beyond the horizon was taken away: every replica since then has been compared whole at the head.
  const { revision, scopes, isGone } = item ?? { revision: head, scopes: [], isGone: true };
  const told = controllers.filter(
    ({ doorIds, confirmedRevision }) => isGone || concernsDoors(scopes, doorIds) || confirmedRevision < revision,
  );
  const failureOf = (controller: ControllerSyncRow) => controller.failures.find((failure) => failure.key === key);
  return { authId, placeId, revision, isGone, controllers: told.map((one) => whyNot(syncOf(one, revision, failureOf(one)), one)) };
}

/** Another item that a controller could not take over keeps its digest from agreeing: nothing newer is proven until that one is mended. */
function whyNot(sync: SyncOfController, { failures: [other] }: ControllerSyncRow): SyncOfController {
  if (sync.state === "confirmed" || sync.error !== null || other === undefined) return sync;
  return { ...sync, error: `unproven because of ${other.key} ${other.code}` };
}

type Failure = ControllerSyncRow["failures"][number] | undefined;

export function syncOf(
  controller: Omit<ControllerSyncRow, "failures" | "doorIds">,
  wantedRevision: number,
  failure: Failure,
): SyncOfController {
  const { controllerId, serial, connected, confirmedRevision, confirmedAt } = controller;
  return {
    ...{ controllerId, serial, connected, wantedRevision, confirmedRevision },
    state: stateOf(controller, wantedRevision, failure),
    since: confirmedAt,
    error: failure === undefined ? null : `${failure.key} ${failure.code}`,
  };
}

function stateOf(
  { confirmedRevision, connected }: Pick<ControllerSyncRow, "confirmedRevision" | "connected">,
  wantedRevision: number,
  failure: Failure,
): SyncOfController["state"] {
  if (failure !== undefined) return "failed";
  if (confirmedRevision >= wantedRevision) return "confirmed";
  return connected ? "waiting" : "away";
}
