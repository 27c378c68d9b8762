import type { LogGeneration, OutboxDisk, OutboxStore, ReplicaDisk, ReplicaStore } from "@postern/door/internal";
import type { Range } from "../checkers/ledger-index.ts";
import type { SimDisk } from "./sim-disk.ts";

/** Told of what has become durable. */
export interface DiskWatch {
  readonly outboxBegun: (...written: Parameters<OutboxDisk["begin"]>) => void;
  readonly outboxAppended: (...written: Parameters<OutboxDisk["append"]>) => void;
  /** These numbers are not kept any more. */
  readonly outboxTrimmed: (numbers: Range, generations: readonly LogGeneration[]) => void;
  /** The time was written down, which goes back at the server's word alone. */
  readonly timeWritten: (newestMs: number) => void;
  readonly replicaWritten: (...written: Parameters<ReplicaDisk["write"]>) => void;
}

/** The product's own outbox on SQLite, behind a disk that can be full, die and lose. Its file outlives the process: `close` closes nothing. */
export function guardOutbox(store: OutboxStore, disk: SimDisk, watch: DiskWatch): OutboxDisk {
  return {
    ends: () => disk.read(() => store.ends()),
    newestMs: () => disk.read(() => store.newestMs()),
    generations: (next) => disk.read(() => store.generations(next)),
    begin: (...begun) =>
      disk.write(() => {
        store.begin(...begun);
        watch.outboxBegun(...begun);
      }),
    append: (...appended) =>
      disk.write(() => {
        store.append(...appended);
        watch.outboxAppended(...appended);
      }),
    read: (from, to, countMax) => disk.read(() => store.read(from, to, countMax)),
    openRelays: () => disk.read(() => store.openRelays()),
    openAlarms: () => disk.read(() => store.openAlarms()),
    vendorConfirmedMs: (authId) => disk.read(() => store.vendorConfirmedMs(authId)),
    qrUsedStep: (qrId) => disk.read(() => store.qrUsedStep(qrId)),
    firstIns: () => disk.read(() => store.firstIns()),
    writeFirstIn: (doorId, firstInMs) => disk.write(() => store.writeFirstIn(doorId, firstInMs)),
    guessers: (doorId) => disk.read(() => store.guessers(doorId)),
    writeGuessers: (doorId, guessers) => disk.write(() => store.writeGuessers(doorId, guessers)),
    writeNewest: (newestMs) =>
      disk.write(() => {
        store.writeNewest(newestMs);
        watch.timeWritten(newestMs);
      }),
    markStored: (through, storedMs) => disk.write(() => store.markStored(through, storedMs)),
    rewindStored: (through) => disk.write(() => store.rewindStored(through)),
    trim: (beforeMs) =>
      disk.write(() => {
        const { firstKept: from, next } = store.ends();
        const firstKept = store.trim(beforeMs);
        if (firstKept > from) watch.outboxTrimmed({ from, to: firstKept - 1 }, store.generations(next));
        return firstKept;
      }, "outbox trim"),
    limitPages: () => undefined,
    close: () => undefined,
  };
}

/** The product's own replica on SQLite, likewise. */
export function guardReplica(store: ReplicaStore, disk: SimDisk, watch: DiskWatch): ReplicaDisk {
  return {
    load: () => disk.read(() => store.load()),
    write: (writes, position) =>
      disk.write(() => {
        store.write(writes, position);
        watch.replicaWritten(writes, position);
      }),
    remove: (keys) => disk.write(() => store.remove(keys)),
    serve: (doors, foreign) => disk.write(() => store.serve(doors, foreign)),
    forgetRevisions: () => disk.write(() => store.forgetRevisions()),
    writeHeard: (heardMs) => disk.write(() => store.writeHeard(heardMs)),
    trim: () => disk.write(() => store.trim(), "replica trim"),
    close: () => undefined,
  };
}
