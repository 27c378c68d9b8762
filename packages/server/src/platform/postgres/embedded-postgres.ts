import { open, rename, rmdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { type Clock, type Log, pause, type Timers } from "@postern/core";
import { Client } from "pg";
import { APPLICATION_ROLE, clientConfig, type DatabaseAddress, socketUrl } from "../database-address.ts";
import { platformError } from "../platform-errors.ts";
import * as limits from "../platform-limits.ts";
import { clusterSettings, type Durability } from "./cluster-settings.ts";
import { type GuardedProcess, startGuarded } from "./guarded-process.ts";
import { ensureCluster, OWNER_ROLE } from "./init-cluster.ts";
import { stopLeftover } from "./leftover.ts";
import { findPostgresBinaries, type PostgresBinaries } from "./postgres-binaries.ts";
import { readPostmasterFile } from "./postmaster-file.ts";
import { chooseRunAs, ensureOwner, type RunAs } from "./run-as.ts";
import { ensureRunDirectory, removeAbandonedRunDirectories } from "./run-directory.ts";

export interface EmbeddedPostgresOptions {
  /** Must exist, be private and be held by the caller (`holdDataDir`). */
  readonly dataDir: string;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly log: Log;
  /** Default: durable. */
  readonly durability?: Durability;
  /** The database to make if missing. Default: `postern`. */
  readonly database?: string;
  /** How to start programs as root; default: the first way that works here. */
  readonly runAs?: RunAs;
}

export interface EmbeddedPostgres {
  /** For migrations. */
  readonly owner: DatabaseAddress;
  /** For everything else. */
  readonly application: DatabaseAddress;
  /** Of the postmaster that runs now; undefined while it is being started again. */
  pid(): number | undefined;
  /** Ends all connections and the database. Idempotent. */
  stop(): Promise<void>;
}

interface Installation {
  readonly clusterDir: string;
  readonly socketDir: string;
  readonly logFile: string;
  readonly binaries: PostgresBinaries;
  readonly runAs: RunAs;
}

/** Attempts of the first start. Backends of a killed postmaster may hold its shared memory for some moments. */
const START_ATTEMPT_COUNT_MAX = 5;

/** Starts the database of a data directory, or the one that a former server left there, and keeps it running until `stop`. */
export async function startEmbeddedPostgres(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  await removeAbandonedRunDirectories(options.clock);
  const logFile = join(options.dataDir, "postgres.log");
  await putLargeLogAside(logFile);
  const clusterDir = join(options.dataDir, "postgres");
  const [binaries, runAs, socketDir] = await Promise.all([
    findPostgresBinaries(),
    options.runAs ?? chooseRunAs(),
    ensureRunDirectory(options.dataDir),
  ]);
  await withFile(logFile, (outputFd) =>
    ensureCluster({ clusterDir, binaries, runAs, durability: options.durability ?? "durable", outputFd }),
  );
  const supervisor = new PostgresSupervisor({ clusterDir, socketDir, logFile, binaries, runAs }, options);
  await supervisor.start();
  const address = (user: string): DatabaseAddress => ({
    url: socketUrl({ directory: socketDir, user, database: options.database ?? "postern" }),
  });
  return {
    owner: address(OWNER_ROLE),
    application: address(APPLICATION_ROLE),
    pid: () => supervisor.pid(),
    stop: () => supervisor.stop(),
  };
}

class PostgresSupervisor {
  readonly #installation: Installation;
  readonly #options: EmbeddedPostgresOptions;
  readonly #stopping = new AbortController();
  #running: GuardedProcess | undefined;
  #watching: Promise<void> = Promise.resolve();
  #stopped: Promise<void> | undefined;

  constructor(installation: Installation, options: EmbeddedPostgresOptions) {
    this.#installation = installation;
    this.#options = options;
  }

  async start(): Promise<void> {
    try {
      this.#running = await this.#launchRepeatedly(START_ATTEMPT_COUNT_MAX);
      await ensureDatabase(this.#installation.socketDir, this.#options.database ?? "postern");
    } catch (error) {
      await this.#running?.stop();
      throw error;
    }
    if (this.#running !== undefined) this.#watching = this.#watch(this.#running);
  }

  pid(): number | undefined {
    return this.#running?.pid;
  }

  stop(): Promise<void> {
    this.#stopped ??= this.#stop();
    return this.#stopped;
  }

  async #stop(): Promise<void> {
    this.#stopping.abort();
    await this.#running?.stop();
    await this.#watching;
    await rmdir(this.#installation.socketDir).catch(() => undefined); // not empty only if somebody put something there
  }

  /** Starts the database again whenever it ends without having been told to. */
  async #watch(first: GuardedProcess): Promise<void> {
    let current = first;
    while (!this.#stopping.signal.aborted) {
      const code = await current.exited;
      this.#running = undefined;
      if (this.#stopping.signal.aborted) return;
      this.#options.log.error("postgres.died", { code, pid: current.pid });
      const next = await this.#launchRepeatedly(Number.POSITIVE_INFINITY);
      if (next === undefined) return;
      this.#running = next;
      if (this.#stopping.signal.aborted) return next.stop();
      this.#options.log.info("postgres.restarted", { pid: next.pid });
      current = next;
    }
  }

  /** Undefined when told to stop meanwhile. */
  async #launchRepeatedly(attemptCountMax: number): Promise<GuardedProcess | undefined> {
    let pauseMs = limits.BACK_OFF_MS_FIRST;
    for (let attempt = 1; !this.#stopping.signal.aborted; attempt += 1) {
      try {
        return await this.#launch();
      } catch (error) {
        if (attempt >= attemptCountMax) throw error;
        this.#options.log.warn("postgres.start_failed", { attempt, reason: error instanceof Error ? error.message : "unknown" });
      }
      await pause(this.#options.timers, "postgres restart", pauseMs, this.#stopping.signal);
      pauseMs = Math.min(pauseMs * 2, limits.BACK_OFF_MS_MAX);
    }
    return undefined;
  }

  async #launch(): Promise<GuardedProcess> {
    const { clusterDir, socketDir, logFile, binaries, runAs } = this.#installation;
    await stopLeftover({ ...this.#options, clusterDir });
    await ensureRunDirectory(this.#options.dataDir); // again: somebody may have tidied the folder for temporary files
    await ensureOwner(clusterDir, runAs);
    const settings = clusterSettings(this.#options.durability ?? "durable", socketDir);
    const command = [...runAs.prefix, binaries.postgres, "-D", clusterDir, ...settings];
    const launched = await withFile(logFile, (outputFd) => startGuarded({ command, outputFd }));
    const isReady = await this.#waitUntilReady(launched);
    if (isReady) {
      launched.unref();
      return launched;
    }
    await launched.stop();
    throw platformError("embedded_start_failed", { detail: "See postgres.log in the data directory." });
  }

  async #waitUntilReady(launched: GuardedProcess): Promise<boolean> {
    let isOver = false;
    void launched.exited.then(() => {
      isOver = true;
    });
    const endMs = this.#options.clock.monotonicMs() + limits.POSTGRES_START_MS_MAX;
    while (!isOver && !this.#stopping.signal.aborted && this.#options.clock.monotonicMs() < endMs) {
      const file = await readPostmasterFile(this.#installation.clusterDir);
      if (file?.pid === launched.pid && file.isReady) return true;
      await pause(this.#options.timers, "postgres ready", limits.POSTGRES_POLL_MS);
    }
    return false;
  }
}

async function ensureDatabase(socketDir: string, database: string): Promise<void> {
  const client = new Client(clientConfig({ url: socketUrl({ directory: socketDir, user: OWNER_ROLE, database: "postgres" }) }));
  await client.connect();
  try {
    const found = await client.query("select from pg_database where datname = $1", [database]);
    if (found.rowCount === 0) await client.query(`create database ${client.escapeIdentifier(database)}`);
  } finally {
    await client.end();
  }
}

async function putLargeLogAside(logFile: string): Promise<void> {
  const size = await stat(logFile).then(
    (found) => found.size,
    () => 0,
  );
  if (size > limits.POSTGRES_LOG_BYTES_MAX) await rename(logFile, `${logFile}.1`);
}

async function withFile<T>(path: string, use: (fd: number) => Promise<T>): Promise<T> {
  const file = await open(path, "a", 0o600);
  try {
    return await use(file.fd);
  } finally {
    await file.close();
  }
}
