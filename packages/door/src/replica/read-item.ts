import { readRosterItem } from "@postern/contract";
import { fingerMark, type ItemKey, itemKey, type RosterItem, type RosterKind } from "@postern/core";
import type { HeldItem } from "./held-item.ts";

const KINDS: readonly RosterKind[] = ["place", "schedule", "door", "mode", "auth"];

/** The key as the link and the disk write it, or null when it is none. */
export function readItemKey(text: string): ItemKey | null {
  const match = /^([a-z]+):([1-9][0-9]{0,15})$/.exec(text);
  const kind = KINDS.find((known) => known === match?.[1]);
  const id = Number(match?.[2]);
  return kind === undefined || !Number.isSafeInteger(id) ? null : itemKey({ kind, id });
}

/** The item that stands under a key, or null when it is malformed or another one. */
function readItemOf(key: ItemKey, value: unknown): RosterItem | null {
  const item = readRosterItem(value);
  return item !== null && itemKey(item) === key ? item : null;
}

/** What stands under a key with the templates that belong to it, or null when either is malformed or they are not those whose marks the item holds. */
export function readHeldOf(key: ItemKey, revision: number, value: unknown, templates: readonly string[]): HeldItem | null {
  const item = readItemOf(key, value);
  if (item === null) return null;
  const marks = item.kind === "auth" ? item.fingerprints : [];
  const areTheirs = marks.length === templates.length && marks.every((mark, index) => mark === fingerMark(templates[index] ?? ""));
  if (!areTheirs) return null;
  return { kind: "item", key, revision, item, ...(templates.length === 0 ? {} : { templates }) };
}
