import { PAGE_SIZE_DEFAULT_V2 } from "@postern/contract";
import { NativeRefusal } from "../../platform/http/native-refusal.ts";
import type { Serve } from "../../platform/operations/serve-operations.ts";
import type { KeysService, MintedKey } from "./service.ts";
import type { KeyPosition, KeyRow } from "./store.ts";

/** Under v2. */
export function serveKeys(serve: Serve, keys: KeysService): void {
  serve("listKeys", async ({ actor, query: { after, limit = PAGE_SIZE_DEFAULT_V2 } }) => {
    const rows = await keys.list(actor, { after: after === undefined ? null : readCursor(after), limit });
    const last = rows[limit - 1];
    const next = rows.length > limit && last !== undefined ? { next: cursorOf(last) } : {};
    return { items: rows.slice(0, limit), ...next };
  });

  serve("mintKey", async ({ actor, by, body }) => withText(await keys.mint({ actor, by }, body)));

  serve("mintRootKey", async ({ params, body, by }) => withText(await keys.mintRootFor(by, params.placeGroupId, body)));

  serve("readKey", ({ actor, params }) => keys.read(actor, params.keyId));

  serve("revokeKey", async ({ actor, by, params }) => void (await keys.revoke({ actor, by }, params.keyId)));
}

function withText({ row, key }: MintedKey): KeyRow & { readonly key: string } {
  return { ...row, key };
}

function cursorOf({ madeAt, keyId }: KeyPosition): string {
  return Buffer.from(`${madeAt} ${keyId}`).toString("base64url");
}

function readCursor(text: string): KeyPosition {
  const [madeAt, keyId = ""] = Buffer.from(text, "base64url").toString("latin1").split(" ");
  const position = { madeAt: Number(madeAt), keyId };
  if (Number.isSafeInteger(position.madeAt) && /^[\w-]{1,64}$/.test(keyId) && cursorOf(position) === text) return position;
  throw new NativeRefusal("argument_invalid", { problems: [{ field: "after", message: "is no cursor of this list" }] });
}
