import type { Transaction } from "../database.ts";

/** Who did something, as the audit log names them. */
export interface AuditActor {
  /** null: the operator of the server, or the server by itself. */
  readonly keyId: string | null;
  readonly source: "API_TOKEN" | "OPERATOR" | "SYSTEM";
}

/** One administrative act. `detail` names what changed, never a credential's value. */
export interface AuditEntry {
  readonly by: AuditActor;
  readonly placeGroupId: number;
  /** null: it concerns the whole group. */
  readonly placeId: number | null;
  readonly atMs: number;
  /** A verb on a noun: `auth.create`, `door.mode`, `key.revoke`. */
  readonly action: string;
  readonly target: { readonly kind: string; readonly id: number | string | null };
  readonly outcome?: "done" | "refused";
  readonly detail?: Readonly<Record<string, unknown>>;
}

/** Writes who did what, in the transaction of the deed: neither is ever there without the other. */
export async function writeAudit(transaction: Transaction, ...entries: readonly AuditEntry[]): Promise<void> {
  if (entries.length === 0) return;
  await transaction.query({
    name: "audit-write",
    text: `
      insert into audit(place_group_id, place_id, at, key_id, source, action, target_kind, target_id, outcome, detail)
      select * from unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[], $9::text[], $10::jsonb[])`,
    values: [
      entries.map((entry) => entry.placeGroupId),
      entries.map((entry) => entry.placeId),
      entries.map((entry) => entry.atMs),
      entries.map((entry) => entry.by.keyId),
      entries.map((entry) => entry.by.source),
      entries.map((entry) => entry.action),
      entries.map((entry) => entry.target.kind),
      entries.map((entry) => (entry.target.id === null ? null : String(entry.target.id))),
      entries.map((entry) => entry.outcome ?? "done"),
      entries.map((entry) => (entry.detail === undefined ? null : JSON.stringify(entry.detail))),
    ],
  });
}
