import { readRosterItem } from "@postern/contract";
import { type ItemKey, itemKey, type RosterItem, type RosterKind } from "@postern/core";

const KINDS: readonly RosterKind[] = ["place", "schedule", "door", "mode", "auth"];

/** The key as the link and the disk write it, or null when it is none. */
export function readItemKey(text: string): ItemKey | null {
  const match = /^([a-z]+):([1-9][0-9]{0,15})$/.exec(text);
  const kind = KINDS.find((known) => known === match?.[1]);
  const id = Number(match?.[2]);
  return kind === undefined || !Number.isSafeInteger(id) ? null : itemKey({ kind, id });
}

/** The item that stands under a key, or null when it is malformed or another one. */
export function readItemOf(key: ItemKey, value: unknown): RosterItem | null {
  const item = readRosterItem(value);
  return item !== null && itemKey(item) === key ? item : null;
}
