import { AsyncLocalStorage } from "node:async_hooks";
import type { Database, Statement, Transaction } from "../../src/platform/database.ts";

export interface WatchedDatabase {
  readonly database: Database;
  /** Does some work and tells what transactions committed on its way: each table, with counts of rows of the connection. */
  during<Result>(work: () => Promise<Result>): Promise<{ readonly result: Result; readonly changes: readonly string[] }>;
}

interface Written {
  readonly table: string;
  readonly rows: string;
}

/**
 * What PostgreSQL has counted on this connection and not yet passed on, which it does between transactions alone; what was rolled back is among it, locks
 * are not.
 */
const WRITTEN = {
  name: "watch-written",
  text: `
    with counted as materialized (
      select relname, pg_stat_get_xact_tuples_inserted(oid) as inserted, pg_stat_get_xact_tuples_updated(oid) as updated,
        pg_stat_get_xact_tuples_deleted(oid) as deleted
      from pg_class where relkind = 'r' and relnamespace = 'public'::regnamespace
    )
    select relname as "table", inserted || '+' || updated || '+' || deleted as rows from counted where inserted + updated + deleted > 0`,
};

async function countsOf(transaction: Transaction): Promise<readonly string[]> {
  return (await transaction.query<Written>(WRITTEN)).map(({ table, rows }) => `${table}: ${rows}`);
}

/** The same database, noting what is committed through it: a refusal that leaves a trace is seen whatever table it is in. */
export function watchDatabase(database: Database): WatchedDatabase {
  const watching = new AsyncLocalStorage<string[]>();
  const transaction: Database["transaction"] = async (work, options) => {
    let written: readonly string[] = [];
    const result = await database.transaction(async (tx) => {
      const before = await countsOf(tx);
      const value = await work(tx);
      written = (await countsOf(tx)).filter((count) => !before.includes(count));
      return value;
    }, options);
    watching.getStore()?.push(...written);
    return result;
  };
  /** A statement by itself that may write is a transaction too. */
  const inOwn = (statement: string | Statement): boolean =>
    /\b(insert into|update|delete from)\b/i.test(typeof statement === "string" ? statement : statement.text);
  return {
    database: {
      query: (statement, values) =>
        inOwn(statement) ? transaction((tx) => tx.query(statement, values)) : database.query(statement, values),
      execute: (statement, values) =>
        inOwn(statement) ? transaction((tx) => tx.execute(statement, values)) : database.execute(statement, values),
      transaction,
      close: () => database.close(),
    },
    during: async (work) => {
      const changes: string[] = [];
      return { result: await watching.run(changes, work), changes };
    },
  };
}
