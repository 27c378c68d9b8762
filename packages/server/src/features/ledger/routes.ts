import type { LedgerHead } from "@postern/contract";
import { listHeads } from "../../ledger/head-store.ts";
import { linesAfter } from "../../ledger/lines-store.ts";
import type { SignedHeads } from "../../ledger/signed-heads.ts";
import type { Database } from "../../platform/database.ts";
import { pageOfRows, pageWanted } from "../../platform/operations/page-cursor.ts";
import { hidden, type Serve } from "../../platform/operations/serve-operations.ts";
import { LINES_COUNT_DEFAULT } from "./limits.ts";

export interface LedgerDeps {
  readonly database: Database;
  readonly heads: SignedHeads;
}

/** What proves that a ledger is as it was. */
export function serveLedger(serve: Serve, { database, heads }: LedgerDeps): void {
  serve("readLedgerKey", async () => heads.key);
  serve("readLedgerHead", async ({ place, params }) => {
    const head = await heads.current((await place(params.placeId)).placeId);
    if (head === null) throw hidden("placeId");
    return head;
  });
  serve("listLedgerHeads", async ({ place, params, query }) => {
    const { placeId } = await place(params.placeId);
    const page = pageWanted(query);
    const rows = await listHeads(database, placeId, page);
    return pageOfRows(rows, page, { idOf: ({ sequence }) => sequence, item: (head: LedgerHead) => head });
  });
  serve("listLedgerLines", async ({ place, params, query }) => {
    const { placeId } = await place(params.placeId);
    return linesAfter(database, placeId, query.after ?? 0, query.limit ?? LINES_COUNT_DEFAULT);
  });
}
