import {
  type BucketHashes,
  ITEM_BYTES_PER_FRAME_MAX,
  ITEMS_PER_FRAME_MAX,
  ROSTER_FRAMES_IN_FLIGHT_MAX,
  type RosterFrame,
  type SyncedFrame,
  type WireItem,
} from "@postern/contract";
import type { Page, PageItem, PageRequest, PumpCursors } from "../roster/page.ts";
import { PAGE_ITEMS_COUNT_MAX } from "./limits.ts";

/**
 * How far one controller's roster is, and what is on its way. The pump reads a page, sends it, and reads the next when a frame was confirmed; at the
 * end of the last page it names the revision, and the digest that comes back is compared. A digest that differs starts a comparison by buckets.
 */
export interface PumpState {
  readonly cursors: PumpCursors;
  readonly urgentFrom: number;
  readonly emptyUntil: number;
  readonly doorIds: readonly number[];
  readonly nextBatch: number;
  readonly inFlight: readonly FrameInFlight[];
  readonly isReading: boolean;
  /** There may be rows beyond the cursors. */
  readonly isBehind: boolean;
  /** The revisions last named to the controller. */
  readonly told: { readonly urgentTo: number; readonly completeTo: number };
  /** Name the revision again although nothing is new, so that a digest comes back. */
  readonly mustTell: boolean;
  readonly repair: RepairState;
  /** Comparisons since a digest last agreed; beyond the limit the pump waits for the next change. */
  readonly repairCount: number;
}

export interface FrameInFlight {
  readonly batch: number;
  readonly completeTo: number | null;
  readonly isCompare: boolean;
}

/** `reading`: the sums are being read; `asked`: they are with the controller; `mending`: its answer is being worked through. */
export type RepairState = "none" | "reading" | "asked" | "mending";

export type PumpEffect =
  | { readonly kind: "read_page"; readonly request: PageRequest }
  | { readonly kind: "read_sums" }
  | { readonly kind: "mend"; readonly buckets: readonly BucketHashes[]; readonly isLast: boolean }
  | { readonly kind: "send"; readonly frame: RosterFrame }
  | { readonly kind: "check_digest"; readonly revision: number; readonly digest: string }
  | { readonly kind: "confirm"; readonly synced: SyncedFrame };

export interface PumpStep {
  readonly state: PumpState;
  readonly effects: readonly PumpEffect[];
}

export interface PumpStart {
  /** The place's head when the session began. */
  readonly head: number;
  readonly doorIds: readonly number[];
  readonly urgentTo: number;
  readonly completeTo: number;
  readonly itemCount: number;
  /** The replica's revisions mean nothing here (another epoch, beyond our head, behind the tombstones): compare before anything else. */
  readonly mustCompare: boolean;
}

/** More comparisons in a row than this cannot help: an item the controller refuses stays different until it changes. */
export const REPAIRS_IN_A_ROW_MAX = 3;

export function startPump(start: PumpStart): PumpStep {
  const isEmpty = start.itemCount === 0;
  const isCompared = start.mustCompare && !isEmpty;
  const positions = isEmpty
    ? { settingsTo: 0, urgentTo: 0, additionsTo: 0 }
    : { settingsTo: start.urgentTo, urgentTo: start.urgentTo, additionsTo: start.completeTo };
  const state: PumpState = {
    cursors: isCompared ? { settingsTo: start.head, urgentTo: start.head, additionsTo: start.head } : positions,
    // A revision that means nothing here must not make changes wait as if they were additions.
    urgentFrom: isEmpty || isCompared ? start.head : start.urgentTo,
    emptyUntil: isEmpty ? start.head : 0,
    doorIds: start.doorIds,
    nextBatch: 1,
    inFlight: [],
    isReading: false,
    isBehind: true,
    told: { urgentTo: 0, completeTo: 0 },
    mustTell: true,
    repair: isCompared ? "reading" : "none",
    repairCount: 0,
  };
  return state.repair === "reading" ? { state, effects: [{ kind: "read_sums" }] } : readMore(state, []);
}

/** The place's roster has moved. */
export function pumpWake(state: PumpState): PumpStep {
  return readMore({ ...state, isBehind: true }, []);
}

/** A page has been read. */
export function pumpPage(state: PumpState, page: Page): PumpStep {
  const urgentTo = page.urgentDrainedTo ?? state.told.urgentTo;
  const completeTo = page.drainedTo ?? state.told.completeTo;
  const isNews = page.items.length > 0 || state.mustTell || urgentTo > state.told.urgentTo || completeTo > state.told.completeTo;
  const next = { ...state, cursors: page.cursors, isReading: false, isBehind: state.isBehind || page.drainedTo === null };
  if (!isNews) return readMore(next, []);
  const marks = {
    ...(page.urgentDrainedTo === null ? {} : { urgentTo: page.urgentDrainedTo }),
    ...(page.drainedTo === null ? {} : { completeTo: page.drainedTo }),
  };
  const sent = sendItems(next, page.items.map(wireItem), marks);
  const told = { ...sent.state, told: { urgentTo, completeTo }, mustTell: page.drainedTo === null && state.mustTell };
  return readMore(told, sent.effects);
}

/** The controller has answered a roster frame. */
export function pumpSynced(state: PumpState, synced: SyncedFrame): PumpStep {
  const answered = state.inFlight.find((frame) => frame.batch === synced.batch);
  if (answered === undefined) return { state, effects: [] };
  const hasMore = synced.more === true;
  const inFlight = hasMore ? state.inFlight : state.inFlight.filter((frame) => frame.batch > synced.batch);
  const effects: PumpEffect[] = [{ kind: "confirm", synced }];
  // With failed items the digests cannot agree, and the failures already say why: comparing would not help.
  const isWhole = synced.failures.length === 0;
  if (isWhole && answered.completeTo !== null && synced.digest !== undefined)
    effects.push({ kind: "check_digest", revision: answered.completeTo, digest: synced.digest });
  if (state.repair === "asked" && answered.isCompare) {
    effects.push({ kind: "mend", buckets: synced.hashes ?? [], isLast: !hasMore });
    return { state: { ...state, inFlight, repair: hasMore ? "asked" : "mending" }, effects };
  }
  return readMore({ ...state, inFlight }, effects);
}

/** The digest at a revision that was named has been compared. */
export function pumpDigest(state: PumpState, agrees: boolean): PumpStep {
  if (agrees) return { state: { ...state, repairCount: 0 }, effects: [] };
  if (state.repair !== "none" || state.repairCount >= REPAIRS_IN_A_ROW_MAX) return { state, effects: [] };
  return { state: { ...state, repair: "reading", repairCount: state.repairCount + 1 }, effects: [{ kind: "read_sums" }] };
}

/** The place's bucket sums have been read: ask the controller which of its buckets differ. */
export function pumpSums(state: PumpState, compare: NonNullable<RosterFrame["compare"]>): PumpStep {
  const frame: RosterFrame = { batch: state.nextBatch, items: [], compare };
  const next = {
    ...state,
    repair: "asked" as const,
    nextBatch: state.nextBatch + 1,
    inFlight: [...state.inFlight, { batch: frame.batch, completeTo: null, isCompare: true }],
  };
  return { state: next, effects: [{ kind: "send", frame }] };
}

/** What differs in some buckets has been read: send it. After the last of them the next page names the revision again. */
export function pumpMended(state: PumpState, items: readonly PageItem[], isLast: boolean): PumpStep {
  const sent = sendItems(state, items.map(wireItem), { replace: true });
  if (!isLast) return sent;
  return readMore({ ...sent.state, repair: "none", isBehind: true, mustTell: true }, sent.effects);
}

function readMore(state: PumpState, effects: readonly PumpEffect[]): PumpStep {
  const isFull = state.inFlight.length >= ROSTER_FRAMES_IN_FLIGHT_MAX;
  if (!state.isBehind || state.isReading || isFull || state.repair !== "none") return { state, effects };
  const { cursors, urgentFrom, emptyUntil, doorIds } = state;
  const request: PageRequest = { cursors, urgentFrom, emptyUntil, doorIds, countMax: PAGE_ITEMS_COUNT_MAX };
  return { state: { ...state, isReading: true, isBehind: false }, effects: [...effects, { kind: "read_page", request }] };
}

type FrameMarks = Pick<RosterFrame, "urgentTo" | "completeTo" | "replace">;

/** Sends items in as many frames as their bytes need; what they amount to is named in the last. */
function sendItems(state: PumpState, items: readonly WireItem[], marks: FrameMarks): PumpStep {
  const chunks = chunkItems(items);
  const frames = chunks.map((chunk, index): RosterFrame => {
    const isLast = index === chunks.length - 1;
    const replace = marks.replace === true ? { replace: true as const } : {};
    return { batch: state.nextBatch + index, items: chunk, ...(isLast ? marks : replace) };
  });
  const sent = frames.map((frame) => ({ batch: frame.batch, completeTo: frame.completeTo ?? null, isCompare: false }));
  return {
    state: { ...state, nextBatch: state.nextBatch + frames.length, inFlight: [...state.inFlight, ...sent] },
    effects: frames.map((frame) => ({ kind: "send", frame })),
  };
}

function chunkItems(items: readonly WireItem[]): WireItem[][] {
  const chunks: WireItem[][] = [[]];
  let bytes = 0;
  for (const item of items) {
    const size = Buffer.byteLength(JSON.stringify(item));
    const current = chunks[chunks.length - 1];
    if (
      current === undefined ||
      (current.length > 0 && (bytes + size > ITEM_BYTES_PER_FRAME_MAX || current.length >= ITEMS_PER_FRAME_MAX))
    ) {
      chunks.push([item]);
      bytes = size;
    } else {
      current.push(item);
      bytes += size;
    }
  }
  return chunks;
}

function wireItem(item: PageItem): WireItem {
  const { key, revision, templates, faceTemplates } = item;
  if (item.item === null) return { key, revision, gone: true };
  return {
    key,
    revision,
    item: item.item,
    ...(templates === undefined ? {} : { templates: [...templates] }),
    ...(faceTemplates === undefined ? {} : { faceTemplates: [...faceTemplates] }),
  };
}
