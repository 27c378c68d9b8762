import type { ImportResult } from "@postern/contract";
import { assert, type Clock, CodedError, itemKey } from "@postern/core";
import type { ReachedPlace } from "../../../platform/access/actor.ts";
import { type AuditActor, writeAudit } from "../../../platform/audit/audit-store.ts";
import type { Database, Transaction } from "../../../platform/database.ts";
import { NativeRefusal } from "../../../platform/http/native-refusal.ts";
import { deriveRoster } from "../../../roster/derive-roster.ts";
import { changeRoster, lockRoster } from "../../../roster/roster-store.ts";
import { newAuthItem } from "../auth-item.ts";
import type { AuthWriter } from "../auth-writer.ts";
import { unlessTaken } from "../enrol.ts";
import { NO_SECRETS } from "../secrets.ts";
import { drawIds, loadBatchFacts } from "./batch-facts-store.ts";
import type { RowBatch } from "./batch-rows.ts";
import { type BatchPlace, writeBatch } from "./batch-store.ts";
import { carryOutRow } from "./careful-row.ts";
import { addResults, type KeptImport, lockImport } from "./import-store.ts";
import { type BatchPlan, type DrawIds, planBatch, type ReadRow } from "./plan-batch.ts";
import { failedRow } from "./row-problems.ts";

export interface BatchDeps {
  readonly database: Database;
  readonly clock: Clock;
  readonly writer: AuthWriter;
}

/** Whose rows they are. */
export interface Importing {
  readonly importId: number;
  readonly dryRun: boolean;
  readonly place: ReachedPlace;
  readonly by: AuditActor;
}

/**
 * Carries out the next rows of an import and notes what came of each. Quick ones are one transaction with their results, so that after any end the
 * import knows exactly which are done. Careful ones are a transaction each, before their results: one that is carried out again changes nothing.
 */
export async function carryOutBatch(deps: BatchDeps, importing: Importing, batch: RowBatch): Promise<KeptImport> {
  if (batch.kind === "quick") return carryOutQuick(deps, importing, batch);
  const results: ImportResult[] = [];
  for (const read of batch.rows)
    results.push(
      "problems" in read ? failedRow(read.row, read.problems) : { row: read.row, ...(await carryOutRow(deps, importing, read.wanted)) },
    );
  return deps.database.transaction(async (tx) => {
    await lockAt(tx, importing, batch.rows);
    return addResults(tx, importing.importId, { results, rowsHash: hashOf(batch), nowMs: deps.clock.nowMs() });
  });
}

async function carryOutQuick(deps: BatchDeps, importing: Importing, batch: RowBatch): Promise<KeptImport> {
  try {
    return await deps.database.transaction((tx) => quickTransaction(tx, { importing, batch, nowMs: deps.clock.nowMs() }));
  } catch (failure) {
    if (!isRefusedStatement(failure)) throw failure;
    return carryOutHalves(deps, importing, { batch, cause: failure });
  }
}

/** Something in one row that nobody foresaw must not keep the others: they are parted until it stands alone. */
async function carryOutHalves(
  deps: BatchDeps,
  importing: Importing,
  { batch, cause }: { readonly batch: RowBatch; readonly cause: unknown },
): Promise<KeptImport> {
  const { rows } = batch;
  const middle = Math.ceil(rows.length / 2);
  const [first] = rows;
  assert(first !== undefined, "a batch has rows");
  if (rows.length > 1) {
    await carryOutQuick(deps, importing, { ...batch, rows: rows.slice(0, middle) });
    return carryOutQuick(deps, importing, { ...batch, rows: rows.slice(middle) });
  }
  if ("problems" in first) throw cause;
  const failed = { row: first.row, rowsHash: first.rowsHash, problems: [{ field: "row", message: "cannot be written" }] };
  return carryOutQuick(deps, importing, { ...batch, rows: [failed] });
}

function hashOf({ rows }: RowBatch): Uint8Array {
  const last = rows.at(-1);
  assert(last !== undefined, "a batch has rows");
  return last.rowsHash;
}

function isRefusedStatement(failure: unknown): boolean {
  return failure instanceof CodedError && failure.code === "statement_refused";
}

interface QuickWork {
  readonly importing: Importing;
  readonly batch: RowBatch;
  readonly nowMs: number;
}

async function quickTransaction(transaction: Transaction, { importing, batch, nowMs }: QuickWork): Promise<KeptImport> {
  const { placeId, placeGroupId } = importing.place;
  await lockAt(transaction, importing, batch.rows);
  const plan = await planned(transaction, importing, batch);
  if (!importing.dryRun) await write(transaction, { placeId, placeGroupId, nowMs }, { importing, plan });
  // The numbers that a rehearsal drew are nobody's.
  const results = importing.dryRun ? plan.results.map(withoutDrawn) : plan.results;
  const kept = await addResults(transaction, importing.importId, { results, rowsHash: hashOf(batch), nowMs });
  // Last before the commit: the head of the roster is what everybody else at the place waits for.
  if (!importing.dryRun) await tellRoster(transaction, { placeId, placeGroupId, nowMs }, plan);
  return kept;
}

/**
 * People who are new are written as single calls write them: their keys and cards meet unique indexes, and the roster, for which all others of the place
 * wait, is locked last. What changes rights or groups that are there is planned again under that lock. A rehearsal locks nothing.
 */
async function planned(transaction: Transaction, importing: Importing, batch: RowBatch): Promise<BatchPlan> {
  const plan = await planOnce(transaction, importing, batch);
  if (importing.dryRun || !needsLock(plan)) return plan;
  await lockRoster(transaction, importing.place.placeId);
  return planOnce(transaction, importing, batch);
}

function needsLock({ changed, created }: BatchPlan): boolean {
  return changed.length > 0 || created.some(({ record }) => record.groupIds.length > 0);
}

async function planOnce(transaction: Transaction, { place }: Importing, { rows }: RowBatch): Promise<BatchPlan> {
  const wanted = rows.flatMap((read) => ("wanted" in read ? [read.wanted] : []));
  const facts = await loadBatchFacts(transaction, place, wanted);
  const newCount = wanted.filter(({ userKey }) => !facts.auths.has(userKey)).length;
  return planBatch(facts, rows, newCount === 0 ? NO_IDS : await drawn(transaction, newCount));
}

function withoutDrawn({ authId, ...result }: ImportResult): ImportResult {
  return result.outcome === "created" || authId === undefined ? result : { ...result, authId };
}

/** The import, locked, where exactly the rows before these are done. */
async function lockAt(transaction: Transaction, { importId }: Importing, rows: readonly ReadRow[]): Promise<void> {
  const kept = await lockImport(transaction, importId);
  if (kept === null || kept.view.rowCount + 1 !== rows[0]?.row) throw elsewhere();
}

function elsewhere(): NativeRefusal {
  return new NativeRefusal("conflict", { problems: [{ field: "importId", message: "goes on in another request" }] });
}

const NO_IDS: DrawIds = { userId: noneDrawn, authId: noneDrawn };

function noneDrawn(): never {
  assert(false, "a number is asked for on behalf of somebody new alone");
}

async function drawn(transaction: Transaction, count: number): Promise<DrawIds> {
  const ids = await drawIds(transaction, { userCount: count, authCount: count });
  const [userIds, authIds] = [ids.userIds.values(), ids.authIds.values()];
  return { userId: () => userIds.next().value ?? noneDrawn(), authId: () => authIds.next().value ?? noneDrawn() };
}

async function write(
  transaction: Transaction,
  place: BatchPlace,
  { importing, plan }: { readonly importing: Importing; readonly plan: BatchPlan },
): Promise<void> {
  await unlessTaken(() => writeBatch(transaction, place, plan));
  await writeAudit(transaction, ...auditEntries(place, { importing, plan }));
}

async function tellRoster(transaction: Transaction, { placeId, nowMs }: BatchPlace, plan: BatchPlan): Promise<void> {
  // What is changed comes first, so that a card is taken away before it is given. The items of new auths are known without reading them again.
  const derived = [...plan.changed, ...plan.created.filter(({ record }) => record.groupIds.length > 0)].map(({ authId }) => authId);
  if (derived.length > 0) await deriveRoster(transaction, placeId, { touched: { auths: derived }, nowMs });
  const items = plan.created
    .filter(({ record }) => record.groupIds.length === 0)
    .map((auth) => newAuthItem(auth, auth.record, { cardKeys: auth.cardKeys, secrets: NO_SECRETS }));
  if (items.length > 0) await changeRoster(transaction, placeId, { changes: items.map((item) => ({ key: itemKey(item), item })), nowMs });
}

function auditEntries(
  { placeId, placeGroupId, nowMs }: BatchPlace,
  { importing, plan }: { readonly importing: Importing; readonly plan: BatchPlan },
) {
  const { importId, by } = importing;
  const entry = (action: string, authId: number, detail: Readonly<Record<string, unknown>>) => ({
    ...{ by, placeGroupId, placeId, atMs: nowMs, action, detail: { ...detail, importId } },
    target: { kind: "auth", id: authId },
  });
  return [
    ...plan.created.map(({ authId }) => entry("auth.create", authId, {})),
    ...plan.changed.map(({ authId, changed }) => entry("auth.change", authId, { changed })),
  ];
}
