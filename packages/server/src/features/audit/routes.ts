import { type AuditEntry, type AuditLogItem, EPOCH_MS_MAX, readAuditLogsQuery, writeList } from "@postern/contract";
import type { FastifyInstance } from "fastify";
import type { Access, Actor } from "../../platform/access/actor.ts";
import { requireScope } from "../../platform/access/require-scope.ts";
import type { Queryable } from "../../platform/database.ts";
import { accepted } from "../../platform/http/accepted.ts";
import { pageOfRows, pageWanted } from "../../platform/operations/page-cursor.ts";
import type { Serve } from "../../platform/operations/serve-operations.ts";
import { type AuditFilter, listAuditAfter, pageOfAudit } from "./store.ts";

export interface AuditDeps {
  readonly database: Queryable;
  readonly access: Access;
}

/** CLUe §1.4, under every prefix of v1. */
export function addAuditRoutes(routes: FastifyInstance, { database, access }: AuditDeps): void {
  routes.get("/audit-logs", async (request) => {
    requireScope(request.actor, "keys");
    const query = accepted(readAuditLogsQuery(request.query));
    if (query.placeId !== null) await access.place(request.actor, "keys", query.placeId);
    const { startMs, endMs } = query;
    const { total, entries } = await pageOfAudit(database, filterOf(request.actor, { ...query, fromMs: startMs, toMs: endMs }), query);
    return writeList(entries.map(auditLogItem), total);
  });
}

/** Under v2. */
export function serveAudit(serve: Serve, { database }: Pick<AuditDeps, "database">): void {
  serve("listAudit", async ({ actor, query, place }) => {
    const { placeId = null, from = null, to = null, action = null } = query;
    if (placeId !== null) await place(placeId);
    const page = pageWanted(query);
    const entries = await listAuditAfter(database, filterOf(actor, { placeId, fromMs: from, toMs: to, action }), page);
    return pageOfRows(entries, page, { idOf: (entry) => entry.auditId, item: (entry) => entry });
  });
}

interface Wanted {
  readonly placeId: number | null;
  readonly fromMs: number | null;
  readonly toMs: number | null;
  readonly action?: string | null;
}

/** A place that is named has been judged to be within reach. What concerns the group itself is seen by keys of the whole group alone. */
function filterOf({ placeGroupId, placeIds }: Actor, { placeId, fromMs, toMs, action = null }: Wanted): AuditFilter {
  return { placeGroupId, placeIds: placeId === null ? placeIds : [placeId], fromMs: fromMs ?? 0, toMs: toMs ?? EPOCH_MS_MAX, action };
}

/** Fields without a value are omitted, as on the rest of v1. */
function auditLogItem({ auditId, at, placeId, keyId, source, action, targetKind, targetId, outcome, detail }: AuditEntry): AuditLogItem {
  return {
    auditLogId: auditId,
    createdAt: at,
    ...(placeId === null ? {} : { placeId }),
    ...(keyId === null ? {} : { keyId }),
    source,
    action,
    targetType: targetKind,
    ...(targetId === null ? {} : { targetId }),
    result: outcome === "done" ? "DONE" : "REFUSED",
    ...(detail === null ? {} : { detail }),
  };
}
