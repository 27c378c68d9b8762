import { once } from "node:events";
import type { Client } from "pg";
import { type CopyStreamQuery, from as copyFrom } from "pg-copy-streams";
import { quoted, readTables } from "./backup-store.ts";
import { IDS_LEFT_OUT } from "./limits.ts";
import type { Manifest, TableOfBackup } from "./manifest.ts";

/** The first table that holds a row; null: there is none. */
export async function findFilled(client: Client): Promise<string | null> {
  for (const { name } of await readTables(client)) {
    const { rows } = await client.query<{ filled: boolean }>(`select exists (select from ${quoted(name)}) as filled`);
    if (rows[0]?.filled === true) return name;
  }
  return null;
}

/** Begins the one transaction in which everything is written, and makes the months that the rows belong to. */
export async function beginLoading(client: Client, { tables }: Manifest): Promise<void> {
  await client.query("begin");
  await client.query("set local statement_timeout = 0");
  await client.query("set local idle_in_transaction_session_timeout = 0");
  for (const period of new Set(tables.flatMap(({ periods }) => periods))) await client.query("select ensure_ledger_period($1)", [period]);
}

/** Rows of one table, in pieces as they come. */
export interface TableLoad {
  write(bytes: Buffer): Promise<void>;
  /** How many rows there were. */
  end(): Promise<number>;
}

export function loadTable(client: Client, { name, columns }: TableOfBackup): TableLoad {
  const copy: CopyStreamQuery = client.query(copyFrom(`copy ${quoted(name)} (${columns.map(quoted).join(", ")}) from stdin`));
  const failed = new Promise<never>((_, reject) => copy.once("error", reject));
  failed.catch(() => undefined);
  return {
    async write(bytes) {
      if (!copy.write(bytes)) await Promise.race([once(copy, "drain"), failed]);
    },
    async end() {
      const finished = once(copy, "finish");
      copy.end();
      await Promise.race([finished, failed]);
      return copy.rowCount;
    },
  };
}

/** Nothing that was connected is; and whoever compares epochs learns that this database has gone back in time. */
export async function endLoading(client: Client, { sequences }: Manifest, epoch: string): Promise<void> {
  for (const { name, lastValue } of sequences)
    await client.query("select setval($1::regclass, $2)", [quoted(name), lastValue + IDS_LEFT_OUT]);
  await client.query("update deployment set epoch = $1", [epoch]);
  await client.query("update controllers set connected_instance = null");
  await client.query("commit");
}
