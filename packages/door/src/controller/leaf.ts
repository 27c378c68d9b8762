import type { EventType, LinkEvent } from "@postern/contract";
import type { DoorItem } from "@postern/core";
import { DOOR_TICK_MS, OPENED_LATE_MS } from "../limits.ts";
import { atDoor, doorEvent } from "./door-events.ts";
import type { DoorFacts } from "./door-facts.ts";
import type { DoorState } from "./door-state.ts";
import type { DoorEffect, DoorStep } from "./step-door.ts";

/** The leaf of a door, as its sensor sees it, and what is judged of it. Times are monotonic. */
export interface Leaf {
  /** What the sensor last said; null before it has said anything. */
  readonly isOpen: boolean | null;
  /** Opened since the bolt was last released: whoever that was for has gone through. */
  readonly isUsed: boolean;
  /** When the bolt last fell; null before it has. */
  readonly lockedAtMs: number | null;
  /** Since when it stands open without anything that allows it; null: it does not. */
  readonly openSinceMs: number | null;
  readonly isHeldOpenAlarm: boolean;
  readonly isForcedOpenAlarm: boolean;
}

export const UNSEEN_LEAF: Leaf = {
  isOpen: null,
  isUsed: false,
  lockedAtMs: null,
  openSinceMs: null,
  isHeldOpenAlarm: false,
  isForcedOpenAlarm: false,
};

/**
 * The sensor reports. A leaf that opens while the bolt is down was forced; one that is shut behind whoever was let in lets the bolt fall. A first
 * report of a shut leaf is what everybody expects, and a first one of an open leaf says nothing of how it came to be.
 */
export function senseLeaf(state: DoorState, isOpen: boolean, facts: DoorFacts): DoorStep {
  const { leaf } = state;
  if (isOpen === leaf.isOpen) return { state, effects: [] };
  if (leaf.isOpen === null && !isOpen) return { state: withLeaf(state, { isOpen }), effects: [] };
  const happened = record(state, facts, [isOpen ? "DEV_DOOR_SENSOR_OPEN" : "DEV_DOOR_SENSOR_CLOSE"]);
  return isOpen ? open(state, happened, facts) : shut(state, happened, facts);
}

function open(state: DoorState, happened: DoorEffect, facts: DoorFacts): DoorStep {
  const { leaf } = state;
  const settings = judgingSettings(state, facts);
  const isForced = leaf.isOpen === false && settings?.forcedOpenAlarm === true && !isReleased(state, facts);
  const next = withLeaf(state, { isOpen: true, isUsed: true, isForcedOpenAlarm: leaf.isForcedOpenAlarm || isForced });
  if (!isForced) return { state: next, effects: [happened] };
  return { state: next, effects: [happened, record(state, facts, ["DEV_DOOR_FORCE_OPEN", "DEV_DOOR_FORCE_OPEN_ALARM"])] };
}

function shut(state: DoorState, happened: DoorEffect, facts: DoorFacts): DoorStep {
  const isBoltDue = state.leaf.isUsed && state.isRelayOn && judgingSettings(state, facts) !== null;
  return { state: withLeaf(state, { isOpen: false }), effects: isBoltDue ? [happened, { kind: "lock" }] : [happened] };
}

/** The bolt is up, or fell so lately that whoever it was up for may have pulled in time. That goes for one passage. */
function isReleased({ isRelayOn, leaf }: DoorState, { monotonicMs }: DoorFacts): boolean {
  if (isRelayOn) return true;
  return !leaf.isUsed && leaf.lockedAtMs !== null && monotonicMs - leaf.lockedAtMs < OPENED_LATE_MS;
}

/** The bolt has moved, or is about to for somebody else. */
export function boltMoved(state: DoorState, isReleased: boolean, { monotonicMs }: DoorFacts): DoorState {
  return withLeaf(state, isReleased ? { isUsed: false } : { lockedAtMs: monotonicMs });
}

/**
 * Judges how the leaf stands after anything has happened: alarms end when it is shut, or when it may stand open; one that stands open for too long
 * is held open. Standing open counts anew from the moment at which nothing allows it any more.
 */
export function judgeLeaf(step: DoorStep, facts: DoorFacts): DoorStep {
  const { state } = step;
  const { leaf } = state;
  // Before the sensor has said anything, an alarm that a start found goes on.
  if (leaf.isOpen === null) return step;
  const settings = leaf.isOpen ? judgingSettings(state, facts) : null;
  const isForced = leaf.isForcedOpenAlarm && settings?.forcedOpenAlarm === true;
  const openSinceMs = settings === null || isForced ? null : (leaf.openSinceMs ?? facts.monotonicMs);
  const leftMs = settings?.heldOpenMs == null || openSinceMs === null ? null : openSinceMs + settings.heldOpenMs - facts.monotonicMs;
  const isHeld = leftMs !== null && (leaf.isHeldOpenAlarm || leftMs <= 0);
  const events: EventType[] = [];
  if (leaf.isForcedOpenAlarm && !isForced) events.push("DEV_DOOR_FORCE_OPEN_ALARM_CLEAR");
  if (leaf.isHeldOpenAlarm && !isHeld) events.push("DEV_DOOR_HELD_OPEN_ALARM_CLEAR");
  if (!leaf.isHeldOpenAlarm && isHeld) events.push("DEV_DOOR_HELD_OPEN", "DEV_DOOR_HELD_OPEN_ALARM");
  const judged = withLeaf(state, { openSinceMs, isForcedOpenAlarm: isForced, isHeldOpenAlarm: isHeld });
  return { state: judged, effects: [...step.effects, ...(events.length === 0 ? [] : [record(state, facts, events)]), ...look(leftMs)] };
}

/** Asks to be called in time for what the regular tick would see too late. */
function look(leftMs: number | null): readonly DoorEffect[] {
  return leftMs !== null && leftMs > 0 && leftMs < DOOR_TICK_MS ? [{ kind: "look_again", afterMs: leftMs }] : [];
}

/** The door's settings while the leaf is judged; null while it may stand open, while its sensor is ignored, and while there are no settings. */
function judgingSettings({ mode, wiring }: DoorState, { roster }: DoorFacts): DoorItem | null {
  const settings = roster.door(wiring.doorId);
  return mode.kind === "unlocked" || settings === null || settings.sensorIgnore ? null : settings;
}

function withLeaf(state: DoorState, changes: Partial<Leaf>): DoorState {
  return { ...state, leaf: { ...state.leaf, ...changes } };
}

function record(state: DoorState, facts: DoorFacts, types: readonly EventType[]): DoorEffect & { readonly events: readonly LinkEvent[] } {
  return { kind: "record", events: types.map((type) => doorEvent(atDoor(state, facts), type)) };
}
