import type { Database, Queryable, Statement } from "../../src/platform/database.ts";

/** What committed transactions wrote since it was last taken: each table, with counts of rows of the connection. */
export interface WatchedDatabase {
  readonly database: Database;
  takeChanges(): readonly string[];
}

interface Written {
  readonly table: string;
  readonly rows: string;
}

/** What PostgreSQL itself has counted on this connection and not yet passed on: it does so between transactions alone. Locks are no writing. */
const WRITTEN = {
  name: "watch-written",
  text: `select relname as "table", n_tup_ins || '+' || n_tup_upd || '+' || n_tup_del as rows
    from pg_stat_xact_user_tables where n_tup_ins + n_tup_upd + n_tup_del > 0 order by relname`,
};

/** The same database, noting what is committed through it: a refusal that leaves a trace is seen whatever table it is in. */
export function watchDatabase(database: Database): WatchedDatabase {
  const changes: string[] = [];
  const noting = async <Result>(queryable: Queryable, statement: string | Statement, result: Promise<Result>): Promise<Result> => {
    const done = await result;
    const text = typeof statement === "string" ? statement : statement.text;
    if (queryable === database && /\b(insert into|update \w+ set|delete from)\b/i.test(text))
      changes.push(`outside a transaction: ${text}`);
    return done;
  };
  return {
    database: {
      query: (statement, values) => noting(database, statement, database.query(statement, values)),
      execute: (statement, values) => noting(database, statement, database.execute(statement, values)),
      transaction: async (work, options) => {
        let written: readonly string[] = [];
        const result = await database.transaction(async (transaction) => {
          const before = await countsOf(transaction);
          const value = await work(transaction);
          written = (await countsOf(transaction)).filter((count) => !before.includes(count));
          return value;
        }, options);
        changes.push(...written);
        return result;
      },
      close: () => database.close(),
    },
    takeChanges: () => changes.splice(0),
  };
}

async function countsOf(queryable: Queryable): Promise<readonly string[]> {
  return (await queryable.query<Written>(WRITTEN)).map(({ table, rows }) => `${table}: ${rows}`);
}
