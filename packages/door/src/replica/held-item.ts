import type { ItemKey, RosterItem } from "@postern/core";

/** What a replica knows under one key. Each keeps its revision, so that an older one cannot come back. */
export type HeldItem =
  | {
      readonly kind: "item";
      readonly key: ItemKey;
      readonly revision: number;
      readonly item: RosterItem;
      /** Of the auth's fingers, in base64; their marks are the item's. */
      readonly templates?: readonly string[];
      /** Of its faces, likewise. */
      readonly faceTemplates?: readonly string[];
    }
  | { readonly kind: "gone"; readonly key: ItemKey; readonly revision: number }
  /** It could not be taken over, and nothing is held in its place: a door must not go on with what was replaced. */
  | { readonly kind: "failed"; readonly key: ItemKey; readonly revision: number; readonly code: "item_malformed" | "item_unsupported" };
