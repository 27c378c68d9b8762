import { readRosterItem } from "@postern/contract";
import { faceMark, fingerMark, type ItemKey, itemKey, type RosterItem, type RosterKind } from "@postern/core";
import type { HeldItem } from "./held-item.ts";

const KINDS: ReadonlySet<string> = new Set<RosterKind>(["place", "schedule", "door", "mode", "auth", "qr", "display"]);

/** The key as the link and the disk write it, or null when it is none. Its kind may be one that this release does not know. */
export function readItemKey(text: string): ItemKey | null {
  const match = /^([a-z]{1,16}):([1-9][0-9]{0,15})$/.exec(text);
  // biome-ignore lint/nursery/noUnsafeTypeAssertion: under a key of an unknown kind no item is ever held, only that it is gone or has failed.
  return match === null || !Number.isSafeInteger(Number(match[2])) ? null : (text as ItemKey);
}

/** Why nothing can be held under a key whose item is malformed, or of no known kind. */
export function failureOf(key: ItemKey): "item_malformed" | "item_unsupported" {
  return KINDS.has(key.slice(0, key.indexOf(":"))) ? "item_malformed" : "item_unsupported";
}

/** The item that stands under a key, or null when it is malformed or another one. */
function readItemOf(key: ItemKey, value: unknown): RosterItem | null {
  const item = readRosterItem(value);
  return item !== null && itemKey(item) === key ? item : null;
}

/** Templates of fingers and faces, which come and lie beside their item. */
export interface HeldTemplates {
  readonly templates?: readonly string[] | undefined;
  readonly faceTemplates?: readonly string[] | undefined;
}

/** What stands under a key with the templates that belong to it, or null when any is malformed or they are not those whose marks the item holds. */
export function readHeldOf(key: ItemKey, revision: number, value: unknown, beside: HeldTemplates): HeldItem | null {
  const { templates = [], faceTemplates = [] } = beside;
  const item = readItemOf(key, value);
  if (item === null) return null;
  const { fingerprints, faces = [] } = item.kind === "auth" ? item : { fingerprints: [] };
  if (!areOf(fingerprints, templates.map(fingerMark)) || !areOf(faces, faceTemplates.map(faceMark))) return null;
  return {
    ...{ kind: "item", key, revision, item },
    ...(templates.length === 0 ? {} : { templates }),
    ...(faceTemplates.length === 0 ? {} : { faceTemplates }),
  };
}

function areOf(marks: readonly string[], found: readonly string[]): boolean {
  return marks.length === found.length && marks.every((mark, index) => mark === found[index]);
}
