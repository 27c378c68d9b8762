import {
  type BucketHashes,
  FAILURES_PER_FRAME_MAX,
  type HelloFrame,
  type RosterFrame,
  type SyncedFrame,
  type WelcomeFrame,
} from "@postern/contract";
import type { Log } from "@postern/core";
import { isDamaged, setAside } from "../disk/damage.ts";
import { compareBuckets } from "./compare-buckets.ts";
import { cursorsOf, planReplica, positionInEpoch, type ReplicaPosition } from "./plan-replica.ts";
import { type ReplicaDisk, ReplicaStore, type ServedDoor, type StoredReplica } from "./replica-store.ts";
import { RosterContents } from "./roster-contents.ts";

/** What goes into each `synced` that answers a roster frame, but for the session. */
export type SyncedAnswer = Omit<SyncedFrame, "session">;

/** The roster a controller holds: on disk, and in memory for its decisions. */
export class Replica {
  readonly contents: RosterContents;
  readonly #store: ReplicaDisk;
  readonly #log: Log;
  #position: ReplicaPosition;
  #doors: readonly ServedDoor[];
  #heardMs: number | null;

  private constructor(store: ReplicaDisk, stored: StoredReplica, log: Log) {
    this.#store = store;
    this.#log = log;
    this.#position = stored.position;
    this.#doors = stored.doors;
    this.#heardMs = stored.heardMs;
    this.contents = new RosterContents(stored.doors.map((door) => door.doorId));
    for (const held of stored.items) this.contents.apply(held);
  }

  /** Opens the replica of a folder. One that is damaged beyond reading is set aside, and the server fills a new one. */
  static open(path: string, log: Log): Replica {
    try {
      return Replica.load(new ReplicaStore(path), log);
    } catch (cause) {
      if (!isDamaged(cause)) throw cause;
      log.error("replica.set_aside", { path, cause });
      setAside(path);
      return Replica.load(new ReplicaStore(path), log);
    }
  }

  /** Reads the replica of this disk. Closes the disk when that fails. */
  static load(store: ReplicaDisk, log: Log): Replica {
    try {
      const stored = store.load();
      if (stored.unreadable.length > 0) {
        log.error("replica.items_unreadable", { count: stored.unreadable.length, keys: stored.unreadable.slice(0, 10) });
        store.remove(stored.unreadable);
      }
      return new Replica(store, stored, log);
    } catch (cause) {
      store.close();
      throw cause;
    }
  }

  get doors(): readonly ServedDoor[] {
    return this.#doors;
  }

  get position(): ReplicaPosition {
    return this.#position;
  }

  /** When the server was last heard before this start, by the controller's clock; null when never. */
  get heardMs(): number | null {
    return this.#heardMs;
  }

  /** What a hello says of the roster. */
  greeting(): Pick<HelloFrame, "epoch" | "roster"> {
    const { epoch, urgentTo, completeTo } = this.#position;
    return { epoch, roster: { urgentTo, completeTo, digest: this.contents.digest(), itemCount: this.contents.itemCount } };
  }

  /** Takes over what a welcome says: which doors are served, and the epoch of what the server will send. */
  welcomed({ doors: served, epoch }: Pick<WelcomeFrame, "doors" | "epoch">): void {
    const doors = served.map(({ doorId, entryDeviceId, exitDeviceId }) => ({ doorId, entryDeviceId, exitDeviceId }));
    if (JSON.stringify(doors) !== JSON.stringify(this.#doors)) this.#serve(doors);
    const position = positionInEpoch(this.#position, epoch);
    if (position.filling !== null) {
      this.#store.forgetRevisions();
      this.contents.forgetRevisions();
      this.#log.info("replica.fill_begun", { held: this.#position.epoch, epoch });
    }
    this.#position = position;
  }

  /**
   * Commits one frame, then says what is held: one answer, or several when the frame asked for hashes that do not fit one. A disk that fails is
   * `disk_unusable`; nothing of the frame is then held.
   */
  applyFrame(frame: RosterFrame): SyncedAnswer[] {
    const plan = planReplica(this.#position, (key) => this.contents.revisionOf(key), frame);
    if (plan.writes.length > 0 || plan.position !== this.#position) this.#store.write(plan.writes, plan.position);
    for (const write of plan.writes) this.contents.apply(write);
    this.#position = plan.position;
    const failures = plan.writes.filter((write) => write.kind === "failed").map(({ key, revision, code }) => ({ key, revision, code }));
    if (failures.length > 0) this.#log.warn("replica.items_failed", { count: failures.length, failures: failures.slice(0, 10) });
    return this.#answers(frame);
  }

  writeHeard(heardMs: number): void {
    this.#store.writeHeard(heardMs);
  }

  trim(): void {
    this.#store.trim();
  }

  close(): void {
    this.#store.close();
  }

  #serve(doors: readonly ServedDoor[]): void {
    const foreign = this.contents.serve(doors.map((door) => door.doorId));
    this.#store.serve(doors, foreign);
    this.#doors = doors;
    this.#log.info("replica.doors_changed", { doorIds: doors.map((door) => door.doorId), countDropped: foreign.length });
  }

  #answers(frame: RosterFrame): SyncedAnswer[] {
    const digest = frame.completeTo === undefined ? {} : { digest: this.contents.digest() };
    const answer = { batch: frame.batch, ...cursorsOf(this.#position), ...digest, failures: this.#failures() };
    if (frame.compare === undefined) return [answer];
    const parts = compareBuckets(this.contents, frame.compare);
    return parts.map((hashes: BucketHashes[], index) => ({
      ...answer,
      hashes,
      ...(index < parts.length - 1 ? { more: true as const } : {}),
    }));
  }

  /** Everything that failed and has not been mended, so that the server knows why the digests differ. */
  #failures(): SyncedFrame["failures"] {
    const failures: SyncedFrame["failures"] = [];
    for (const { key, revision, code } of this.contents.failures) {
      if (failures.length >= FAILURES_PER_FRAME_MAX) break;
      failures.push({ key, revision, code });
    }
    return failures;
  }
}
