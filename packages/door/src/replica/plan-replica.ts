import type { RosterFrame, WireItem } from "@postern/contract";
import type { ItemKey } from "@postern/core";
import type { HeldItem } from "./held-item.ts";
import { failureOf, readHeldOf, readItemKey } from "./read-item.ts";

/** How far a replica is. The cursors belong to the epoch of the server data it was filled from. */
export interface ReplicaPosition {
  /** Null before the first fill is complete. */
  readonly epoch: string | null;
  readonly urgentTo: number;
  readonly completeTo: number;
  /** A fill from another epoch that is not complete; its cursors count from its begin and are not written down before its end. */
  readonly filling: { readonly epoch: string; readonly urgentTo: number } | null;
}

export const EMPTY_POSITION: ReplicaPosition = { epoch: null, urgentTo: 0, completeTo: 0, filling: null };

export interface ReplicaPlan {
  /** Each key once. */
  readonly writes: readonly HeldItem[];
  readonly position: ReplicaPosition;
}

/**
 * What one roster frame changes. Of an item's revisions the higher one wins, tombstones too, unless the frame replaces: then what it carries
 * stands whatever was held. An item that cannot be read is a failure of its own and blocks no other.
 */
export function planReplica(position: ReplicaPosition, revisionOf: (key: ItemKey) => number | undefined, frame: RosterFrame): ReplicaPlan {
  const writes = new Map<ItemKey, HeldItem>();
  for (const wire of frame.items) {
    const held = readWireItem(wire);
    if (held === null) continue;
    const known = writes.get(held.key)?.revision ?? revisionOf(held.key);
    if (frame.replace === true || known === undefined || held.revision > known) writes.set(held.key, held);
  }
  return { writes: [...writes.values()], position: positionAfter(position, frame) };
}

/** Greets the server's epoch: cursors of another one mean nothing to it, so the fill begins anew beside what is held. */
export function positionInEpoch(position: ReplicaPosition, epoch: string): ReplicaPosition {
  return { ...position, filling: position.epoch === epoch ? null : { epoch, urgentTo: 0 } };
}

/** The cursors as the server of this session counts them. */
export function cursorsOf({ filling, urgentTo, completeTo }: ReplicaPosition): { urgentTo: number; completeTo: number } {
  return filling === null ? { urgentTo, completeTo } : { urgentTo: filling.urgentTo, completeTo: 0 };
}

// What the server names is taken as it is, also when it is lower: it then sends again what lies between, and repeats change nothing.
function positionAfter(position: ReplicaPosition, { urgentTo, completeTo }: RosterFrame): ReplicaPosition {
  const { filling } = position;
  if (filling !== null) {
    const urgent = Math.max(urgentTo ?? filling.urgentTo, completeTo ?? 0);
    if (completeTo === undefined) return { ...position, filling: { ...filling, urgentTo: urgent } };
    return { epoch: filling.epoch, urgentTo: urgent, completeTo, filling: null };
  }
  return { ...position, urgentTo: Math.max(urgentTo ?? position.urgentTo, completeTo ?? 0), completeTo: completeTo ?? position.completeTo };
}

function readWireItem({ key: text, revision, gone, item: value, ...beside }: WireItem): HeldItem | null {
  const key = readItemKey(text);
  // A key that no item of ours can have holds no item either: the frame's schema lets none pass but those beyond the safe integers.
  if (key === null) return null;
  if (gone === true) return { kind: "gone", key, revision };
  return readHeldOf(key, revision, value, beside) ?? { kind: "failed", key, revision, code: failureOf(key) };
}
