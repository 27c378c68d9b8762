import { doorError } from "@postern/door/internal";
import { Killed, type Life } from "../time/life.ts";

/** When in a write a machine dies: before a byte of it, when it is written but not synced, or when it is synced and not answered. */
export type KillPhase = "before" | "written" | "synced";

/** What a write is, where it matters for a death. */
export type WriteKind = "write" | "outbox trim" | "replica trim";

/** A death that waits for a write. */
export interface ArmedKill {
  /** Writes that still succeed. */
  countBefore: number;
  readonly phase: KillPhase;
  /** The power goes too: what was written and not synced is lost. */
  readonly isPowerCut: boolean;
  /** Others succeed and are not counted. */
  readonly only?: WriteKind;
}

/** One machine's disk, as its process sees it: each write is atomic, and synced before it is answered. */
export class SimDisk {
  /** While true every write is refused, as by a disk that is full. */
  isFull = false;
  armed: ArmedKill | null = null;
  /** The process that has the disk; null while none runs. */
  life: Life | null = null;

  /** Does one write. One that is lost with the power is never done: nobody lives to see the difference. */
  write<Result>(apply: () => Result, what: WriteKind = "write"): Result {
    this.#mustLive();
    if (this.isFull) throw doorError("disk_unusable", { context: { because: "full" } });
    const kill = this.#dueKill(what);
    if (kill === null) return apply();
    const isKept = kill.phase === "synced" || (kill.phase === "written" && !kill.isPowerCut);
    if (isKept) apply();
    this.armed = null;
    this.life?.end();
    throw new Killed();
  }

  read<Result>(work: () => Result): Result {
    this.#mustLive();
    return work();
  }

  #mustLive(): void {
    if (this.life === null || this.life.isOver) throw new Killed();
  }

  #dueKill(what: WriteKind): ArmedKill | null {
    const { armed } = this;
    if (armed === null || (armed.only ?? what) !== what) return null;
    armed.countBefore -= 1;
    return armed.countBefore < 0 ? armed : null;
  }
}
