import type { Import, ImportOutcome, ImportResult } from "@postern/contract";
import { assert } from "@postern/core";
import type { Queryable, Transaction } from "../../../platform/database.ts";
import type { PageWanted } from "../../../platform/operations/page-cursor.ts";
import { IMPORTS_DROPPED_AT_ONCE_MAX } from "./limits.ts";

/** An import with what its next request is compared by. */
export interface KeptImport {
  readonly view: Import;
  /** Of everything up to the last row that is done; null: none is. */
  readonly rowsHash: Uint8Array | null;
}

interface ImportRow extends Omit<Import, "importId" | "placeId"> {
  readonly importId: number;
  readonly placeId: number;
  readonly rowsHash: Uint8Array | null;
}

const COLUMNS = `import_id as "importId", place_id as "placeId", dry_run as "dryRun", state, row_count as "rowCount", created_count as "createdCount",
  changed_count as "changedCount", unchanged_count as "unchangedCount", failed_count as "failedCount", made_at as "madeAt", changed_at as "changedAt",
  ended_at as "endedAt", rows_hash as "rowsHash"`;

function keptImport({ rowsHash, ...view }: ImportRow): KeptImport {
  return { view, rowsHash };
}

export async function insertImport(
  transaction: Transaction,
  { placeId, dryRun, nowMs }: { readonly placeId: number; readonly dryRun: boolean; readonly nowMs: number },
): Promise<number> {
  const [row] = await transaction.query<{ import_id: number }>(
    "insert into imports(import_id, place_id, dry_run, made_at, changed_at) values (nextval('import_ids'), $1, $2, $3, $3) returning import_id",
    [placeId, dryRun, nowMs],
  );
  assert(row !== undefined, "an inserted import returns its id");
  return row.import_id;
}

export async function findImport(queryable: Queryable, importId: number): Promise<KeptImport | null> {
  const [row] = await queryable.query<ImportRow>(`select ${COLUMNS} from imports where import_id = $1`, [importId]);
  return row === undefined ? null : keptImport(row);
}

/** Held until the commit, so that two requests never carry out the same rows at once. Null: it was dropped. */
export async function lockImport(transaction: Transaction, importId: number): Promise<KeptImport | null> {
  const [row] = await transaction.query<ImportRow>(`select ${COLUMNS} from imports where import_id = $1 for update`, [importId]);
  return row === undefined ? null : keptImport(row);
}

/** Notes what came of the next rows of a locked import. */
export async function addResults(
  transaction: Transaction,
  importId: number,
  { results, rowsHash, nowMs }: { readonly results: readonly ImportResult[]; readonly rowsHash: Uint8Array; readonly nowMs: number },
): Promise<KeptImport> {
  const countOf = (outcome: ImportOutcome): number => results.filter((result) => result.outcome === outcome).length;
  const [row] = await transaction.query<ImportRow>(
    `with noted as (
        insert into import_results(import_id, row, outcome, auth_id, changed, problems)
        select $1::bigint, row, outcome, "authId", changed, problems
        from jsonb_to_recordset($2::jsonb) as result(row int, outcome text, "authId" bigint, changed text[], problems jsonb)
      )
      update imports set row_count = row_count + $3, created_count = created_count + $4, changed_count = changed_count + $5,
        unchanged_count = unchanged_count + $6, failed_count = failed_count + $7, rows_hash = $8, changed_at = $9
      where import_id = $1 returning ${COLUMNS}`,
    [
      importId,
      JSON.stringify(results),
      results.length,
      countOf("created"),
      countOf("changed"),
      countOf("unchanged"),
      countOf("failed"),
      rowsHash,
      nowMs,
    ],
  );
  assert(row !== undefined, "a locked import is there");
  return keptImport(row);
}

export async function endImport(transaction: Transaction, importId: number, nowMs: number): Promise<KeptImport> {
  const [row] = await transaction.query<ImportRow>(
    `update imports set state = 'done', ended_at = coalesce(ended_at, $2), changed_at = $2 where import_id = $1 returning ${COLUMNS}`,
    [importId, nowMs],
  );
  assert(row !== undefined, "a locked import is there");
  return keptImport(row);
}

/** In ascending id, with one more than the page has. */
export async function listImports(queryable: Queryable, placeId: number, { afterId, limit }: PageWanted): Promise<readonly Import[]> {
  const rows = await queryable.query<ImportRow>(
    `select ${COLUMNS} from imports where place_id = $1 and import_id > $2 order by import_id limit $3`,
    [placeId, afterId, limit + 1],
  );
  return rows.map((row) => keptImport(row).view);
}

interface ResultRow {
  readonly row: number;
  readonly outcome: ImportOutcome;
  readonly auth_id: number | null;
  readonly changed: string[] | null;
  readonly problems: ImportResult["problems"] | null;
}

/** In the order of the rows, with one more than the page has. */
export async function listResults(
  queryable: Queryable,
  importId: number,
  { outcome, afterId, limit }: PageWanted & { readonly outcome: ImportOutcome | null },
): Promise<readonly ImportResult[]> {
  const rows = await queryable.query<ResultRow>(
    // Said twice, so that failures are found by their own index.
    `select row, outcome, auth_id, changed, problems from import_results where import_id = $1 and row > $2
      ${outcome === null ? "and $4::text is null" : outcome === "failed" ? "and outcome = 'failed' and $4::text is not null" : "and outcome = $4"}
      order by row limit $3`,
    [importId, afterId, limit + 1, outcome],
  );
  return rows.map(({ row, outcome: came, auth_id: authId, changed, problems }) => ({
    row,
    outcome: came,
    ...(authId === null ? {} : { authId }),
    ...(changed === null ? {} : { changed }),
    ...(problems === null || problems === undefined ? {} : { problems }),
  }));
}

/** Drops imports that nobody went on with since `beforeMs`, with their results, a bounded number at a time. */
export async function dropOldImports(queryable: Queryable, beforeMs: number): Promise<void> {
  await queryable.query(
    `delete from imports where import_id = any(array(
        select import_id from imports where changed_at < $1 order by changed_at limit $2 for update skip locked))`,
    [beforeMs, IMPORTS_DROPPED_AT_ONCE_MAX],
  );
}
