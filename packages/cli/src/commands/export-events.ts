import { open, rename, rm } from "node:fs/promises";
import { type PosternClient, PosternError } from "@postern/client";
import type { EventExport } from "@postern/contract";
import { pause, systemClock, systemTimers } from "@postern/core";
import { clientOf } from "../api.ts";
import { EXIT, failure } from "../failure.ts";
import { absoluteTime, wallClockTime } from "../nouns/place-time.ts";
import type { Output } from "../output.ts";
import { type TargetOptions, targetOf } from "../target.ts";
import { eventChoice } from "./events.ts";
import { count, importProgress } from "./import-progress.ts";

export interface ExportOptions extends TargetOptions {
  readonly out?: string;
  readonly types?: string;
  readonly doorIds?: string;
  readonly from?: string;
  readonly to?: string;
  readonly keep?: boolean;
  readonly json?: boolean;
}

/** Seconds of one look at a server that writes. */
const LOOK_WAIT_S = 1;
/** Downloads in a row that brought nothing. */
const TRIES_COUNT_MAX = 10;
const RETRY_MS = 1_000;
/** Of a download, between two words about it. */
const TOLD_EVERY_BYTES = 256 * 1024;

/** Has a place's events written to CSV by the server, and brings the file here, however often the line is cut. */
export async function exportEvents(options: ExportOptions, output: Output): Promise<number> {
  const { out } = options;
  if (out === undefined) throw failure("argument_missing", "Say where to: --out events.csv.");
  const { placeId, ...target } = await targetOf(options);
  const client = clientOf(target);
  const made = await client.createExport({ params: { placeId }, body: await choiceOf(client, placeId, options) });
  const done = await written(client, made, output);
  const bytes = await brought(client, done, { out, output });
  if (options.keep !== true) await client.deleteExport({ params: { exportId: done.exportId } });
  if (options.json === true) output.json({ ...done, out, bytes });
  else output.line(`${count(done.eventCount)} events in ${out}.`);
  return EXIT.done;
}

async function choiceOf(client: PosternClient, placeId: number, options: ExportOptions) {
  const { from, to } = options;
  const { timeZone } = await client.readPlace({ params: { placeId } });
  const time = (option: string, typed: string): number =>
    absoluteTime(typed, systemClock.nowMs()) ?? wallClockTime(option, typed, timeZone);
  return {
    ...eventChoice(options),
    ...(from === undefined ? {} : { from: time("--from", from) }),
    ...(to === undefined ? {} : { to: time("--to", to) }),
  };
}

async function written(client: PosternClient, { exportId, lookedTotal }: EventExport, output: Output): Promise<EventExport> {
  const progress = importProgress(output, lookedTotal, { beganMs: systemClock.monotonicMs(), unit: "events looked at" });
  try {
    for (;;) {
      const found = await client.readExport({ params: { exportId }, query: { wait: LOOK_WAIT_S } });
      progress.tell(found.lookedCount, systemClock.monotonicMs());
      if (found.state === "done") return found;
      if (found.state === "failed") throw failure("export_failed", `The server could not write it: ${found.error ?? "unknown"}.`);
    }
  } finally {
    progress.end();
  }
}

interface Bringing {
  readonly out: string;
  readonly output: Output;
}

/** The file has its name when it is whole. */
async function brought(client: PosternClient, { exportId, bytes }: EventExport, { out, output }: Bringing): Promise<number> {
  const path = `${out}.part`;
  const progress = importProgress(output, bytes, { beganMs: systemClock.monotonicMs(), unit: "bytes" });
  await rm(path, { force: true });
  const file = await open(path, "w", 0o600);
  const tell = (here: number): void => progress.tell(here, systemClock.monotonicMs());
  try {
    let here: Here = { count: 0, etag: undefined };
    for (let tries = 0; here.count < bytes; ) {
      const before = here.count;
      here = await bringMore({ client, exportId, file, tell }, here);
      tries = here.count > before ? 0 : tries + 1;
      if (tries >= TRIES_COUNT_MAX) throw failure("server_away", "The server does not answer any more; ask for the export again.");
      if (here.count < bytes) await pause(systemTimers, "a download again", RETRY_MS);
    }
    await file.sync();
  } finally {
    progress.end();
    await file.close();
  }
  await rename(path, out);
  return bytes;
}

interface Here {
  readonly count: number;
  readonly etag: string | undefined;
}

interface Bring {
  readonly client: PosternClient;
  readonly exportId: number;
  readonly file: Awaited<ReturnType<typeof open>>;
  readonly tell: (here: number) => void;
}

/** As much as comes before the line is cut. */
async function bringMore({ client, exportId, file, tell }: Bring, { count: had, etag }: Here): Promise<Here> {
  let here = had;
  let of = etag;
  try {
    const download = await client.download(exportId, { from: had, etag });
    of = download.etag ?? undefined;
    here = download.from;
    let told = here;
    for await (const chunk of download.body) {
      await file.write(chunk, 0, chunk.byteLength, here);
      here += chunk.byteLength;
      if (here - told >= TOLD_EVERY_BYTES) tell(here);
      if (here - told >= TOLD_EVERY_BYTES) told = here;
    }
  } catch (error) {
    if (error instanceof PosternError && error.class !== "transient" && error.class !== "ambiguous") throw error;
  }
  return { count: here, etag: of };
}
