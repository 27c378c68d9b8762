import { isDeepStrictEqual } from "node:util";
import { silentLog, systemRandom, systemTimers } from "@postern/core";
import { type Database, openDatabase, type Statement, type Transaction } from "@postern/server/internal";
import type { ControllerLayout } from "../world/layout.ts";
import type { CommandRow, Tables } from "./memory-tables.ts";
import { comparable, readShadowTables, tablesAsRead } from "./shadow-tables.ts";

/** Told of an answer, or of a table, that is another in PostgreSQL than in memory. */
export type Differed = (what: string) => void;

/** Rows come in an order that is part of the answer. */
const ORDERED: ReadonlySet<string> = new Set(["roster-read-lanes", "roster-read-changes"]);

/** Every table that goes back in time with a restore. */
const TABLES = [
  "deployment",
  "controllers",
  "roster_heads",
  "roster_items",
  "roster_sums",
  "roster_deltas",
  "ledger_heads",
  "ledger_blocks",
  "events",
  "log_marks",
  "door_commands",
  "revocations",
  "receipts",
];

/**
 * A real PostgreSQL beside the tables in memory: each statement of the product is run on both, and the answers are compared row by row. One thing is
 * done after another, in the order in which it happens in the world.
 */
export class ShadowDatabase {
  readonly #application: Database;
  readonly #owner: Database;
  #differed: Differed = () => undefined;
  #last: Promise<unknown> = Promise.resolve();
  countCompared = 0;

  constructor({ database, ownerUrl }: { readonly database: Database; readonly ownerUrl: string }) {
    this.#application = database;
    const ports = { timers: systemTimers, random: systemRandom, log: silentLog };
    this.#owner = openDatabase({ address: { url: ownerUrl }, ...ports, connectionCount: 1 });
  }

  /** The place of the world as it is before anything happens in it. */
  async begin(placeId: number, epoch: string, controllers: readonly ControllerLayout[], differed: Differed): Promise<void> {
    this.#differed = differed;
    const rows = controllers.map(({ controllerId, serial }) => ({ controller_id: controllerId, serial }));
    const doors = controllers.flatMap(({ controllerId, doors: own }) =>
      own.map(({ doorId, entryDeviceId }) => ({ controller_id: controllerId, door_id: doorId, device_id: entryDeviceId })),
    );
    await this.#asOwner(
      "insert into deployment(epoch, made_at) values ($1, 0) on conflict (only_row) do update set epoch = excluded.epoch",
      epoch,
    );
    await this.#asOwner("insert into place_groups values ($1, 'group', 0)", placeId);
    await this.#asOwner("insert into places values ($1, $1, 'place', 'Europe/Berlin', 0)", placeId);
    await this.#asOwner("insert into roster_heads(place_id, revision) values ($1, 0)", placeId);
    await this.#asOwner("insert into ledger_heads(place_id, next_sequence, summed_to) values ($1, 1, 0)", placeId);
    await this.#asOwner(
      `insert into controllers(controller_id, place_id, serial, name, public_key, made_at)
        select controller_id, $1, serial, serial, '{"key":1}', 0 from jsonb_to_recordset($2::jsonb) as one(controller_id bigint, serial text)`,
      placeId,
      JSON.stringify(rows),
    );
    await this.#asOwner(
      `insert into doors(door_id, place_id, controller_id, name, settings, made_at)
        select door_id, $1, controller_id, 'door', '{}', 0 from jsonb_to_recordset($2::jsonb) as one(controller_id bigint, door_id bigint)`,
      placeId,
      JSON.stringify(doors),
    );
    await this.#asOwner(
      `insert into devices(device_id, place_id, door_id, serial, device_type, model_name, name, side)
        select device_id, $1, door_id, device_id::text, 'Virtual', 'V', 'reader', 'ENTRY'
        from jsonb_to_recordset($2::jsonb) as one(device_id bigint, door_id bigint)`,
      placeId,
      JSON.stringify(doors),
    );
  }

  begun(): ShadowTransaction {
    return new ShadowTransaction(this.#application, (work) => this.#inTurn(work));
  }

  /** Runs a statement that memory has answered with `ours`. */
  compare(statement: Statement, ours: readonly object[], on: ShadowTransaction | null): Promise<void> {
    return this.#inTurn(async () => {
      const theirs = on === null ? await this.#application.query<object>(statement) : await on.query(statement);
      if (statement.name === undefined) return;
      this.countCompared += 1;
      const [inMemory, inPostgres] = [ours, theirs].map((rows) => comparable(rows, ORDERED.has(statement.name ?? "")));
      if (!isDeepStrictEqual(inMemory, inPostgres))
        this.#differed(
          `${statement.name} of ${JSON.stringify(statement.values)} answers ${JSON.stringify(inPostgres)} in PostgreSQL and ${JSON.stringify(inMemory)} in memory`,
        );
    });
  }

  setKey(controllerId: number, publicKey: string): void {
    void this.#asOwner("update controllers set public_key = $2::jsonb where controller_id = $1", controllerId, publicKey);
  }

  addCommand(placeId: number, { commandId, controllerId, doorId, actAtMs, notAfterMs, state }: CommandRow): void {
    void this.#asOwner(
      `insert into door_commands(command_id, place_id, door_id, controller_id, command, act_at, not_after, state, asked_by, made_at)
        values ($1, $2, $3, $4, 'ONCE_OPEN', $5, $6, $7, 'somebody', $5)`,
      ...[commandId, placeId, doorId, controllerId, actAtMs, notAfterMs, state],
    );
  }

  /** The ledger goes back behind its last appends. */
  loseAppends({ placeId, nextSequence, chain, marks }: Tables): void {
    const kept = [...marks].map(([key, through]) => {
      const [controllerId, generation] = key.split(":").map(Number);
      return { controller_id: controllerId, generation, through };
    });
    void this.#asOwner("delete from events where place_id = $1 and sequence >= $2", placeId, nextSequence);
    void this.#asOwner(
      `update ledger_heads set next_sequence = $2, chain = decode($3, 'hex'), chain_from = $4, chain_period = $5, block_first = $6 where place_id = $1`,
      ...[placeId, nextSequence, chain?.hash ?? null, chain?.from ?? null, chain?.period ?? null, chain?.blockFirst ?? null],
    );
    void this.#asOwner("delete from ledger_blocks where place_id = $1 and last_sequence >= $2", placeId, chain?.blockFirst ?? 0);
    void this.#asOwner("delete from log_marks where place_id = $1", placeId);
    void this.#asOwner(
      `insert into log_marks(place_id, controller_id, generation, last_local_log_id)
        select $1, controller_id, generation, through
        from jsonb_to_recordset($2::jsonb) as one(controller_id bigint, generation bigint, through bigint)`,
      placeId,
      JSON.stringify(kept),
    );
  }

  keep(): void {
    void this.#asOwner("drop schema if exists kept cascade");
    void this.#asOwner("create schema kept");
    for (const table of TABLES) void this.#asOwner(`create table kept.${table} as table public.${table}`);
  }

  restore(epoch: string): void {
    const back = TABLES.map((table) => `delete from public.${table}; insert into public.${table} select * from kept.${table};`).join("\n");
    // Foreign keys hold again once everything is back.
    void this.#asOwner(`do $$ begin set local session_replication_role = replica; ${back} end $$`);
    void this.#asOwner("update deployment set epoch = $1", epoch);
  }

  /** Compares what stands in the tables themselves. */
  async judge(tables: Tables): Promise<void> {
    const theirs = await this.#inTurn(() => readShadowTables(this.#owner, tables.placeId));
    for (const [name, rows] of Object.entries(tablesAsRead(tables))) {
      const [inMemory, inPostgres] = [comparable(rows, false), comparable(theirs?.[name] ?? [], false)];
      const known = new Set(inMemory);
      const [extra] = inPostgres.filter((row) => !known.has(row));
      if (!isDeepStrictEqual(inMemory, inPostgres))
        this.#differed(`${name} has ${inPostgres.length} rows in PostgreSQL and ${inMemory.length} in memory, which lacks ${extra}`);
    }
  }

  async close(): Promise<void> {
    await this.#last;
    await this.#owner.close();
  }

  #asOwner(text: string, ...values: readonly unknown[]): Promise<unknown> {
    return this.#inTurn(() => this.#owner.query({ text, values }));
  }

  #inTurn<Result>(work: () => Promise<Result>): Promise<Result | undefined> {
    const done = this.#last.then(work).catch((cause: unknown) => {
      this.#differed(`PostgreSQL fails: ${cause}`);
      return undefined;
    });
    this.#last = done;
    return done;
  }
}

/** A transaction that is open while the world's time passes. */
export class ShadowTransaction {
  readonly #opened = Promise.withResolvers<Transaction>();
  readonly #end = Promise.withResolvers<"commit" | "rollback">();
  readonly #inTurn: (work: () => Promise<void>) => Promise<unknown>;
  #isOver = false;
  #done: Promise<void> = Promise.resolve();

  constructor(database: Database, inTurn: (work: () => Promise<void>) => Promise<unknown>) {
    this.#inTurn = inTurn;
    void inTurn(async () => {
      this.#done = database.transaction(async (transaction) => {
        this.#opened.resolve(transaction);
        if ((await this.#end.promise) === "rollback") throw new RolledBack();
      });
      this.#done.catch((cause: unknown) => this.#opened.reject(cause));
      await this.#opened.promise;
    });
  }

  async query(statement: Statement): Promise<object[]> {
    return (await this.#opened.promise).query<object>(statement);
  }

  /** Once: what is over is over. */
  end(how: "commit" | "rollback"): Promise<unknown> {
    if (this.#isOver) return Promise.resolve();
    this.#isOver = true;
    return this.#inTurn(async () => {
      this.#end.resolve(how);
      await this.#done.catch((cause: unknown) => {
        if (!(cause instanceof RolledBack)) throw cause;
      });
    });
  }
}

class RolledBack extends Error {
  constructor() {
    super("The world's transaction was given up.");
    this.name = "RolledBack";
  }
}
