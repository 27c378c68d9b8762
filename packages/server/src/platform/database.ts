import { assert, CodedError, type Log, pause, type Random, type Timers } from "@postern/core";
import { Pool, type PoolClient, type QueryResult } from "pg";
import { clientConfig, type DatabaseAddress } from "./database-address.ts";
import { databaseError, sqlStateOf } from "./database-error.ts";
import { platformError } from "./platform-errors.ts";
import * as limits from "./platform-limits.ts";
import { statementValue } from "./statement-value.ts";
import { valueParsers } from "./value-parsers.ts";

/** A statement with a name is prepared once per connection; the same name must always mean the same text. */
export interface Statement {
  readonly name?: string;
  readonly text: string;
  readonly values?: readonly unknown[];
}

export interface Queryable {
  /** The rows of one statement. `bigint` comes as number, `numeric` as text. */
  query<Row>(statement: string | Statement, values?: readonly unknown[]): Promise<Row[]>;
  /** The number of rows that one statement changed. */
  execute(statement: string | Statement, values?: readonly unknown[]): Promise<number>;
}

/** One connection inside `begin` and `commit`. It must not be used after the work's promise has settled. */
export interface Transaction extends Queryable {
  readonly kind: "transaction";
}

export interface TransactionOptions {
  /** Default: read committed. */
  readonly isolation?: "read committed" | "repeatable read" | "serializable";
  readonly readOnly?: boolean;
}

/**
 * The database as the application sees it. Every call ends within a bounded time, with the database present or away. Fails with
 * `database_away`, `database_busy`, `database_exhausted` (transient), `statement_refused` (a constraint, or our bug; see `violates`).
 */
export interface Database extends Queryable {
  /**
   * Runs `work` between `begin` and `commit`; a failure rolls back. After a serialization failure or a deadlock the work is run again,
   * so it may have no other effect than its statements. `database_outcome_unknown` (ambiguous): the connection was lost in `commit`.
   */
  transaction<T>(work: (tx: Transaction) => Promise<T>, options?: TransactionOptions): Promise<T>;
  /** Lets running work end, refuses new work. Idempotent. */
  close(): Promise<void>;
}

export interface DatabaseOptions {
  readonly address: DatabaseAddress;
  readonly timers: Timers;
  readonly random: Random;
  readonly log: Log;
  readonly connectionCount?: number;
  /** For jobs that are known to take long; default `STATEMENT_MS_MAX`. */
  readonly statementMsMax?: number;
  /** Given what reads how the connections are used. */
  readonly watchUse?: (readUse: () => ConnectionUse) => void;
}

export interface ConnectionUse {
  readonly total: number;
  readonly idle: number;
  /** Callers that wait for one. */
  readonly waiting: number;
}

/** Opens nothing yet: the first statement connects, so that a server can start while its database is away. */
export function openDatabase(options: DatabaseOptions): Database {
  const statementMsMax = options.statementMsMax ?? limits.STATEMENT_MS_MAX;
  const pool = new Pool({
    ...clientConfig(options.address),
    application_name: "postern",
    types: valueParsers,
    max: options.connectionCount ?? limits.POOL_CONNECTION_COUNT,
    connectionTimeoutMillis: limits.CONNECT_MS_MAX,
    statement_timeout: statementMsMax,
    query_timeout: statementMsMax + (limits.ANSWER_MS_MAX - limits.STATEMENT_MS_MAX),
    idle_in_transaction_session_timeout: limits.IDLE_IN_TRANSACTION_MS_MAX,
  });
  options.watchUse?.(() => ({ total: pool.totalCount, idle: pool.idleCount, waiting: pool.waitingCount }));
  return new PooledDatabase(pool, options);
}

class PooledDatabase implements Database {
  readonly #pool: Pool;
  readonly #options: DatabaseOptions;
  #closed: Promise<void> | undefined;

  constructor(pool: Pool, options: DatabaseOptions) {
    this.#pool = pool;
    this.#options = options;
    // A connection that breaks while nobody uses it: the pool has dropped it already, and the next caller gets another.
    pool.on("error", (error) => options.log.debug("database.connection_lost", { reason: error.message }));
    // One that breaks between two statements of a transaction; the next statement fails and reports it.
    pool.on("connect", (client) => void client.on("error", () => undefined));
  }

  async query<Row>(statement: string | Statement, values?: readonly unknown[]): Promise<Row[]> {
    return this.#lend((client) => rowsOf<Row>(client, statement, values));
  }

  async execute(statement: string | Statement, values?: readonly unknown[]): Promise<number> {
    return this.#lend((client) => countOf(client, statement, values));
  }

  async transaction<T>(work: (tx: Transaction) => Promise<T>, options: TransactionOptions = {}): Promise<T> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await this.#lend((client) => runTransaction(client, work, options));
      } catch (error) {
        const isConflict = error instanceof CodedError && error.code === "database_conflict";
        if (!isConflict || attempt >= limits.TRANSACTION_ATTEMPT_COUNT_MAX) throw error;
        this.#options.log.debug("database.transaction_repeated", { attempt, sqlState: sqlStateOf(error) });
        const pauseMs = this.#options.random.int(attempt * limits.TRANSACTION_RETRY_MS_STEP);
        await pause(this.#options.timers, "transaction retry", pauseMs);
      }
    }
  }

  close(): Promise<void> {
    this.#closed ??= this.#pool.end();
    return this.#closed;
  }

  /** One connection for `use`. After a failure of the connection itself it is thrown away, after a refused statement it is kept. */
  async #lend<T>(use: (client: PoolClient) => Promise<T>): Promise<T> {
    if (this.#pool.waitingCount >= limits.POOL_WAITING_COUNT_MAX) {
      throw platformError("database_busy", { detail: "Too many callers wait for a connection." });
    }
    const isFull = this.#pool.totalCount >= this.#pool.options.max && this.#pool.idleCount === 0;
    const client = await this.#pool.connect().catch((cause: unknown) => {
      if (isFull) throw platformError("database_busy", { detail: "All connections are in use.", cause });
      throw databaseError(cause);
    });
    let isLost = true;
    try {
      const result = await use(client);
      isLost = false;
      return result;
    } catch (failure) {
      isLost = isConnectionLost(failure);
      throw failure;
    } finally {
      client.release(isLost);
    }
  }
}

async function runTransaction<T>(client: PoolClient, work: (tx: Transaction) => Promise<T>, options: TransactionOptions): Promise<T> {
  const isolation = options.isolation ?? "read committed";
  await run(client, `begin isolation level ${isolation}${options.readOnly === true ? " read only" : ""}`);
  let result: T;
  try {
    result = await work(transactionOn(client));
  } catch (failure) {
    if (!isConnectionLost(failure)) await run(client, "rollback");
    throw failure;
  }
  const committed = await commit(client);
  // PostgreSQL answers the commit of a failed transaction with a rollback and no error.
  assert(committed.command === "COMMIT", "a transaction whose statement failed is not reported as done");
  return result;
}

async function commit(client: PoolClient): Promise<QueryResult> {
  try {
    return await run(client, "commit");
  } catch (failure) {
    if (!isConnectionLost(failure)) throw failure;
    throw platformError("database_outcome_unknown", { cause: failure });
  }
}

function transactionOn(client: PoolClient): Transaction {
  return {
    kind: "transaction",
    query: (statement, values) => rowsOf(client, statement, values),
    execute: (statement, values) => countOf(client, statement, values),
  };
}

async function rowsOf<Row>(client: PoolClient, statement: string | Statement, values?: readonly unknown[]): Promise<Row[]> {
  // biome-ignore lint/nursery/noUnsafeTypeAssertion: the statement and the type of its rows stand side by side in a store.
  return (await run(client, statement, values)).rows as Row[];
}

async function countOf(client: PoolClient, statement: string | Statement, values?: readonly unknown[]): Promise<number> {
  return (await run(client, statement, values)).rowCount ?? 0;
}

async function run(client: PoolClient, statement: string | Statement, values?: readonly unknown[]): Promise<QueryResult> {
  const { name, text, values: own } = typeof statement === "string" ? { name: undefined, text: statement, values } : statement;
  const config = { text, ...(name === undefined ? {} : { name }), ...(own === undefined ? {} : { values: own.map(statementValue) }) };
  try {
    return await client.query(config);
  } catch (error) {
    throw databaseError(error);
  }
}

/**
 * Whether the session may be in an unknown state, so that its connection is thrown away. A refused statement, a stopped one, a conflict
 * and a failure of the caller's own (after its rollback) leave it usable; silence, a shutdown and errors of the driver do not.
 */
function isConnectionLost(failure: unknown): boolean {
  if (!(failure instanceof CodedError)) return failure instanceof TypeError || failure instanceof RangeError;
  if (failure.code === "database_away" || failure.code === "database_outcome_unknown") return true;
  return (sqlStateOf(failure) ?? "").startsWith("25P");
}
