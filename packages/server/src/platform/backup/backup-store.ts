import type { Client } from "pg";
import { to as copyTo } from "pg-copy-streams";
import { MIGRATIONS_TABLE } from "../migrate.ts";

/** One table of the database, as a backup has it. */
export interface TableShape {
  readonly name: string;
  readonly columns: readonly string[];
  /** Of a table in months, those that it has. */
  readonly periods: readonly number[];
}

/** Begins the one transaction of which everything is read: later changes are not seen, and wait for nobody. */
export async function beginSnapshot(client: Client): Promise<void> {
  await client.query("begin isolation level repeatable read read only");
  await client.query("set local statement_timeout = 0");
  await client.query("set local idle_in_transaction_session_timeout = 0");
}

/** The migrations that the database has run, in their order; none where there is no such table. */
export async function readSchema(client: Client): Promise<readonly string[]> {
  const table = await client.query<{ found: boolean }>("select to_regclass($1) is not null as found", [MIGRATIONS_TABLE]);
  if (table.rows[0]?.found !== true) return [];
  return (await client.query<{ name: string }>(`select name from ${MIGRATIONS_TABLE} order by id`)).rows.map(({ name }) => name);
}

/** Every table but the one of migrations, those first that others refer to. */
export async function readTables(client: Client): Promise<readonly TableShape[]> {
  const { rows } = await client.query<TableShape & { readonly needs: readonly string[] }>(
    `select tables.relname as name,
        array(select attname::text from pg_attribute where attrelid = tables.oid and attnum > 0 and not attisdropped and attgenerated = '' order by attnum) as columns,
        array(select substring(parts.relname from '_p(\\d+)$')::int from pg_inherits join pg_class parts on parts.oid = inhrelid
          where inhparent = tables.oid and parts.relname ~ '_p\\d+$' order by 1) as periods,
        array(select others.relname::text from pg_constraint join pg_class others on others.oid = confrelid
          where conrelid = tables.oid and contype = 'f' and confrelid <> conrelid) as needs
      from pg_class tables join pg_namespace on pg_namespace.oid = tables.relnamespace
      where nspname = 'public' and relkind in ('r', 'p') and not relispartition and tables.relname <> $1 order by 1`,
    [MIGRATIONS_TABLE],
  );
  return inOrderOfNeed(rows);
}

function inOrderOfNeed(tables: readonly (TableShape & { readonly needs: readonly string[] })[]): readonly TableShape[] {
  const ordered: TableShape[] = [];
  const met = new Set<string>();
  const add = (name: string): void => {
    const table = tables.find((one) => one.name === name);
    if (table === undefined || met.has(name)) return;
    met.add(name);
    for (const need of table.needs) add(need);
    ordered.push({ name, columns: table.columns, periods: table.periods });
  };
  for (const { name } of tables) add(name);
  return ordered;
}

/** A table's rows as COPY writes them, a row a line. */
export function copyOut(client: Client, { name, columns }: TableShape): AsyncIterable<Buffer> {
  return client.query(copyTo(`copy (select ${columns.map(quoted).join(", ")} from ${quoted(name)}) to stdout`));
}

/** Where each sequence stands. Read after the rows: a number that was drawn meanwhile is left out, and never one that a row has. */
export async function readSequences(client: Client): Promise<readonly { readonly name: string; readonly lastValue: number }[]> {
  const { rows } = await client.query<{ name: string; last_value: string }>(
    "select sequencename as name, coalesce(last_value, start_value) as last_value from pg_sequences where schemaname = 'public' order by 1",
  );
  return rows
    .filter(({ name }) => name !== `${MIGRATIONS_TABLE}_id_seq`)
    .map((row) => ({ name: row.name, lastValue: Number(row.last_value) }));
}

export async function readEpoch(client: Client): Promise<string | null> {
  return (await client.query<{ epoch: string }>("select epoch from deployment")).rows[0]?.epoch ?? null;
}

export function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}
