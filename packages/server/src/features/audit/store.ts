import type { AuditEntry } from "@postern/contract";
import type { Queryable } from "../../platform/database.ts";

/** Which rows of the audit log somebody may see and wants. */
export interface AuditFilter {
  readonly placeGroupId: number;
  /** null: all of the group, and what concerns the group itself. */
  readonly placeIds: readonly number[] | null;
  /** Both inclusive. */
  readonly fromMs: number;
  readonly toMs: number;
  readonly action: string | null;
}

interface AuditRow {
  readonly audit_id: number;
  readonly at: number;
  readonly place_id: number | null;
  readonly key_id: string | null;
  readonly source: string;
  readonly action: string;
  readonly target_kind: string;
  readonly target_id: string | null;
  readonly outcome: "done" | "refused";
  readonly detail: Record<string, unknown> | null;
}

const COLUMNS = "audit_id, at, place_id, key_id, source, action, target_kind, target_id, outcome, detail";

/** $1 the group, $2 from, $3 to, $4 an action or null, $5 places. Two texts, so that each is planned for what it looks up. */
function matching({ placeIds }: AuditFilter): { readonly name: string; readonly where: string } {
  const where = "place_group_id = $1 and at between $2 and $3 and ($4::text is null or action = $4)";
  return placeIds === null
    ? { name: "group", where: `${where} and $5::bigint[] is null` }
    : { name: "places", where: `${where} and place_id = any($5)` };
}

function valuesOf({ placeGroupId, fromMs, toMs, action, placeIds }: AuditFilter): unknown[] {
  return [placeGroupId, fromMs, toMs, action, placeIds];
}

/** The newest first, from behind the row `afterId` on, or from the newest on where it is 0; one more than `limit`. */
export async function listAuditAfter(
  queryable: Queryable,
  filter: AuditFilter,
  { afterId, limit }: { readonly afterId: number; readonly limit: number },
): Promise<readonly AuditEntry[]> {
  const { name, where } = matching(filter);
  const rows = await queryable.query<AuditRow>({
    name: `audit-list-${name}`,
    text: `
      select ${COLUMNS} from audit
      where ${where} and ($6 = 0 or (at, audit_id) < (select at, audit_id from audit before where before.place_group_id = $1 and before.audit_id = $6))
      order by at desc, audit_id desc limit $7`,
    values: [...valuesOf(filter), afterId, limit + 1],
  });
  return rows.map(auditEntry);
}

export interface AuditPage {
  /** How many rows match, whatever the page shows. */
  readonly total: number;
  readonly entries: readonly AuditEntry[];
}

/** One page, the newest first, and how many match, of one moment. */
export async function pageOfAudit(
  queryable: Queryable,
  filter: AuditFilter,
  { page, size }: { readonly page: number; readonly size: number },
): Promise<AuditPage> {
  const { name, where } = matching(filter);
  const rows = await queryable.query<{ readonly total: number } & (AuditRow | { readonly audit_id: null })>({
    name: `audit-page-${name}`,
    text: `
      with page as (
        select ${COLUMNS} from audit where ${where} order by at desc, audit_id desc limit $6 offset $7
      )
      select counted.total, page.* from (select count(*) as total from audit where ${where}) as counted left join page on true
      order by at desc, audit_id desc`,
    values: [...valuesOf(filter), size, page * size],
  });
  return { total: rows[0]?.total ?? 0, entries: rows.flatMap((row) => (row.audit_id === null ? [] : [auditEntry(row)])) };
}

function auditEntry(row: AuditRow): AuditEntry {
  return {
    auditId: row.audit_id,
    at: row.at,
    placeId: row.place_id,
    keyId: row.key_id,
    source: row.source,
    action: row.action,
    targetKind: row.target_kind,
    targetId: row.target_id,
    outcome: row.outcome,
    detail: row.detail,
  };
}
