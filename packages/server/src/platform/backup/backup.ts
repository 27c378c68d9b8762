import { stat } from "node:fs/promises";
import { join, resolve } from "node:path";
import { Client } from "pg";
import type { Config } from "../config.ts";
import { clientConfig } from "../database-address.ts";
import { databaseError } from "../database-error.ts";
import { platformError } from "../platform-errors.ts";
import { CONNECT_MS_MAX } from "../platform-limits.ts";
import { readServerKeyFile, SERVER_KEY_FILE, serverKeyMark } from "../server-key.ts";
import { ArchiveWriter } from "./archive-writer.ts";
import { beginSnapshot, copyOut, readEpoch, readSchema, readSequences, readTables, type TableShape } from "./backup-store.ts";
import { PART_BYTES_MAX } from "./limits.ts";
import { type DatabasePorts, reachDatabase } from "./live-database.ts";
import { BACKUP_FORMAT, type Manifest, type PartOfBackup, SERVER_KEY_NAME, type TableOfBackup } from "./manifest.ts";

export interface BackupOptions extends DatabasePorts {
  readonly config: Pick<Config, "dataDir" | "databaseUrl">;
  /** Must not be there yet. */
  readonly path: string;
  /** The key that opens everything stands in the file too: whoever has the file then has everything. */
  readonly withServerKey: boolean;
  readonly version: string;
  /** Told of each table once it is written. */
  readonly onTable?: (table: { readonly name: string; readonly rowCount: number }) => void;
}

export interface BackupMade {
  readonly path: string;
  readonly bytes: number;
  readonly rowCount: number;
  readonly tableCount: number;
  readonly hasServerKey: boolean;
}

/**
 * Writes everything that a server keeps, as it is at one moment, while it runs: each table of the database by COPY within one transaction that sees
 * nothing later. The file gets its name when it is whole and on the disk.
 */
export async function backup(options: BackupOptions): Promise<BackupMade> {
  const path = resolve(options.path);
  await refuseMissingDataDir(options.config);
  const serverKey = await readServerKeyFile(join(options.config.dataDir, SERVER_KEY_FILE));
  if (options.withServerKey && serverKey === undefined)
    throw platformError("backup_unwritable", { detail: `${options.config.dataDir} holds no ${SERVER_KEY_FILE}.` });
  await using stack = new AsyncDisposableStack();
  const address = await reachDatabase(options.config, options, stack);
  const client = new Client({ ...clientConfig(address), application_name: "postern backup", connectionTimeoutMillis: CONNECT_MS_MAX });
  client.on("error", () => undefined); // the statement under way fails and reports it
  stack.defer(() => client.end().catch(() => undefined));
  const archive = await ArchiveWriter.begin(path, options.clock.nowMs());
  try {
    await client.connect();
    const manifest = await writeAll(client, archive, { ...options, serverKey });
    await archive.end(manifest);
    return { path, ...(await totals(path, manifest)) };
  } catch (failure) {
    await archive.giveUp();
    throw databaseError(failure);
  }
}

/** Without it an empty database would be made there, and backed up. */
async function refuseMissingDataDir({ dataDir, databaseUrl }: BackupOptions["config"]): Promise<void> {
  if (databaseUrl !== null) return;
  const found = await stat(join(dataDir, "postgres")).catch(() => null);
  if (found === null)
    throw platformError("backup_unwritable", { detail: `${dataDir} holds no database. Name another with POSTERN_DATA_DIR.` });
}

type Writing = BackupOptions & { readonly serverKey: Buffer | undefined };

async function writeAll(client: Client, archive: ArchiveWriter, options: Writing): Promise<Manifest> {
  await beginSnapshot(client);
  const [schema, epoch] = [await readSchema(client), await readEpoch(client)];
  const keyPart = options.withServerKey && options.serverKey !== undefined ? await archive.add(SERVER_KEY_NAME, options.serverKey) : null;
  const tables: TableOfBackup[] = [];
  for (const table of await readTables(client)) {
    const written = await writeTable(client, archive, table);
    tables.push(written);
    options.onTable?.(written);
  }
  const sequences = [...(await readSequences(client))];
  await client.query("commit");
  return {
    format: BACKUP_FORMAT,
    product: "postern",
    version: options.version,
    madeAt: options.clock.nowMs(),
    schema: [...schema],
    epoch,
    serverKeyMark: options.serverKey === undefined ? null : serverKeyMark(options.serverKey),
    serverKey: keyPart,
    tables,
    sequences,
  };
}

async function writeTable(client: Client, archive: ArchiveWriter, table: TableShape): Promise<TableOfBackup> {
  const parts: PartOfBackup[] = [];
  let rowCount = 0;
  for await (const bytes of piecesOf(copyOut(client, table))) {
    const number = String(parts.length + 1).padStart(6, "0");
    parts.push(await archive.addPressed(`tables/${table.name}/${number}.copy.zst`, bytes));
    rowCount += countOf(bytes, LINE_FEED);
  }
  return { name: table.name, columns: [...table.columns], periods: [...table.periods], rowCount, parts };
}

const LINE_FEED = 0x0a;

/** COPY writes a line feed behind each row and nowhere else. */
function countOf(bytes: Buffer, byte: number): number {
  let count = 0;
  for (let at = bytes.indexOf(byte); at !== -1; at = bytes.indexOf(byte, at + 1)) count += 1;
  return count;
}

/** The same bytes in pieces of one size, the last of them shorter. */
async function* piecesOf(chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer, void, undefined> {
  let gathered: Buffer[] = [];
  let length = 0;
  for await (const chunk of chunks) {
    let rest = chunk;
    while (length + rest.length >= PART_BYTES_MAX) {
      const taken = PART_BYTES_MAX - length;
      yield Buffer.concat([...gathered, rest.subarray(0, taken)]);
      [gathered, length, rest] = [[], 0, rest.subarray(taken)];
    }
    // A copy: the driver may use its memory again.
    if (rest.length > 0) gathered.push(Buffer.from(rest));
    length += rest.length;
  }
  if (length > 0) yield Buffer.concat(gathered);
}

async function totals(path: string, { tables, serverKey }: Manifest): Promise<Omit<BackupMade, "path">> {
  const { size: bytes } = await stat(path);
  const rowCount = tables.reduce((sum, table) => sum + table.rowCount, 0);
  return { bytes, rowCount, tableCount: tables.length, hasServerKey: serverKey !== null };
}
