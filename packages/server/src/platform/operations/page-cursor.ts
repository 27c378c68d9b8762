import { PAGE_SIZE_DEFAULT_V2 } from "@postern/contract";
import { NativeRefusal } from "../http/native-refusal.ts";

/** Where a page of a list by id begins, and how many rows it may have. */
export interface PageWanted {
  readonly afterId: number;
  readonly limit: number;
}

/** Reads `after` and `limit` of a list in the order of ids. A cursor is opaque to clients; one that we never gave is refused. */
export function pageWanted(query: { readonly after?: string | undefined; readonly limit?: number | undefined }): PageWanted {
  return { afterId: query.after === undefined ? 0 : readCursor(query.after), limit: query.limit ?? PAGE_SIZE_DEFAULT_V2 };
}

/** A page of what was read with one row more than wanted: that one tells whether there is a next page. */
export function pageOfRows<Row, Item>(
  rows: readonly Row[],
  { limit }: PageWanted,
  write: { readonly idOf: (row: Row) => number; readonly item: (row: Row) => Item },
): { readonly items: Item[]; readonly next?: string } {
  const items = rows.slice(0, limit).map(write.item);
  const last = rows[limit - 1];
  return rows.length > limit && last !== undefined ? { items, next: cursorOf(write.idOf(last)) } : { items };
}

function cursorOf(id: number): string {
  return Buffer.from(String(id)).toString("base64url");
}

function readCursor(text: string): number {
  const id = Number(Buffer.from(text, "base64url").toString("latin1"));
  if (Number.isSafeInteger(id) && id > 0 && cursorOf(id) === text) return id;
  throw new NativeRefusal("argument_invalid", { problems: [{ field: "after", message: "is no cursor of this list" }] });
}
