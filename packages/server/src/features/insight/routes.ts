import { PAGE_SIZE_DEFAULT_V2 } from "@postern/contract";
import type { Clock } from "@postern/core";
import { decodeLogId } from "../../ledger/log-id.ts";
import type { Database } from "../../platform/database.ts";
import { NativeRefusal } from "../../platform/http/native-refusal.ts";
import { pageWanted } from "../../platform/operations/page-cursor.ts";
import { hidden, type Serve } from "../../platform/operations/serve-operations.ts";
import { continuityOfPlace } from "./continuity.ts";
import { controllerProof } from "./controller-proof.ts";
import { explainEvent } from "./explain-event.ts";
import { authReceipts, placeOfReceipts, revocationsOfPlace } from "./receipts.ts";
import { placeOfAuth, placeOfDoor } from "./store.ts";
import { authSync, placeSync } from "./sync.ts";
import { placeOfController } from "./sync-store.ts";
import { readQuestion, whatIf } from "./what-if.ts";
import { whoMayOpen } from "./who-may-open.ts";

export interface InsightDeps {
  readonly database: Database;
  readonly clock: Clock;
}

/** What the doors hold, whom they would let in, and why something happened. Nothing here changes anything. */
export function serveInsight(serve: Serve, { database, clock }: InsightDeps): void {
  serve("whatIf", async ({ place, params, body }) => {
    const reached = await place(params.placeId);
    return whatIf(database, reached, await readQuestion(database, reached.placeId, body, clock.nowMs()));
  });
  serve("whoMayOpen", async ({ placeOf, params: { doorId }, query }) => {
    const { placeId, timeZone } = await placeOf("doorId", await placeOfDoor(database, doorId));
    const { at: atMs = clock.nowMs(), limit = PAGE_SIZE_DEFAULT_V2 } = query;
    return whoMayOpen(database, { placeId, timeZone, doorId, atMs, limit, afterAuthId: readCursor(query.after) });
  });
  serve("explainEvent", async ({ placeOf, params: { logId } }) => {
    const position = decodeLogId(logId);
    const place = await placeOf("logId", position?.placeId ?? null);
    const explanation = position === null ? null : await explainEvent(database, place, position);
    if (explanation === null) throw hidden("logId");
    return explanation;
  });
  serve("readPlaceSync", async ({ place, params }) => placeSync(database, (await place(params.placeId)).placeId));
  serve("readAuthSync", async ({ placeOf, params: { authId } }) => {
    const { placeId } = await placeOf("authId", await placeOfAuth(database, authId));
    return authSync(database, placeId, authId);
  });
  serve("readControllerSync", async ({ placeOf, params: { controllerId } }) => {
    await placeOf("controllerId", await placeOfController(database, controllerId));
    const proof = await controllerProof(database, controllerId, clock.nowMs());
    if (proof === null) throw hidden("controllerId");
    return proof;
  });
  serve("readAuthReceipts", async ({ placeOf, params: { authId } }) => {
    const { placeId } = await placeOf("authId", await placeOfReceipts(database, authId));
    return authReceipts(database, placeId, authId);
  });
  serve("listRevocations", async ({ place, params, query }) => {
    const { placeId } = await place(params.placeId);
    return revocationsOfPlace(database, placeId, { ...pageWanted(query), isOwed: query.owed === true });
  });
  serve("listContinuity", async ({ place, params, query }) =>
    continuityOfPlace(database, (await place(params.placeId)).placeId, pageWanted(query)),
  );
}

/** Where a page goes on: the last auth that was looked at. */
function readCursor(after: string | undefined): number {
  if (after === undefined) return 0;
  const authId = Number(after);
  if (/^\d{1,16}$/.test(after) && Number.isSafeInteger(authId)) return authId;
  throw new NativeRefusal("argument_invalid", { problems: [{ field: "after", message: "is no cursor of this list" }] });
}
