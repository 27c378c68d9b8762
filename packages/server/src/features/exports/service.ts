import { Readable } from "node:stream";
import type { CreateExport, EventExport } from "@postern/contract";
import { type Clock, pause, type Timers } from "@postern/core";
import { readEventChoice } from "../../following/event-choice.ts";
import type { SignedHeads } from "../../ledger/signed-heads.ts";
import type { ReachedPlace } from "../../platform/access/actor.ts";
import { type AuditActor, writeAudit } from "../../platform/audit/audit-store.ts";
import type { Database } from "../../platform/database.ts";
import { accepted } from "../../platform/http/accepted.ts";
import { NativeRefusal } from "../../platform/http/native-refusal.ts";
import type { SentAsItComes } from "../../platform/operations/operation-request.ts";
import { hidden } from "../../platform/operations/serve-operations.ts";
import { readByteRange } from "./byte-range.ts";
import type { ExportFiles } from "./export-files.ts";
import * as limits from "./limits.ts";
import * as store from "./store.ts";

export interface ExportsDeps {
  readonly database: Database;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly files: ExportFiles;
  readonly heads: Pick<SignedHeads, "current">;
}

export interface DownloadAsked {
  readonly range: string | null;
  readonly ifRange: string | null;
  readonly signal: AbortSignal;
}

/** CSV files of what stands in a ledger. */
export class Exports {
  readonly #deps: ExportsDeps;

  constructor(deps: ExportsDeps) {
    this.#deps = deps;
  }

  async create({ placeId, placeGroupId }: ReachedPlace, by: AuditActor, body: CreateExport = {}): Promise<EventExport> {
    accepted(readEventChoice(body));
    const { from = null, to = null, ...events } = body;
    const { database, clock, heads } = this.#deps;
    const madeAt = clock.nowMs();
    return database.transaction(async (tx) => {
      const counts = await store.lockAndCountExports(tx, placeId);
      if (counts === null) throw hidden("placeId");
      if (counts.underWay >= limits.EXPORTS_UNDER_WAY_MAX)
        throw new NativeRefusal("conflict", {
          detail: `At most ${limits.EXPORTS_UNDER_WAY_MAX} exports of a place are under way at a time.`,
        });
      if (counts.kept >= limits.EXPORTS_KEPT_MAX)
        throw new NativeRefusal("conflict", { detail: `At most ${limits.EXPORTS_KEPT_MAX} exports of a place are kept; delete one.` });
      const receivedFromMs = from === null ? null : from - limits.RECEIVED_BEFORE_MS;
      const head = await heads.current(placeId, tx);
      if (head === null) throw hidden("placeId");
      const exportId = await store.insertExport(tx, { placeId, events, from, to, receivedFromMs, madeAt, head });
      await writeAudit(tx, { by, placeGroupId, placeId, atMs: madeAt, action: "events.export", target: { kind: "export", id: exportId } });
      const made = await store.findExport(tx, exportId);
      if (made === null) throw hidden("exportId");
      return made;
    });
  }

  /** As it is now, or once it has ended within the time. */
  async read(exportId: number, { waitMs, signal }: { readonly waitMs: number; readonly signal: AbortSignal }): Promise<EventExport> {
    const { database, clock, timers } = this.#deps;
    const untilMs = clock.monotonicMs() + waitMs;
    for (;;) {
      const found = await store.findExport(database, exportId);
      if (found === null) throw hidden("exportId");
      const hasEnded = found.state === "done" || found.state === "failed";
      const leftMs = untilMs - clock.monotonicMs();
      if (hasEnded || leftMs <= 0 || signal.aborted) return found;
      await pause(timers, "export look", Math.min(leftMs, limits.EXPORT_LOOK_MS), signal);
    }
  }

  async remove({ placeId, placeGroupId }: ReachedPlace, by: AuditActor, exportId: number): Promise<void> {
    const { database, clock, files } = this.#deps;
    await database.transaction(async (tx) => {
      await store.deleteExport(tx, exportId);
      const target = { kind: "export", id: exportId };
      await writeAudit(tx, { by, placeGroupId, placeId, atMs: clock.nowMs(), action: "events.export_delete", target });
    });
    await files.remove(exportId);
  }

  async download(exportId: number, { range, ifRange, signal }: DownloadAsked): Promise<SentAsItComes> {
    const { database, files } = this.#deps;
    const found = await store.findExport(database, exportId);
    if (found === null || (await store.isOutlived(database, exportId))) throw hidden("exportId");
    if (found.state !== "done") throw new NativeRefusal("conflict", { detail: "It is not done yet." });
    const size = await files.wholeSize(exportId);
    if (size === null || size !== found.bytes) {
      await store.beginExportAnew(database, exportId);
      throw new NativeRefusal("conflict", { detail: "Its file is not on this machine: it is written anew." });
    }
    const etag = `"${exportId}-${found.endedAt ?? 0}-${size}"`;
    const about = {
      etag,
      "accept-ranges": "bytes",
      "content-disposition": `attachment; filename="events-${found.placeId}-${exportId}.csv"`,
    };
    const wanted = readByteRange(ifRange === null || ifRange === etag ? range : null, size);
    if (wanted.kind === "none") return { status: 416, headers: { ...about, "content-range": `bytes */${size}` }, body: Readable.from([]) };
    const [from, to] = wanted.kind === "part" ? [wanted.from, wanted.to] : [0, size - 1];
    const headers = { ...about, "content-length": to - from + 1 };
    const body = files.read(exportId, { from, to, signal });
    if (wanted.kind === "whole") return { headers, body };
    return { status: 206, headers: { ...headers, "content-range": `bytes ${from}-${to}/${size}` }, body };
  }
}
