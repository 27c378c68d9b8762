import type { Clock } from "@postern/core";
import { writeAudit } from "../../../platform/audit/audit-store.ts";
import type { Database } from "../../../platform/database.ts";
import { NativeRefusal } from "../../../platform/http/native-refusal.ts";
import { deletedSince, makeOnce } from "../../../platform/operations/make-once.ts";
import type { OperationRequest } from "../../../platform/operations/operation-request.ts";
import { pageOfRows, pageWanted } from "../../../platform/operations/page-cursor.ts";
import { hidden, type Serve } from "../../../platform/operations/serve-operations.ts";
import type { AuthWriter } from "../auth-writer.ts";
import { findImport, insertImport, type KeptImport, listImports, listResults } from "./import-store.ts";
import { IMPORT_ANSWER_MS_MAX, IMPORT_BYTES_MAX, IMPORTS_AT_ONCE_MAX, IMPORTS_RETRY_S } from "./limits.ts";
import { runImport } from "./run-import.ts";

export interface ImportsDeps {
  readonly database: Database;
  readonly clock: Clock;
  readonly writer: AuthWriter;
}

/** Many auths at once, under v2. */
export function serveImports(serve: Serve, deps: ImportsDeps): void {
  const { database } = deps;
  let runningCount = 0;

  serve("createImport", async ({ params, body, by, once, place }) => {
    const { placeId, placeGroupId } = await place(params.placeId);
    const dryRun = body?.dryRun ?? false;
    return database.transaction(async (tx) => {
      const importId = await makeOnce(tx, once, () => begin(tx, { placeId, placeGroupId, dryRun, by, nowMs: deps.clock.nowMs() }));
      const kept = await findImport(tx, importId);
      if (kept === null) throw deletedSince();
      return kept.view;
    });
  });

  serve(
    "importAuths",
    async (request) => {
      const place = await request.place(request.params.placeId);
      const body = request.streamedBody(IMPORT_BYTES_MAX);
      if (runningCount >= IMPORTS_AT_ONCE_MAX) throw tooManyAtOnce();
      runningCount += 1;
      try {
        const { by, signal, query } = request;
        const kept = await importOf(deps, query, place.placeId);
        const dryRun = kept?.view.dryRun ?? query.dryRun ?? false;
        const begun = (): Promise<number> =>
          deps.database.transaction((tx) => begin(tx, { ...place, dryRun, by, nowMs: deps.clock.nowMs() }));
        return await runImport(deps, { kept, begin: begun, dryRun, place, by, body, signal });
      } finally {
        runningCount -= 1;
      }
    },
    { answerMsMax: IMPORT_ANSWER_MS_MAX },
  );

  serve("listImports", async ({ params, query, place }) => {
    const { placeId } = await place(params.placeId);
    const page = pageWanted(query);
    return pageOfRows(await listImports(database, placeId, page), page, { idOf: ({ importId }) => importId, item: (item) => item });
  });

  serve("readImport", async ({ params: { importId }, placeOf }) => {
    const kept = await findImport(database, importId);
    await placeOf("importId", kept?.view.placeId ?? null);
    if (kept === null) throw hidden("importId");
    return kept.view;
  });

  serve("listImportResults", async ({ params: { importId }, query, placeOf }) => {
    const kept = await findImport(database, importId);
    await placeOf("importId", kept?.view.placeId ?? null);
    const page = pageWanted(query);
    const rows = await listResults(database, importId, { ...page, outcome: query.outcome ?? null });
    return pageOfRows(rows, page, { idOf: ({ row }) => row, item: (item) => item });
  });
}

type Begun = Parameters<typeof insertImport>[1] & Pick<OperationRequest<"createImport">, "by"> & { readonly placeGroupId: number };

async function begin(
  transaction: Parameters<typeof insertImport>[0],
  { placeId, placeGroupId, dryRun, by, nowMs }: Begun,
): Promise<number> {
  const importId = await insertImport(transaction, { placeId, dryRun, nowMs });
  const target = { kind: "import", id: importId };
  await writeAudit(transaction, { by, placeGroupId, placeId, atMs: nowMs, action: "import.create", target, detail: { dryRun } });
  return importId;
}

/** The import that the request names, as its place is; null: it names none. */
async function importOf(
  { database }: ImportsDeps,
  { importId, dryRun }: OperationRequest<"importAuths">["query"],
  placeId: number,
): Promise<KeptImport | null> {
  if (importId === undefined) return null;
  const kept = await findImport(database, importId);
  if (kept === null || kept.view.placeId !== placeId) throw hidden("importId");
  if (dryRun !== undefined && dryRun !== kept.view.dryRun) throw otherwiseBegun(kept);
  return kept;
}

function otherwiseBegun({ view }: KeptImport): NativeRefusal {
  const message = view.dryRun ? "was true when the import was begun" : "was not asked for when the import was begun";
  return new NativeRefusal("conflict", { problems: [{ field: "dryRun", message }] });
}

function tooManyAtOnce(): NativeRefusal {
  const detail = "Too many imports are under way; try again later.";
  return new NativeRefusal("too_many_requests", { status: 503, retryAfterS: IMPORTS_RETRY_S, detail });
}
