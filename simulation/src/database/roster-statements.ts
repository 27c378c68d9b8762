import { addSums, assert, COMMON_SCOPE, type ItemKey } from "@postern/core";
import { readItemKey } from "@postern/door/internal";
import type { ItemRow, Tables } from "./memory-tables.ts";
import { numberOf, type StatementValues, textOf, textOrNull } from "./statement-values.ts";

/** What a named statement does to the tables. A write is done when its transaction commits. */
export type StatementTwin = (tables: Tables, values: StatementValues, write: (change: () => void) => void) => readonly object[];

export const ROSTER_STATEMENTS: Readonly<Record<string, StatementTwin>> = {
  "roster-lock-head": (tables) => [{ revision: tables.revision }],
  "roster-load-held": (tables, values) =>
    [...new Set(values.texts(1))].flatMap((text) => {
      const row = tables.items.get(keyOf(text));
      return row === undefined
        ? []
        : [{ item_key: row.key, scopes: [...row.scopes], hash: row.hash, added_revision: row.addedRevision, ...rightOf(row.item) }];
    }),
  "roster-write-plan": (tables, values, write) => {
    write(() => writePlan(tables, values));
    return [];
  },
  "roster-lock-away": (tables) =>
    [...tables.controllers.values()]
      .filter(({ connectedInstance }) => connectedInstance === null)
      .map(({ controllerId, heldDoorIds, offeredTo }) => ({ controllerId, doorIds: heldDoorIds, offeredTo })),
  "roster-read-connected": (tables) =>
    [...tables.controllers.values()]
      .filter(({ connectedInstance }) => connectedInstance !== null)
      .map(({ controllerId, heldDoorIds }) => ({
        controllerId,
        doorIds: [...new Set([...heldDoorIds, ...servedBy(tables, controllerId)])],
        offeredTo: null,
      })),
  "roster-insert-revocations": (tables, values, write) => {
    const [authIds, owing] = [values.numbers(3), values.texts(5)];
    const rows = values
      .numbers(2)
      .map((revision, index) => ({ revision, authId: authIds[index] ?? 0, controllerIds: numbersOfArray(owing[index] ?? "{}") }));
    write(() => tables.revocations.push(...rows));
    return [];
  },
  "roster-read-totals": (tables) => {
    const totals = new Map<number, bigint>();
    for (const [key, sum] of tables.sums) {
      const scope = Number(key.split(":")[0]);
      totals.set(scope, addSums(totals.get(scope) ?? 0n, sum));
    }
    if (totals.size === 0) return [{ head: tables.revision, scope: null, total: null }];
    return [...totals].map(([scope, total]) => ({ head: tables.revision, scope, total: total.toString() }));
  },
  "roster-read-deltas": (tables, values) =>
    tables.deltas
      .filter(({ revision }) => revision > values.number(1) && revision <= values.number(2))
      .map(({ revision, scope, delta }) => ({ revision, scope, delta: delta.toString() })),
  "roster-read-bucket-sums": (tables, values) => {
    const scopes = new Set(values.numbers(1));
    return [...tables.sums].flatMap(([key, sum]) => {
      const [scope, bucket] = key.split(":").map(Number);
      return scope !== undefined && scopes.has(scope) ? [{ scope, bucket, sum: sum.toString() }] : [];
    });
  },
  "roster-read-bucket-items": (tables, values) =>
    byRevision(tables)
      .filter((row) => row.bucket === values.number(1) && row.scopes.includes(values.number(2)) && row.hash !== null)
      .map(({ key, revision, hash, item }) => ({ key, revision, hash, item })),
  "roster-read-lanes": (tables, values) => atHead(tables, lanes(tables, values)),
  "roster-read-changes": (tables, values) =>
    atHead(
      tables,
      byRevision(tables)
        .filter(({ revision }) => revision > values.number(1))
        .slice(0, values.number(2)),
    ),
  "roster-poll-heads": (tables) => [{ place_id: tables.placeId, revision: tables.revision }],
};

/** The doors of a controller. */
export function servedBy(tables: Tables, controllerId: number): number[] {
  return tables.doors.filter((door) => door.controllerId === controllerId).map(({ doorId }) => doorId);
}

/** As the database reads it out of an item. */
function rightOf(item: unknown): object {
  const of = (name: string): unknown => (typeof item === "object" && item !== null ? Reflect.get(item, name) : undefined);
  return { status: of("status") ?? null, end_ms: of("endMs") ?? null };
}

function keyOf(text: string): ItemKey {
  const key = readItemKey(text);
  assert(key !== null, "the roster holds keys of items");
  return key;
}

function byRevision(tables: Tables): ItemRow[] {
  return [...tables.items.values()].sort((left, right) => left.revision - right.revision);
}

function atHead(tables: Tables, rows: readonly ItemRow[]): readonly object[] {
  if (rows.length === 0) return [{ head: tables.revision, item_key: null, revision: null, lane: null, scopes: null, item: null }];
  return rows.map(({ key, revision, lane, scopes, item }) => ({ head: tables.revision, item_key: key, revision, lane, scopes, item }));
}

function lanes(tables: Tables, values: StatementValues): ItemRow[] {
  const [settingsTo, urgentTo, additionsTo, urgentFrom] = [values.number(1), values.number(2), values.number(3), values.number(4)];
  const emptyUntil = values.number(5);
  const scopes = new Set(values.numbers(6));
  const countMax = values.number(7);
  const wanted = byRevision(tables).filter((row) => row.revision > emptyUntil || row.scopes.some((scope) => scopes.has(scope)));
  const first = wanted.filter((row) => row.lane === 1 && row.revision > settingsTo);
  const second = wanted.filter((row) => row.lane === 2 && row.revision > Math.max(urgentTo, urgentFrom));
  const third = wanted.filter((row) => row.lane >= 2 && row.revision > additionsTo && (row.lane === 3 || row.revision <= urgentFrom));
  return [...first.slice(0, countMax), ...second.slice(0, countMax), ...third.slice(0, countMax)].slice(0, countMax);
}

function writePlan(tables: Tables, values: StatementValues): void {
  const keys = values.texts(2);
  const [revisions, lanesOf, scopes, buckets] = [values.numbers(3), values.numbers(4), values.texts(5), values.numbers(6)];
  const [hashes, items] = [values.list(7).map(textOrNull), values.list(8).map(textOrNull)];
  for (const [index, text] of keys.entries()) {
    const key = keyOf(text);
    const item = items[index] ?? null;
    tables.items.set(key, {
      key,
      revision: revisions[index] ?? 0,
      lane: lanesOf[index] ?? 0,
      scopes: numbersOfArray(scopes[index] ?? "{}"),
      bucket: buckets[index] ?? 0,
      hash: hashes[index] ?? null,
      item: item === null ? null : JSON.parse(item),
      addedRevision: values.numbers(13)[index] ?? 0,
    });
  }
  writeDeltas(tables, values);
  tables.revision = values.number(1);
}

function writeDeltas(tables: Tables, values: StatementValues): void {
  const deltas = values.list(12).map(textOf);
  const [scopes, buckets] = [values.numbers(10), values.numbers(11)];
  for (const [index, revision] of values.numbers(9).entries()) {
    const scope = scopes[index] ?? COMMON_SCOPE;
    const delta = BigInt(deltas[index] ?? "0");
    tables.deltas.push({ revision, scope, delta });
    const key = `${scope}:${buckets[index] ?? 0}`;
    tables.sums.set(key, addSums(tables.sums.get(key) ?? 0n, delta));
  }
}

/** PostgreSQL's text of an array of numbers. */
export function numbersOfArray(text: string): number[] {
  const inner = text.slice(1, -1);
  return inner === "" ? [] : inner.split(",").map((one) => numberOf(Number(one)));
}
