import { open, rename } from "node:fs/promises";
import { type PosternClient, PosternError } from "@postern/client";
import type { LedgerHead } from "@postern/contract";
import { chainHash, pause, systemClock, systemTimers } from "@postern/core";
import { clientOf } from "../api.ts";
import { EXIT, failure } from "../failure.ts";
import { eventFileLine, headerLine, headFileLine } from "../ledger/ledger-file.ts";
import type { Output } from "../output.ts";
import { type TargetOptions, targetOf } from "../target.ts";
import { count, importProgress } from "./import-progress.ts";

export interface LedgerExportOptions extends TargetOptions {
  readonly out?: string;
  readonly json?: boolean;
}

const PAGE_LINES = 1_000;
/** Calls in a row that failed, each after the client's own tries: half a minute of a server that is away. */
const TRIES_COUNT_MAX = 10;
const RETRY_MS = 1_000;

interface Source {
  readonly client: PosternClient;
  readonly placeId: number;
  /** Where the file ends. */
  readonly end: LedgerHead;
}

/** Brings a place's ledger here, hashed line by line, with the heads that were signed along the way. The file has its name when it is whole. */
export async function exportLedger(options: LedgerExportOptions, output: Output): Promise<number> {
  const { out } = options;
  if (out === undefined) throw failure("argument_missing", "Say where to: --out ledger.ndjson.");
  const { placeId, ...target } = await targetOf(options);
  const client = clientOf(target);
  const [{ publicKey }, end] = [await client.readLedgerKey(), await client.readLedgerHead({ params: { placeId } })];
  const { firstSequence, before, sequence: through } = end;
  const file = await open(`${out}.part`, "w", 0o600);
  let told: Told;
  try {
    await file.appendFile(headerLine({ placeId, firstSequence, before, through, publicKey, madeAt: systemClock.nowMs() }));
    told = await writeLines({ client, placeId, end }, file, output);
    await file.appendFile(headFileLine(end));
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(`${out}.part`, out);
  const isWhole = told.hash === end.hash;
  const { eventCount, headCount } = told;
  if (options.json === true) output.json({ out, placeId, firstSequence, sequence: through, eventCount, headCount, isWhole });
  else output.line(`${out}: events ${count(eventCount)}, signed heads ${count(headCount)}.`);
  if (!isWhole) output.note(`They do not lead to the head that the server signed now: \`postern ledger verify ${out}\` says where.`);
  return isWhole ? EXIT.done : EXIT.failed;
}

interface Told {
  readonly hash: string;
  readonly eventCount: number;
  readonly headCount: number;
}

async function writeLines({ client, placeId, end }: Source, file: Awaited<ReturnType<typeof open>>, output: Output): Promise<Told> {
  const { firstSequence, sequence: through } = end;
  const kept = await keptBefore({ client, placeId, end });
  const progress = importProgress(output, through - firstSequence + 1, { beganMs: systemClock.monotonicMs(), unit: "events" });
  let [hash, eventCount, headCount] = [end.before, 0, 1];
  try {
    for (let after = firstSequence - 1; after < through; ) {
      const { lines, next } = await persistently(() =>
        client.listLedgerLines({ params: { placeId }, query: { after, limit: Math.min(PAGE_LINES, through - after) } }),
      );
      let text = "";
      for (const line of lines) {
        hash = chainHash(hash, line);
        text += eventFileLine(hash, line);
        eventCount += 1;
        const head = kept.get(sequenceOf(line));
        if (head !== undefined) text += headFileLine(head);
        if (head !== undefined) headCount += 1;
      }
      await file.appendFile(text);
      if (next <= after) break;
      after = next;
      progress.tell(eventCount, systemClock.monotonicMs());
    }
  } finally {
    progress.end();
  }
  return { hash, eventCount, headCount };
}

/** The heads that belong inside the file, by their events. */
async function keptBefore({ client, placeId, end }: Source): Promise<ReadonlyMap<number, LedgerHead>> {
  const heads = new Map<number, LedgerHead>();
  for await (const head of client.pages("listLedgerHeads", { params: { placeId }, query: { limit: 200 } }))
    if (head.sequence >= end.firstSequence && head.sequence < end.sequence) heads.set(head.sequence, head);
  return heads;
}

function sequenceOf(line: string): number {
  return Number(/^\{"sequence":(\d+),/.exec(line)?.[1]);
}

/** A server that is away for a moment ends nothing. */
async function persistently<Answer>(call: () => Promise<Answer>): Promise<Answer> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await call();
    } catch (error) {
      if (!(error instanceof PosternError) || error.class !== "transient" || tries === TRIES_COUNT_MAX) throw error;
    }
    await pause(systemTimers, "lines again", RETRY_MS);
  }
}
