import { type EventChoice as ChoiceAsked, eventCode, isEventType, type Problem, type Read } from "@postern/contract";

/** Which events are meant; null: any. */
export interface EventChoice {
  /** Codes of the catalogue. */
  readonly types: ReadonlySet<number> | null;
  readonly doorIds: ReadonlySet<number> | null;
  readonly deviceIds: ReadonlySet<number> | null;
  readonly authIds: ReadonlySet<number> | null;
  readonly userIds: ReadonlySet<number> | null;
  /** Of `eventAt`, both included. */
  readonly fromMs: number | null;
  readonly toMs: number | null;
}

export const EVERY_EVENT: EventChoice = {
  types: null,
  doorIds: null,
  deviceIds: null,
  authIds: null,
  userIds: null,
  fromMs: null,
  toMs: null,
};

type Spanned = { readonly [Name in keyof ChoiceAsked]?: ChoiceAsked[Name] | undefined } & {
  readonly from?: number | undefined;
  readonly to?: number | undefined;
};

/** Reads what a client asked for. Types that the catalogue does not know are named, in `field`. */
export function readEventChoice(asked: Spanned, field = "types"): Read<EventChoice> {
  const unknown = (asked.types ?? []).filter((type) => !isEventType(type));
  const problems: Problem[] = unknown.map((type) => ({ field, message: `${type} is no type of event` }));
  if (problems.length > 0) return { ok: false, problems };
  return {
    ok: true,
    value: {
      types: asked.types === undefined ? null : new Set(asked.types.filter(isEventType).map(eventCode)),
      doorIds: setOf(asked.doorIds),
      deviceIds: setOf(asked.deviceIds),
      authIds: setOf(asked.authIds),
      userIds: setOf(asked.userIds),
      fromMs: asked.from ?? null,
      toMs: asked.to ?? null,
    },
  };
}

function setOf(ids: readonly number[] | undefined): ReadonlySet<number> | null {
  return ids === undefined ? null : new Set(ids);
}

/** What of an event a choice looks at. */
export interface ChosenBy {
  readonly eventType: number;
  readonly doorId: number | null;
  readonly deviceId: number;
  readonly authId: number | null;
  readonly userId: number | null;
  readonly eventAt: number;
}

/** Whether an event is meant. The ledger's statements judge alike (`follow-store.ts`). */
export function isChosen(choice: EventChoice, event: ChosenBy): boolean {
  return (
    isAmong(choice.types, event.eventType) &&
    isAmong(choice.doorIds, event.doorId) &&
    isAmong(choice.deviceIds, event.deviceId) &&
    isAmong(choice.authIds, event.authId) &&
    isAmong(choice.userIds, event.userId) &&
    (choice.fromMs === null || event.eventAt >= choice.fromMs) &&
    (choice.toMs === null || event.eventAt <= choice.toMs)
  );
}

function isAmong(set: ReadonlySet<number> | null, id: number | null): boolean {
  return set === null || (id !== null && set.has(id));
}
