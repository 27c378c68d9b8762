import { EVENT_BYTES_MAX, type EventType, eventCode, eventOrigin, isEventType, type LinkEvent, readLinkEvent } from "@postern/contract";
import { eventTime } from "./event-time.ts";

/** A batch of a controller's log, as its session hands it over. */
export interface AppendBatch {
  readonly placeId: number;
  readonly controllerId: number;
  readonly session: number;
  readonly generation: number;
  /** With the first record of a generation: the log it continues; undefined otherwise. */
  readonly predecessor: LogPosition | null | undefined;
  /** The number of the first event. */
  readonly first: number;
  readonly events: readonly unknown[];
  readonly lost: readonly LostNumbers[];
  readonly sentAtMs: number;
  readonly receivedAtMs: number;
}

export interface LogPosition {
  readonly generation: number;
  readonly last: number;
}

export interface LostNumbers {
  readonly generation: number;
  readonly from: number;
  readonly to: number;
}

/** What the ledger knows of a controller's log. */
export interface LogState {
  /** Generation → last number stored, for every generation the batch names. */
  readonly marks: ReadonlyMap<number, number>;
  /** Whether the ledger holds anything at all of this log. */
  readonly hasBegun: boolean;
}

/** What the controller may write about: events of other doors and devices are refused, each alone. */
export interface ControllerReach {
  readonly doorIds: ReadonlySet<number>;
  readonly deviceIds: ReadonlySet<number>;
}

/** One event as it is to be written, but for its sequence. */
export interface EventRow {
  readonly eventAt: number;
  readonly receivedAt: number;
  readonly deviceId: number;
  readonly doorId: number | null;
  readonly userId: number | null;
  readonly authId: number | null;
  readonly eventType: number;
  readonly generation: number;
  readonly localLogId: number;
  readonly detail: Readonly<Record<string, string | number | boolean>> | null;
}

/** What goes back to the controller once the rows are committed. */
export interface StoredAnswer {
  readonly generation: number;
  readonly through: number;
  readonly refused: readonly { readonly localLogId: number; readonly code: RefusalCode }[];
  readonly expect?: { readonly generation: number; readonly from: number };
}

export type RefusalCode =
  | "event_malformed"
  | "event_too_large"
  | "event_type_unknown"
  | "event_type_foreign"
  | "door_unknown"
  | "device_unknown";

export interface AppendPlan {
  readonly rows: readonly EventRow[];
  /** The marks to write: the last number stored of each generation touched. */
  readonly marks: ReadonlyMap<number, number>;
  /** The first number of each generation that this batch began. */
  readonly begun: ReadonlyMap<number, number>;
  /** How many numbers of each generation were declared lost. */
  readonly lostCounts: ReadonlyMap<number, number>;
  readonly answer: StoredAnswer;
}

/**
 * What to append of one batch.
 *
 * A number at or below the mark is a repeat and is dropped. A number beyond the next one is a hole: nothing after it is taken until the controller
 * sends what is missing or declares it lost, which is appended as a fact. A generation whose predecessor is behind the mark is a fork (a disk
 * restored from an old copy): recorded, and nothing of it skipped. An event the ledger cannot take becomes a stub with its number.
 */
export function planAppend(log: LogState, reach: ControllerReach, batch: AppendBatch): AppendPlan {
  const draft = new Draft(log, batch);
  for (const range of batch.lost) declareLost(draft, range);
  const start = beginGeneration(draft);
  if (start !== null) return draft.expect(start);
  const through = draft.marks.get(batch.generation);
  if (through === undefined || batch.first > through + 1) {
    return draft.expect({ generation: batch.generation, from: through === undefined ? 0 : through + 1 });
  }
  for (const [index, event] of batch.events.entries()) {
    const localLogId = batch.first + index;
    if (localLogId > through) appendEvent(draft, reach, event, localLogId);
  }
  return draft.done();
}

class Draft {
  readonly batch: AppendBatch;
  readonly hasBegun: boolean;
  readonly marks: Map<number, number>;
  readonly touched = new Map<number, number>();
  readonly begun = new Map<number, number>();
  readonly lostCounts = new Map<number, number>();
  readonly rows: EventRow[] = [];
  readonly refused: { localLogId: number; code: RefusalCode }[] = [];

  constructor(log: LogState, batch: AppendBatch) {
    this.hasBegun = log.hasBegun;
    this.marks = new Map(log.marks);
    this.batch = batch;
  }

  /** Numbers of a generation that the ledger has not met count from here. */
  begin(generation: number, first: number): void {
    if (!this.marks.has(generation)) this.begun.set(generation, first);
  }

  mark(generation: number, through: number): void {
    this.marks.set(generation, through);
    this.touched.set(generation, through);
  }

  /** A fact about the log itself, which the controller did not number. */
  fact(eventType: EventType, detail: Readonly<Record<string, string | number | boolean>>): void {
    const { receivedAtMs, controllerId } = this.batch;
    this.rows.push({
      ...NOBODY,
      eventAt: receivedAtMs,
      receivedAt: receivedAtMs,
      eventType: eventCode(eventType),
      generation: 0,
      localLogId: 0,
      detail: { controllerId, ...detail },
    });
  }

  expect(wanted: { readonly generation: number; readonly from: number }): AppendPlan {
    const { answer, ...plan } = this.done();
    return { ...plan, answer: { ...answer, expect: wanted } };
  }

  done(): AppendPlan {
    const { rows, touched: marks, begun, lostCounts, refused, batch } = this;
    const { generation } = batch;
    return { rows, marks, begun, lostCounts, answer: { generation, through: this.marks.get(generation) ?? 0, refused } };
  }
}

const NOBODY = { deviceId: 0, doorId: null, userId: null, authId: null } as const;

function declareLost(draft: Draft, range: LostNumbers): void {
  const stored = draft.marks.get(range.generation);
  // A declaration beyond the next number would hide what lies between; one at or below the mark takes nothing back.
  if (stored !== undefined && (range.from > stored + 1 || range.to <= stored)) return;
  const from = stored === undefined ? range.from : stored + 1;
  draft.fact("LOG_LOST", { generation: range.generation, from, to: range.to });
  draft.begin(range.generation, from);
  draft.lostCounts.set(range.generation, (draft.lostCounts.get(range.generation) ?? 0) + range.to - from + 1);
  draft.mark(range.generation, range.to);
}

/** Opens a generation the ledger has not met. Returns what is wanted before it, or null when the batch may go on. */
function beginGeneration(draft: Draft): LogPositionWanted | null {
  const { batch, marks } = draft;
  if (marks.has(batch.generation)) return null;
  const { predecessor } = batch;
  if (predecessor === undefined) return { generation: batch.generation, from: 0 };
  if (predecessor === null) {
    if (draft.hasBegun) draft.fact("LOG_FORKED", { generation: batch.generation, because: "disk_empty" });
    draft.begin(batch.generation, batch.first);
    draft.mark(batch.generation, batch.first - 1);
    return null;
  }
  const stored = marks.get(predecessor.generation);
  if (stored === undefined || stored < predecessor.last)
    return { generation: predecessor.generation, from: stored === undefined ? 0 : stored + 1 };
  if (stored > predecessor.last) {
    draft.fact("LOG_FORKED", { generation: batch.generation, from: predecessor.generation, last: predecessor.last, stored });
  }
  draft.begin(batch.generation, predecessor.last + 1);
  draft.mark(batch.generation, predecessor.last);
  return null;
}

interface LogPositionWanted {
  readonly generation: number;
  readonly from: number;
}

function appendEvent(draft: Draft, reach: ControllerReach, value: unknown, localLogId: number): void {
  const { batch } = draft;
  const read = judgeEvent(value, reach);
  draft.mark(batch.generation, localLogId);
  if (!read.ok) {
    draft.refused.push({ localLogId, code: read.code });
    const { receivedAtMs: receivedAt, generation } = batch;
    draft.rows.push({
      ...NOBODY,
      eventAt: receivedAt,
      receivedAt,
      eventType: eventCode("EVENT_REFUSED"),
      generation,
      localLogId,
      detail: { code: read.code },
    });
    return;
  }
  draft.rows.push(eventRow(read.event, read.eventType, localLogId, batch));
}

function eventRow(event: LinkEvent, eventType: EventType, localLogId: number, batch: AppendBatch): EventRow {
  const time = eventTime(event.eventAt, batch.sentAtMs, batch.receivedAtMs);
  const correction = time.correctionMs === 0 ? {} : { deviceAt: event.eventAt, correctionMs: time.correctionMs };
  const detail = { ...event.detail, ...correction };
  return {
    eventAt: time.eventAt,
    receivedAt: batch.receivedAtMs,
    deviceId: event.deviceId ?? 0,
    doorId: event.doorId ?? null,
    userId: event.userId ?? null,
    authId: event.authId ?? null,
    eventType: eventCode(eventType),
    generation: batch.generation,
    localLogId,
    detail: Object.keys(detail).length === 0 ? null : detail,
  };
}

type JudgedEvent =
  | { readonly ok: true; readonly event: LinkEvent; readonly eventType: EventType }
  | { readonly ok: false; readonly code: RefusalCode };

function judgeEvent(value: unknown, reach: ControllerReach): JudgedEvent {
  const event = readLinkEvent(value);
  if (event === null || !hasStorableText(event)) return { ok: false, code: "event_malformed" };
  if (JSON.stringify(event).length > EVENT_BYTES_MAX) return { ok: false, code: "event_too_large" };
  const { eventType } = event;
  if (!isEventType(eventType)) return { ok: false, code: "event_type_unknown" };
  if (eventOrigin(eventType) === "server") return { ok: false, code: "event_type_foreign" };
  if (event.doorId !== undefined && !reach.doorIds.has(event.doorId)) return { ok: false, code: "door_unknown" };
  if (event.deviceId !== undefined && !reach.deviceIds.has(event.deviceId)) return { ok: false, code: "device_unknown" };
  return { ok: true, event, eventType };
}

/** PostgreSQL keeps neither NUL nor half a surrogate pair in jsonb: one such event would refuse its whole batch. */
function hasStorableText(event: LinkEvent): boolean {
  const isStorable = (text: string): boolean => text.isWellFormed() && !text.includes("\u0000");
  return Object.entries(event.detail ?? {}).every(([name, value]) => isStorable(name) && (typeof value !== "string" || isStorable(value)));
}
