import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { type ClueOperationSpec, NATIVE_OPERATIONS, type OperationSpec } from "@postern/contract";
import fc from "fast-check";
import Type, { type TSchema } from "typebox";
import { bodyOf } from "../features/support/create-bodies.ts";
import { TEST_NOW_MS } from "../support/index.ts";
import { type Caller, makeCallers } from "./actors.ts";
import { type ApiAnswer, type ApiCall, type ApiWorld, createApiWorld, MISSING, type Things, urlsOf } from "./api-world.ts";
import { type Hints, validOf } from "./arbitrary-of-schema.ts";

/** One operation of either surface. */
interface Operation {
  readonly id: string;
  readonly surface: "v1" | "v2";
  readonly spec: ClueOperationSpec | OperationSpec;
}

/** What the rules say of a call: refused for its key, hidden, not permitted, or let in, whatever the operation then makes of it. */
type Verdict = "unknown" | "hidden" | "not permitted" | "in";

let world: ApiWorld;
let operations: readonly Operation[];
let callers: readonly Caller[];
/** Somebody with every scope at places 501 and 502; and at 503. */
let own: string;
let foreign: string;
let things: Things;
let foreignThings: Things;

before(async () => {
  world = await createApiWorld();
  const { v1, v2 } = world.operations;
  operations = [
    ...Object.entries(v1).map(([id, spec]) => ({ id, surface: "v1", spec }) as const),
    ...Object.entries(v2).map(([id, spec]) => ({ id, surface: "v2", spec }) as const),
  ];
  callers = await makeCallers(world);
  own = (await world.keys.rootKey()).key;
  foreign = (await world.keys.rootKey({ placeGroupId: world.keys.foreign.placeGroupId })).key;
  things = await world.makeThings(world.keys.place, own);
  foreignThings = await world.makeThings(world.keys.foreign, foreign);
});
after(() => world[Symbol.asyncDispose]());

/** Bodies that a schema alone cannot say: what must agree with what, or with who asks. */
const BODIES: Readonly<Record<string, (near: Things, caller: Caller) => unknown>> = {
  "v1 createAuth": () => bodyOf("somebody-new"),
  "v1 replaceAuth": () => ({ activeStatus: "INACTIVE", credentials: {} }),
  "v1 replaceAuthShort": () => ({ activeStatus: "INACTIVE", credentials: {} }),
  "v2 createAuth": () => ({ userKey: "somebody-newer", startAt: 1_000, endAt: 2_000, doors: "all" }),
  "v2 mintKey": (_near, { scopes }) => ({ name: "minted", scopes: scopes.slice(0, 1) }),
  "v2 createWebhook": () => ({ name: "hook", url: "https://example.com/hooks" }),
  "v2 createGroupWebhook": () => ({ name: "hook", url: "https://example.com/hooks" }),
  "v1 createDynamicQr": ({ placeGroupId }) => ({
    placeGroupId,
    uniqueKey: "guest-1",
    validFrom: TEST_NOW_MS,
    validTo: TEST_NOW_MS + 1_000,
  }),
  "v2 createDynamicQr": () => ({ userKey: "guest-2", validFrom: TEST_NOW_MS, validTo: TEST_NOW_MS + 1_000 }),
  "v2 testVendorApi": () => ({ sample: { deviceSerial: "900000001" } }),
  "v2 whatIf": ({ doorId, authId }) => ({ doorId, authId }),
};

function nameOf({ id, surface }: Operation): string {
  return `${surface} ${id}`;
}

function sampleBody(operation: Operation, near: Things, caller: Caller): unknown {
  const { body } = operation.spec;
  if (body === null) return undefined;
  const own = BODIES[nameOf(operation)];
  return own === undefined ? sampleOf(withoutOptional(body), near) : own(near, caller);
}

/** No more than must be there, so that nothing optional contradicts it. */
function withoutOptional(schema: TSchema): TSchema {
  if (!Type.IsObject(schema)) return schema;
  const needed = Object.entries(schema.properties).filter(([name]) => schema.required?.includes(name) === true);
  return Type.Object(Object.fromEntries(needed));
}

function sampleOf(schema: TSchema, near: Things): unknown {
  const hints: Hints = {
    ...Object.fromEntries(Object.entries(near).map(([name, thing]) => [name, fc.constant(thing)])),
    timeZone: fc.constant("Europe/Berlin"),
  };
  return fc.sample(validOf(schema, { ...hints, doors: fc.constant(near["doorId"]) }), { seed: 7, numRuns: 1 })[0];
}

/** CLUe's calls for events and for devices that compare faces name the place in their query; those for dynamic QRs the group. */
function queryOf({ id, surface }: Operation, near: Things): string {
  if (id === "deleteDynamicQrs") return surface === "v1" ? `?placeGroupId=${near["placeGroupId"]}&uniqueKey=guest-3` : "?userKey=guest-3";
  return surface === "v1" && (id === "listEvents" || id === "listFaceMatchable") ? `?placeId=${near["placeId"]}` : "";
}

/** In their bodies CLUe's request for a scan names its device, and that for a dynamic QR its group. */
const NAMED_IN_BODY: ReadonlySet<string> = new Set(["v1 requestCredentialScan", "v1 createDynamicQr"]);

/** Whether the call names something of a place. */
function isOfPlace(operation: Operation): boolean {
  const isNamedInQuery = queryOf(operation, things).includes("place");
  return isNamedInQuery || NAMED_IN_BODY.has(nameOf(operation)) || Object.keys(operation.spec.params.properties).length > 0;
}

function callsOf(operation: Operation, near: Things, caller: Caller): readonly ApiCall[] {
  const { method, path } = operation.spec;
  const body = sampleBody(operation, near, caller);
  return urlsOf(operation.surface, path, near).map((url) => ({
    ...{ method, url: url + queryOf(operation, near), key: caller.key },
    ...(body === undefined ? {} : { body }),
  }));
}

const OF_THE_WHOLE_GROUP: ReadonlySet<string> = new Set([
  ...["v2 createPlace", "v2 createGroupWebhook"],
  ...["createDynamicQr", "listDynamicQrs", "deleteDynamicQrs"].flatMap((id) => [`v1 ${id}`, `v2 ${id}`]),
  ...["v2 listVendorApis", "v2 testNewVendorApi", "v2 createVendorApi", "v2 readVendorMapping", "v2 changeVendorMapping"],
]);

function wanted(operation: Operation, caller: Caller): Verdict {
  const { access } = operation.spec;
  if (access === "public") return "in";
  if (access === "operator") return caller.kind === "operator" ? "in" : "unknown";
  if (caller.kind !== "key") return "unknown";
  const isPermitted = access === "any" || access.some((scope) => caller.scopes.includes(scope));
  // A place, a webhook of all places, a dynamic QR and what all places ask are made by whoever reaches all of the group.
  if (OF_THE_WHOLE_GROUP.has(nameOf(operation)) && caller.name === "a key for another place") return "not permitted";
  if (!caller.isNear && isOfPlace(operation)) return "hidden";
  return isPermitted ? "in" : "not permitted";
}

function verdictOf({ surface }: Operation, { status, body }: ApiAnswer): Verdict {
  const code: unknown = surface === "v1" ? body?.errors?.[0]?.code : body?.code;
  if (status === 401) return "unknown";
  if (code === "not_permitted" || (status === 400 && code === "e1001")) return "not permitted";
  return code === "not_found" || code === "e1007" ? "hidden" : "in";
}

/** Of the key that asks: keys are reached by descent, not by place. */
async function keyBelow(caller: Caller): Promise<Things> {
  if (!caller.scopes.includes("keys") || !caller.isNear) return {};
  const { body } = await world.call({ method: "POST", url: "/v2/keys", key: caller.key, body: { name: "below", scopes: ["keys"] } });
  return { keyId: body.keyId };
}

/** Asks on one of the operation's addresses as one caller, and holds the answer to the rules. */
async function hold(operation: Operation, caller: Caller, index: number): Promise<void> {
  const verdict = wanted(operation, caller);
  const isSpent = verdict === "in" && operation.spec.method === "DELETE";
  const fresh = isSpent ? await world.makeThings(world.keys.place, own, Object.keys(operation.spec.params.properties)) : {};
  const below = verdict === "in" && "keyId" in operation.spec.params.properties ? await keyBelow(caller) : {};
  const call = callsOf(operation, { ...things, ...fresh, ...below }, caller)[index];
  assert.ok(call !== undefined);
  const { result: answer, changes } = await world.watched.during(() => world.call(call));
  const label = `${nameOf(operation)} ${call.url} as ${caller.name}: ${answer.status} ${answer.text}`;
  assert.equal(verdictOf(operation, answer), verdict, label);
  assert.ok(answer.status < 500 || answer.body?.code === "device_offline", label);
  if (verdict === "unknown") assert.equal(answer.headers["www-authenticate"], "Bearer", label);
  if (verdict !== "in") assert.deepEqual(changes, [], label);
}

test("every operation lets in whom its access says, answers everybody else by why, and their calls change nothing", async () => {
  for (const operation of operations) {
    const countOfUrls = urlsOf(operation.surface, operation.spec.path, things).length;
    for (const caller of callers) for (let index = 0; index < countOfUrls; index += 1) await hold(operation, caller, index);
  }
});

/** What an answer says, but for the very things that were asked for and what differs between any two answers. */
function told({ status, headers, text }: ApiAnswer, asked: Things): string {
  const { "x-request-id": _id, date: _date, "content-length": _length, ...rest } = headers;
  const ids = Object.values(asked).map((thing) => String(thing));
  const whole = new RegExp(`(?<![\\w-])(${ids.join("|")})(?![\\w-])`, "g");
  // What was made is another thing each time.
  const made = /"(webhookId|exportId)":\d+|"secret":"[^"]*"/g;
  return `${status} ${JSON.stringify(rest)} ${text.replace(made, "*").replace(whole, "*")}`;
}

test("what is somebody else's answers byte for byte like what does not exist", async () => {
  const every = callers.find(({ name }) => name === "every scope");
  assert.ok(every !== undefined);
  for (const operation of operations.filter(isOfPlace)) {
    if (!Array.isArray(operation.spec.access) && operation.spec.access !== "any") continue;
    for (const caller of callers.filter(({ kind, isNear }) => kind === "key" && !isNear)) {
      const hidden = callsOf(operation, things, caller);
      const missing = callsOf(operation, MISSING, caller);
      for (const [index, call] of hidden.entries()) {
        const [one, other] = [await world.call(call), await world.call(missing[index] ?? call)];
        assert.equal(told(one, things), told(other, MISSING), `${nameOf(operation)} as ${caller.name}`);
      }
    }
    // One at a time: the group is mine, the auth is not.
    for (const name of Object.keys(operation.spec.params.properties)) {
      // The name of a moment, which is nobody's.
      if (name === "imageType") continue;
      const [hidden = ""] = urlsOf(operation.surface, operation.spec.path, { ...things, [name]: foreignThings[name] ?? "" });
      const [missing = ""] = urlsOf(operation.surface, operation.spec.path, { ...things, [name]: MISSING[name] ?? "" });
      const call: ApiCall | undefined = callsOf(operation, things, every)[0];
      assert.ok(call !== undefined);
      const one = await world.call({ ...call, url: hidden });
      const other = await world.call({ ...call, url: missing });
      assert.equal(told(one, foreignThings), told(other, MISSING), `${nameOf(operation)} with another's ${name}`);
      assert.ok(one.status >= 400, `${nameOf(operation)} with another's ${name}: ${one.status}`);
    }
  }
});

/** Whether a schema speaks of things by id, at any depth. */
function namesThings(schema: TSchema): boolean {
  if (Type.IsObject(schema))
    return Object.entries(schema.properties).some(([name, member]) => /Ids?$|^doors$/.test(name) || namesThings(member));
  if (Type.IsArray(schema)) return namesThings(schema.items);
  return Type.IsUnion(schema) && schema.anyOf.some(namesThings);
}

test("a body that names somebody else's things answers byte for byte like one that names what does not exist", async () => {
  const every = callers.find(({ name }) => name === "every scope");
  assert.ok(every !== undefined);
  let namedCount = 0;
  for (const operation of operations) {
    const { body, method, path } = operation.spec;
    if (body === null || !namesThings(body)) continue;
    for (let seed = 0; seed < 12; seed += 1) {
      const bodyNaming = (named: Things): unknown => {
        const hints = Object.fromEntries(Object.entries(named).map(([name, thing]) => [name, fc.constant(thing)]));
        return fc.sample(validOf(body, { ...hints, doors: fc.constant(named["doorId"]) }), { seed, numRuns: 1 })[0];
      };
      const [hidden, missing] = [bodyNaming(foreignThings), bodyNaming(MISSING)];
      if (JSON.stringify(hidden) === JSON.stringify(missing)) continue;
      namedCount += 1;
      const [url = ""] = urlsOf(operation.surface, path, things);
      const one = await world.call({ method, url, key: every.key, body: hidden });
      const other = await world.call({ method, url, key: every.key, body: missing });
      assert.equal(told(one, foreignThings), told(other, MISSING), `${nameOf(operation)} with ${JSON.stringify(hidden)}`);
    }
  }
  assert.ok(namedCount > 20, `${namedCount} bodies named something`);
});

test("every call that the table of v2 promises is served", () => {
  assert.deepEqual(
    Object.keys(NATIVE_OPERATIONS).filter((id) => !(id in world.operations.v2)),
    [],
  );
});

test("no route is left out of these tests", () => {
  const registered = world.routes.map(({ method, url }) => `${method} ${url}`).filter((route) => route !== "GET /healthz");
  assert.deepEqual(world.operations.undescribed, []);
  assert.deepEqual(
    registered.filter((route) => !world.called.has(route)),
    [],
  );
  assert.ok(registered.length > 80);
});
