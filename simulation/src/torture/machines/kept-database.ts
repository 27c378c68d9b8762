import { execFile } from "node:child_process";
import { mkdir } from "node:fs/promises";
import { promisify } from "node:util";
import { type Log, systemClock, systemRandom, systemTimers, type Timers } from "@postern/core";
import { type Database, type EmbeddedPostgres, openDatabase, startEmbeddedPostgres } from "@postern/server/internal";

const runFile = promisify(execFile);

/** A PostgreSQL of its own under the product's supervisor, with synced commits, whose processes can be killed and stopped. */
export class KeptDatabase {
  readonly #embedded: EmbeddedPostgres;
  readonly #timers: Timers;
  readonly #stopped = new Set<number>();
  /** As the owner of everything. */
  readonly owner: Database;

  private constructor(embedded: EmbeddedPostgres, timers: Timers, log: Log) {
    this.#embedded = embedded;
    this.#timers = timers;
    this.owner = openDatabase({ address: embedded.owner, timers, random: systemRandom, log, connectionCount: 2 });
  }

  static async start(dataDir: string, log: Log): Promise<KeptDatabase> {
    await mkdir(dataDir, { mode: 0o700 });
    const embedded = await startEmbeddedPostgres({ dataDir, clock: systemClock, timers: systemTimers, log });
    return new KeptDatabase(embedded, systemTimers, log);
  }

  get url(): string {
    return this.#embedded.owner.url;
  }

  get isUp(): boolean {
    return this.#embedded.pid() !== undefined;
  }

  killPostmaster(): boolean {
    return signal(this.#embedded.pid(), "SIGKILL");
  }

  stopPostmaster(forMs: number): boolean {
    return this.#stop(this.#embedded.pid(), forMs);
  }

  /** One of the postmaster's own children, which then ends all others and recovers. */
  async killBackend(which: number): Promise<string | null> {
    const children = await this.#children();
    const child = children[which % Math.max(1, children.length)];
    return child !== undefined && signal(child.pid, "SIGKILL") ? child.what : null;
  }

  /** One that serves a server, with whatever it has locked. */
  async stopBackend(which: number, forMs: number): Promise<string | null> {
    const serving = (await this.#children()).filter(({ what }) => what.includes("[local]"));
    const child = serving[which % Math.max(1, serving.length)];
    return child !== undefined && this.#stop(child.pid, forMs) ? child.what : null;
  }

  goOn(): void {
    for (const pid of this.#stopped) signal(pid, "SIGCONT");
    this.#stopped.clear();
  }

  async end(): Promise<void> {
    this.goOn();
    await this.owner.close();
    await this.#embedded.stop();
  }

  #stop(pid: number | undefined, forMs: number): boolean {
    if (pid === undefined || !signal(pid, "SIGSTOP")) return false;
    this.#stopped.add(pid);
    this.#timers.after("a stopped process goes on", forMs, () => {
      if (this.#stopped.delete(pid)) signal(pid, "SIGCONT");
    });
    return true;
  }

  async #children(): Promise<{ readonly pid: number; readonly what: string }[]> {
    const postmaster = this.#embedded.pid();
    if (postmaster === undefined) return [];
    const { stdout } = await runFile("ps", ["-A", "-ww", "-o", "pid=,ppid=,args="], { maxBuffer: 16 * 1_048_576 });
    return stdout.split("\n").flatMap((row) => {
      const [, pid, parent, what = ""] = /^\s*(\d+)\s+(\d+)\s+(.*)$/.exec(row) ?? [];
      return Number(parent) === postmaster ? [{ pid: Number(pid), what }] : [];
    });
  }
}

/** False when there is no such process any more. */
function signal(pid: number | undefined, name: "SIGKILL" | "SIGSTOP" | "SIGCONT"): boolean {
  if (pid === undefined) return false;
  try {
    return process.kill(pid, name);
  } catch {
    return false;
  }
}
