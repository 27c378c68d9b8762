import type { EventExport, NativeOperationId } from "@postern/contract";
import type { ReachedPlace } from "../../platform/access/actor.ts";
import type { Database } from "../../platform/database.ts";
import type { OperationRequest } from "../../platform/operations/operation-request.ts";
import { pageOfRows, pageWanted } from "../../platform/operations/page-cursor.ts";
import type { Serve } from "../../platform/operations/serve-operations.ts";
import { EXPORT_ANSWER_MS_MAX } from "./limits.ts";
import type { Exports } from "./service.ts";
import { findExport, listExports } from "./store.ts";

/** Under v2. */
export function serveExports(serve: Serve, exports: Exports, database: Database): void {
  const placeOf = async ({ params: { exportId }, placeOf: reach }: Asked): Promise<ReachedPlace> =>
    reach("exportId", (await findExport(database, exportId))?.placeId ?? null);

  serve("createExport", async ({ params, by, body, place }) => exports.create(await place(params.placeId), by, body));

  serve("listExports", async ({ params, query, place }) => {
    const { placeId } = await place(params.placeId);
    const page = pageWanted(query);
    const rows = await listExports(database, placeId, page);
    return pageOfRows(rows, page, { idOf: ({ exportId }) => exportId, item: (row: EventExport) => row });
  });

  serve(
    "readExport",
    async (asked) => {
      await placeOf(asked);
      return exports.read(asked.params.exportId, { waitMs: (asked.query.wait ?? 0) * 1_000, signal: asked.signal });
    },
    { answerMsMax: EXPORT_ANSWER_MS_MAX },
  );

  serve("downloadExport", async (asked) => {
    await placeOf(asked);
    const { header, signal } = asked;
    return exports.download(asked.params.exportId, { range: header("range"), ifRange: header("if-range"), signal });
  });

  serve("deleteExport", async (asked) => void (await exports.remove(await placeOf(asked), asked.by, asked.params.exportId)));
}

/** What every call about one export has. */
type Asked = Pick<OperationRequest<NativeOperationId>, "placeOf"> & { readonly params: { readonly exportId: number } };
