import { assert, type Random } from "@postern/core";
import { type Database, platformError, type Statement, type Transaction } from "@postern/server/internal";
import type { Life } from "../time/life.ts";
import { ConnectionPool } from "./connection-pool.ts";
import { LINK_STATEMENTS } from "./link-statements.ts";
import { type ChainRow, type CommandRow, copyTables, type Tables } from "./memory-tables.ts";
import { ROSTER_STATEMENTS } from "./roster-statements.ts";
import type { ShadowDatabase, ShadowTransaction } from "./shadow-database.ts";
import { StatementValues } from "./statement-values.ts";

const STATEMENTS = { ...ROSTER_STATEMENTS, ...LINK_STATEMENTS };

/** How long a statement takes, at most, when the database has little to do. */
const STATEMENT_MS_MAX = 4;

/** Appends of which the past is remembered. */
const APPENDS_TO_LOSE_MAX = 8;

interface LedgerPast {
  readonly epoch: string;
  readonly countEvents: number;
  readonly nextSequence: number;
  readonly chain: ChainRow | null;
  readonly marks: ReadonlyMap<string, number>;
}

/** The database that outlives the servers: its tables, and who writes to them now. */
export class DatabaseHost {
  tables: Tables;
  /** While true nothing answers. */
  isAway = false;
  /** How long a statement takes, at most. */
  statementMsMax = STATEMENT_MS_MAX;
  /** Since when it has answered, by the world's time. */
  answersSinceMs = 0;
  /** A death of one server that waits for its statements: so many still succeed. */
  armed: { countBefore: number; readonly life: Life } | null = null;
  /** Commits that still answer before one does not; null: all answer. */
  lostAnswerIn: number | null = null;
  /** Told of the number of events that were lost. */
  onAppendsLost: (countEvents: number) => void = () => undefined;
  /** Told of each commit of the roster, once it is done. */
  onRosterChanged: () => void = () => undefined;
  readonly #waiting: (() => void)[] = [];
  /** The ledger as it was before its last appends, the oldest first. */
  #beforeAppends: LedgerPast[] = [];
  /** What is to be lost as soon as marks were read. */
  #lossAtGreeting: (() => void) | null = null;
  #isWritten = false;
  /** A real database that does the same; null: memory alone. */
  readonly shadow: ShadowDatabase | null;
  #open: ShadowTransaction | null = null;
  #kept: Tables | null = null;

  constructor(tables: Tables, shadow: ShadowDatabase | null) {
    this.tables = tables;
    this.shadow = shadow;
  }

  slowDown(statementMsMax: number): void {
    this.statementMsMax = statementMsMax;
    this.answersSinceMs = Number.POSITIVE_INFINITY;
  }

  /** It answers as quickly as ever. */
  recover(nowMs: number): void {
    this.statementMsMax = STATEMENT_MS_MAX;
    this.isAway = false;
    this.answersSinceMs = nowMs;
  }

  mend(): void {
    this.statementMsMax = STATEMENT_MS_MAX;
    this.isAway = false;
    this.answersSinceMs = Math.min(this.answersSinceMs, Number.MAX_SAFE_INTEGER);
    this.armed = null;
    this.lostAnswerIn = null;
    this.#lossAtGreeting = null;
  }

  /** The last appends are gone, now or as soon as marks were read for a welcome. */
  loseAppends(count: number, isAtGreeting: boolean, whenLost: () => void): void {
    const lose = (): void => {
      this.#loseAppends(count);
      whenLost();
    };
    if (isAtGreeting) this.#lossAtGreeting = lose;
    else lose();
  }

  #loseAppends(count: number): void {
    const { tables } = this;
    const past = this.#beforeAppends.splice(-count)[0];
    if (past === undefined || past.epoch !== tables.epoch) return;
    const { countEvents, nextSequence, chain, marks } = past;
    this.onAppendsLost(tables.events.length - countEvents);
    const events = tables.events.slice(0, countEvents);
    // The block that the first of them closed goes with it: it was open before.
    const blocks = tables.blocks.filter(({ last }) => last < (chain?.blockFirst ?? 0));
    this.tables = { ...tables, events, blocks, nextSequence, chain, marks: new Map(marks) };
    void this.#open?.end("rollback");
    this.shadow?.loseAppends(this.tables);
  }

  /** Remembers everything as it is. */
  keep(): void {
    this.#kept = copyTables(this.tables);
    this.shadow?.keep();
  }

  /** Goes back to what was kept, under another epoch. Returns the revision it is at; null when nothing was kept. */
  restore(epoch: string): number | null {
    if (this.#kept === null) return null;
    this.tables = { ...copyTables(this.#kept), epoch };
    void this.#open?.end("rollback");
    this.shadow?.restore(epoch);
    return this.tables.revision;
  }

  /** A claim has registered another key. */
  setKey(controllerId: number, publicKey: string): void {
    const row = this.tables.controllers.get(controllerId);
    if (row !== undefined) row.publicKey = publicKey;
    this.shadow?.setKey(controllerId, publicKey);
  }

  addCommand(command: CommandRow): void {
    this.tables.commands.set(command.commandId, command);
    this.shadow?.addCommand(this.tables.placeId, command);
  }

  /** An append is about to be committed. */
  willAppend(): void {
    const { epoch, events, nextSequence, chain, marks } = this.tables;
    this.#beforeAppends.push({ epoch, countEvents: events.length, nextSequence, chain, marks: new Map(marks) });
    if (this.#beforeAppends.length > APPENDS_TO_LOSE_MAX) this.#beforeAppends.shift();
  }

  /** The rows that a statement answers; with a real database beside, once that has answered the same. */
  answer(
    statement: Statement,
    write: (change: () => void) => void,
    on: ShadowTransaction | null,
  ): readonly object[] | Promise<readonly object[]> {
    // As over a wire: what the caller gets is a copy.
    const rows = structuredClone(this.#run(statement, write));
    const compared = this.shadow?.compare(statement, rows, on);
    if (statement.name === "ledger-read-marks" && this.#lossAtGreeting !== null) {
      this.#lossAtGreeting();
      this.#lossAtGreeting = null;
    }
    return compared === undefined ? rows : compared.then(() => rows);
  }

  /** A transaction of the real database, if there is one. */
  begin(): ShadowTransaction | null {
    this.#open = this.shadow?.begun() ?? null;
    return this.#open;
  }

  #run(statement: Statement, write: (change: () => void) => void): readonly object[] {
    const { name = statement.text, values = [] } = statement;
    if (name === "select ensure_ledger_period($1)") return [];
    const twin = STATEMENTS[name];
    assert(twin !== undefined, `the statement ${name} has a twin in memory`);
    return twin(this.tables, new StatementValues(values), write);
  }

  /** One transaction at a time, as the heads' locks have it. */
  enter(begin: () => void): void {
    if (this.#isWritten) this.#waiting.push(begin);
    else {
      this.#isWritten = true;
      begin();
    }
  }

  leave(): void {
    const next = this.#waiting.shift();
    if (next === undefined) this.#isWritten = false;
    else next();
  }
}

/** The database as one server process sees it: statements take time, and the process may die between any two of them. */
export class SimDatabase implements Database {
  readonly #host: DatabaseHost;
  readonly #life: Life;
  readonly #random: Random;
  readonly pool: ConnectionPool;

  constructor(host: DatabaseHost, life: Life, random: Random) {
    this.#host = host;
    this.#life = life;
    this.#random = random;
    this.pool = new ConnectionPool(life);
  }

  query<Row>(statement: string | Statement, values?: readonly unknown[]): Promise<Row[]> {
    const asked = typeof statement === "string" ? { text: statement, ...(values === undefined ? {} : { values }) } : statement;
    const answer = (): Promise<Row[]> => this.#statement<Row>(asked, (change) => change(), null);
    // No statement waits for a lock while the world's time stands still.
    return this.pool.lend(() => (this.#host.shadow === null ? answer() : this.#alone(answer)));
  }

  execute(): Promise<number> {
    return Promise.reject(platformError("statement_refused"));
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  transaction<T>(work: (tx: Transaction) => Promise<T>): Promise<T> {
    return this.pool.lend(() => this.#alone(() => this.#begin(work)));
  }

  /** One after another, as the heads' locks have it. */
  async #alone<T>(work: () => Promise<T>): Promise<T> {
    const host = this.#host;
    const { promise: entered, resolve } = Promise.withResolvers<void>();
    host.enter(resolve);
    await entered;
    let hasLeft = false;
    const leave = (): void => {
      if (!hasLeft) host.leave();
      hasLeft = true;
    };
    this.#life.atEnd(leave);
    if (this.#life.isOver) leave();
    try {
      return await work();
    } finally {
      leave();
    }
  }

  async #begin<T>(work: (tx: Transaction) => Promise<T>): Promise<T> {
    const on = this.#host.begin();
    const rollBack = (): void => void on?.end("rollback");
    // Before the next one enters: this is told of the death after the place was taken, and the place is free only then.
    this.#life.atEnd(rollBack);
    if (this.#life.isOver) rollBack();
    try {
      return await this.#commit(work, on);
    } finally {
      rollBack();
    }
  }

  async #commit<T>(work: (tx: Transaction) => Promise<T>, on: ShadowTransaction | null): Promise<T> {
    const host = this.#host;
    const tables = host.tables;
    const changes: { readonly change: () => void; readonly of: string | undefined }[] = [];
    const result = await work({
      kind: "transaction",
      query: <Row>(statement: string | Statement) => {
        const asked = typeof statement === "string" ? { text: statement } : statement;
        return this.#statement<Row>(asked, (change) => changes.push({ change, of: asked.name }), on);
      },
      execute: () => this.execute(),
    });
    await this.#pass(async () => {
      // The data went back in time under an open transaction: its connection is gone.
      if (host.tables !== tables) throw platformError("database_away");
      await on?.end("commit");
    });
    if (changes.some((one) => one.of === "ledger-write-marks")) host.willAppend();
    for (const { change } of changes) change();
    if (changes.some((one) => one.of === "roster-write-plan")) host.onRosterChanged();
    if (this.#isAnswerLost()) throw platformError("database_outcome_unknown");
    return result;
  }

  #isAnswerLost(): boolean {
    const left = this.#host.lostAnswerIn;
    if (left === null) return false;
    this.#host.lostAnswerIn = left === 0 ? null : left - 1;
    return left === 0;
  }

  async #statement<Row>(statement: Statement, write: (change: () => void) => void, on: ShadowTransaction | null): Promise<Row[]> {
    // biome-ignore lint/nursery/noUnsafeTypeAssertion: the twin of a statement has the rows that its store names.
    return (await this.#pass(() => this.#host.answer(statement, write, on))) as Row[];
  }

  /** Lets a statement's time pass, then does it. Never resolves for a process that has died. */
  #pass<T>(work: () => T | Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      this.#life.after(this.#random.int(this.#host.statementMsMax + 1), () => {
        const host = this.#host;
        if (host.isAway) return void reject(platformError("database_away"));
        if (host.armed?.life === this.#life) {
          host.armed.countBefore -= 1;
          if (host.armed.countBefore < 0) {
            host.armed = null;
            return void this.#life.end();
          }
        }
        return settle(work, resolve, reject);
      });
    });
  }
}

/** Does the work; a promise is to be waited for before anything else happens in the world. */
function settle<T>(work: () => T | Promise<T>, resolve: (result: T) => void, reject: (cause: unknown) => void): void | Promise<void> {
  try {
    const done = work();
    if (done instanceof Promise) return done.then(resolve, reject);
    resolve(done);
  } catch (cause) {
    reject(cause);
  }
}
