import { assert, type Clock, type Log, pause, type Timers } from "@postern/core";
import { readEventChoice } from "../../following/event-choice.ts";
import { eventsAfter } from "../../following/follow-store.ts";
import type { Database, Queryable } from "../../platform/database.ts";
import { CsvLines, csvHead } from "./csv-lines.ts";
import type { ExportFiles, PartFile } from "./export-files.ts";
import * as limits from "./limits.ts";
import * as store from "./store.ts";

export interface ExportWriterDeps {
  readonly database: Database;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly log: Log;
  readonly files: ExportFiles;
  /** Of this process. */
  readonly instanceId: number;
  readonly isInstanceAlive: (instanceId: number, queryable: Queryable) => Promise<boolean>;
}

interface Position {
  readonly sequence: number;
  readonly eventCount: number;
  readonly bytes: number;
}

/**
 * Writes exports, one at a time in each process, in small portions. How far it is stands in the database once it is on the disk: after a crash the file is
 * cut to that and gone on with, and it has its name only when it is whole.
 */
export class ExportWriter {
  readonly #deps: ExportWriterDeps;
  readonly #stopping = new AbortController();
  #writing: Promise<void> | null = null;

  constructor(deps: ExportWriterDeps) {
    this.#deps = deps;
  }

  /** Looks for an export to write, unless one is being written. */
  async poll(): Promise<void> {
    const { database, instanceId, isInstanceAlive } = this.#deps;
    if (this.#writing !== null || this.#stopping.signal.aborted) return;
    for (const other of await store.otherExporters(database, instanceId)) {
      if (!(await isInstanceAlive(other, database))) await store.freeExportsOf(database, other);
    }
    const work = await store.claimExport(database, instanceId);
    if (work === null) return;
    this.#writing = this.#write(work).finally(() => {
      this.#writing = null;
    });
  }

  /** Takes exports away that are over, with the files here that belong to none. */
  async dropOld(): Promise<void> {
    const { database, clock, files } = this.#deps;
    // The files first: an export that is made meanwhile has none among them.
    const here = await files.exportIds();
    const left = await store.dropOldExports(database, clock.nowMs());
    for (const exportId of here) if (!left.has(exportId)) await files.remove(exportId);
  }

  /** Leaves what is being written to the next start. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#writing;
  }

  async #write(work: store.ExportWork): Promise<void> {
    const { exportId } = work;
    try {
      await this.#writeFile(work);
    } catch (cause) {
      // The disk or the database: it is tried again from where it is, unless the disk has no room.
      this.#deps.log.warn("exports.unwritten", { exportId, cause });
      const error = codeOf(cause) === "ENOSPC" || codeOf(cause) === "EDQUOT" ? "disk_full" : null;
      await this.#giveUp(exportId, error).catch(() => undefined);
      if (error === null) await pause(this.#deps.timers, "export again", limits.EXPORTS_POLL_MS, this.#stopping.signal);
    }
  }

  async #giveUp(exportId: number, error: string | null): Promise<void> {
    const { database, instanceId, clock, files } = this.#deps;
    if (error === null) return store.releaseExport(database, exportId, instanceId);
    await files.remove(exportId);
    await store.endExport(database, { exportId, instanceId, atMs: clock.nowMs(), error });
  }

  async #writeFile(work: store.ExportWork): Promise<void> {
    const { database, files, instanceId, clock } = this.#deps;
    const { exportId } = work;
    const found = await files.openPart(exportId, work.bytes);
    const begin: Position = found === null ? { sequence: work.firstSequence, eventCount: 0, bytes: 0 } : work;
    const opened = found ?? (await files.openPart(exportId, 0));
    assert(opened !== null, "a file from its beginning can be made");
    {
      await using part = opened;
      if (!(await this.#writePortions(part, work, begin))) return store.releaseExport(database, exportId, instanceId);
    }
    await files.finish(exportId);
    await store.endExport(database, { exportId, instanceId, atMs: clock.nowMs(), error: null });
  }

  /** False: it is not whole, because the server stops or nobody wants it any more. */
  async #writePortions(part: PartFile, work: store.ExportWork, begin: Position): Promise<boolean> {
    const { database, timers, instanceId } = this.#deps;
    const { exportId, throughSequence } = work;
    const asked = readEventChoice({ ...work.events, from: work.from ?? undefined, to: work.to ?? undefined });
    assert(asked.ok, "the events of an export were read when it was made");
    const lines = new CsvLines(work.placeId, work.timeZone);
    let { sequence, eventCount, bytes } = begin;
    if (bytes === 0) bytes += await part.append(csvHead());
    const save = async (): Promise<boolean> => {
      await part.sync();
      return store.saveProgress(database, { exportId, instanceId, sequence, eventCount, bytes });
    };
    for (let portion = 1; sequence < throughSequence; portion += 1) {
      const read = await eventsAfter(database, work, { sequence, countMax: limits.PORTION_EVENTS_MAX, choice: asked.value });
      const events = read.events.filter((event) => event.sequence <= throughSequence);
      bytes += await part.append(lines.write(events));
      eventCount += events.length;
      // A ledger that was brought back from an older copy ends sooner.
      sequence = read.through === sequence ? throughSequence : Math.min(read.through, throughSequence);
      if (portion % limits.SYNC_EVERY_PORTIONS === 0 && !(await save())) return false;
      if (this.#stopping.signal.aborted) return (await save()) && false;
      await pause(timers, "export portion", limits.PORTION_PAUSE_MS, this.#stopping.signal);
    }
    return save();
  }
}

function codeOf(cause: unknown): unknown {
  return cause instanceof Error && "code" in cause ? cause.code : null;
}
