import type { Database } from "../../src/platform/database.ts";

/** By table: how many rows, and a sum over the hashes of all that stands in them. */
export async function fingerprintOf(database: Database): Promise<Readonly<Record<string, string>>> {
  const tables = await database.query<{ name: string }>(
    `select relname as name from pg_class where relkind in ('r', 'p') and not relispartition and relnamespace = 'public'::regnamespace
      and has_table_privilege(oid, 'select') order by relname`,
  );
  const selects = tables.map(
    ({ name }) => `select '${name}' as name, count(*) || ' ' || coalesce(sum(hashtextextended(t::text, 0)), 0) as rows from ${name} t`,
  );
  const rows = await database.query<{ name: string; rows: string }>(selects.join(" union all "));
  return Object.fromEntries(rows.map(({ name, rows: sum }) => [name, sum]));
}
