import type { ControllerProof } from "@postern/contract";
import { isBeliefTooOld } from "@postern/core";
import type { Queryable } from "../../platform/database.ts";
import { continuityOf } from "./continuity.ts";
import { loadLogs } from "./log-store.ts";
import { syncOf } from "./sync.ts";
import { type ControllerProofRow, findControllerProof } from "./sync-store.ts";

/** All that proves, or does not, that one controller and the server agree; null: it was taken away. */
export async function controllerProof(queryable: Queryable, controllerId: number, nowMs: number): Promise<ControllerProof | null> {
  const row = await findControllerProof(queryable, controllerId);
  if (row === null) return null;
  const [log] = await loadLogs(queryable, row.placeId, [controllerId]);
  if (log === undefined) return null;
  const { controllerId: _id, serial: _serial, connected: _connected, ...ofLog } = continuityOf(log);
  const { placeId, urgentRevision, failures, lastHeardAt, clockOffsetMs, clockMeasuredAt, connected } = row;
  const beliefAgeMs = lastHeardAt === null ? null : Math.max(0, nowMs - lastHeardAt);
  return {
    placeId,
    ...syncOf(row, row.wantedRevision, failures[0]),
    ...{ urgentRevision, compared: comparedOf(row), failures: [...failures], lastHeardAt, clockOffsetMs, clockMeasuredAt },
    beliefAgeMs,
    beliefTooOldDoorIds: connected ? [] : row.doors.filter((door) => isBeliefTooOld(door, beliefAgeMs)).map(({ doorId }) => doorId),
    log: ofLog,
  };
}

function comparedOf({ reportedRevision: revision, reportedDigest: digest, expectedDigest, reportedAt: at }: ControllerProofRow) {
  if (revision === null || digest === null || at === null) return null;
  return { revision, digest, expectedDigest, agrees: digest === expectedDigest, at };
}
