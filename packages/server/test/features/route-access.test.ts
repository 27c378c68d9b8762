import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { SCOPES, type Scope } from "../../src/platform/access/actor.ts";
import type { HttpWorld } from "../http/http-world.ts";
import { createKeysWorld, type KeysWorld } from "./keys/keys-world.ts";

/** Whoever could ask. `foreign` is a key of another group with every scope, `beside` one for another place of the same group. */
const ASKERS = [
  "nobody",
  "bad",
  "expired",
  "revoked",
  "foreign",
  "beside",
  ...SCOPES.map((scope) => `only ${scope}` as const),
  "all",
] as const;
type Asker = (typeof ASKERS)[number];

interface TableRow {
  readonly method: string;
  readonly path: string;
  readonly body?: object;
  /** null: everybody may ask. */
  readonly scope: Scope | null;
  /** Whether the path names something of place 501, which others must not learn of. */
  readonly isOfPlace: boolean;
}

const ROUTES: readonly TableRow[] = [
  { method: "GET", path: "/healthz", scope: null, isOfPlace: false },
  { method: "POST", path: "/v2/claims", body: {}, scope: null, isOfPlace: false },
  { method: "POST", path: "/v2/keys", body: {}, scope: "keys", isOfPlace: false },
  { method: "GET", path: "/v2/keys", scope: "keys", isOfPlace: false },
  { method: "DELETE", path: "/v2/keys/AAAAAAAAAAAAAAAA", scope: "keys", isOfPlace: false },
  { method: "GET", path: "/v2/places/501/controllers", scope: "devices", isOfPlace: true },
  { method: "POST", path: "/v2/places/501/controllers", body: {}, scope: "devices", isOfPlace: true },
  { method: "POST", path: "/v2/controllers/501002/claim-codes", scope: "devices", isOfPlace: true },
];

let world: KeysWorld;
let http: HttpWorld;
const keys = new Map<Asker, string>();

before(async () => {
  world = await createKeysWorld();
  http = await world.serve();
  const expiring = await world.rootKey({ expiresAtMs: world.time.nowMs + 1_000 });
  const revoked = await world.rootKey();
  await world.keys.revoke(
    { keyId: revoked.keyId, placeGroupId: world.place.placeGroupId, placeIds: null, scopes: new Set(["keys"]) },
    revoked.keyId,
  );
  keys.set("bad", "Bearer a.b.c").set("expired", expiring.key).set("revoked", revoked.key);
  keys.set("foreign", (await world.rootKey({ placeGroupId: world.foreign.placeGroupId })).key);
  keys.set("beside", (await world.rootKey({ placeIds: [502] })).key);
  for (const scope of SCOPES) keys.set(`only ${scope}`, (await world.rootKey({ scopes: [scope] })).key);
  keys.set("all", (await world.rootKey()).key);
  world.time.nowMs += 1_000;
});
after(async () => {
  await http[Symbol.asyncDispose]();
  await world[Symbol.asyncDispose]();
});

/** What the rules say: refused (401), not permitted (403), hidden (404), or let in, whatever the route then makes of the request. */
function wanted({ scope, isOfPlace }: TableRow, asker: Asker): 401 | 403 | 404 | "in" {
  if (scope === null) return "in";
  if (asker === "nobody" || asker === "bad" || asker === "expired" || asker === "revoked") return 401;
  if (isOfPlace && (asker === "foreign" || asker === "beside")) return 404;
  return asker.startsWith("only ") && asker !== `only ${scope}` ? 403 : "in";
}

test("every route lets in whom the rules let in, and nobody else", async () => {
  for (const row of ROUTES) {
    for (const asker of ASKERS) {
      const { status, body, text } = await http.call(row.method, row.path, {
        key: keys.get(asker) ?? null,
        ...(row.body === undefined ? {} : { body: JSON.stringify(row.body) }),
      });
      const label = `${row.method} ${row.path} as ${asker}: ${status} ${text}`;
      const rule = wanted(row, asker);
      if (rule !== "in") assert.equal(status, rule, label);
      // Let in, the empty bodies of this table are refused for what is in them, and an unknown key is not found.
      else assert.ok([200, 201, 400].includes(status) || (row.method === "DELETE" && body.code === "not_found"), label);
    }
  }
});

test("what is out of reach answers like what does not exist", async () => {
  const shape = (text: string): string => text.replace(/\d{3,}/g, "N");
  for (const [hidden, missing] of [
    ["/v2/places/501/controllers", "/v2/places/777/controllers"],
    ["/v2/places/503/controllers", "/v2/places/777/controllers"],
  ] as const) {
    const [one, other] = [
      await http.call("GET", hidden, { key: keys.get("beside") ?? "" }),
      await http.call("GET", missing, { key: keys.get("beside") ?? "" }),
    ];
    assert.equal(shape(one.text), shape(other.text));
  }
  for (const asker of ["foreign", "beside"] as const) {
    const [one, other] = [
      await http.call("POST", "/v2/controllers/501002/claim-codes", { key: keys.get(asker) ?? "" }),
      await http.call("POST", "/v2/controllers/777/claim-codes", { key: keys.get(asker) ?? "" }),
    ];
    assert.equal(shape(one.text), shape(other.text), asker);
  }
});
