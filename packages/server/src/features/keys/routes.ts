import { readKeysQuery } from "@postern/contract";
import type { FastifyInstance } from "fastify";
import { accepted } from "../../platform/http/accepted.ts";
import { NativeRefusal } from "../../platform/http/native-refusal.ts";
import type { Serve } from "../../platform/operations/serve-operations.ts";
import type { KeysService } from "./service.ts";
import type { KeyRow } from "./store.ts";

interface KeyParams {
  readonly Params: { readonly keyId: string };
}

/** Keys over v2, with scope `keys`. */
export function addKeyRoutes(routes: FastifyInstance, keys: KeysService): void {
  routes.post("/keys", async (request, reply) => {
    const { row, key } = await keys.mint(request.actor, request.body);
    reply.code(201).header("location", `/v2/keys/${row.keyId}`);
    return { ...keyView(row), key };
  });

  routes.get("/keys", async (request) => {
    const page = accepted(readKeysQuery(request.query));
    const rows = await keys.list(request.actor, page);
    const last = rows.length === page.size ? rows.at(-1) : undefined;
    return { keys: rows.map(keyView), ...(last === undefined ? {} : { after: last.keyId }) };
  });

  routes.delete<KeyParams>("/keys/:keyId", async (request, reply) => {
    await keys.revoke(request.actor, keyIdOf(request.params.keyId));
    reply.code(204);
  });
}

/** Under v2. */
export function serveKeys(serve: Serve, keys: KeysService): void {
  serve("mintRootKey", async ({ params, body, by }) => {
    const { row, key } = await keys.mintRootFor(by, params.placeGroupId, body);
    return { placeGroupId: row.placeGroupId, ...keyView(row), key };
  });
}

/** Text that cannot be a key's id names no key: the database would not even take some of it. */
function keyIdOf(text: string): string {
  if (!/^[\w-]{1,64}$/.test(text)) throw new NativeRefusal("not_found");
  return text;
}

/** A key as others see it: all but its text, which is told once. */
function keyView({ keyId, parentId, name, scopes, placeIds, madeAt, expiresAt, revokedAt }: KeyRow) {
  return { keyId, parentId, name, scopes, placeIds, madeAt, expiresAt, revokedAt };
}
