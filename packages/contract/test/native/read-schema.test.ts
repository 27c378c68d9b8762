import assert from "node:assert/strict";
import { test } from "node:test";
import Type from "typebox";
import { bodyReader, closed, NATIVE_OPERATIONS, type OperationSpec, PRIVATE, parametersReader, SCOPES } from "../../src/index.ts";

const Shape = Type.Object(
  {
    name: Type.String({ minLength: 1, maxLength: 5, pattern: "^[a-z]+$", "x-rule": "must have small letters" }),
    doors: Type.Union([Type.Literal("all"), Type.Array(Type.Integer({ minimum: 1 }), { maxItems: 3, uniqueItems: true })]),
    side: Type.Union([Type.Literal("ENTRY"), Type.Literal("EXIT")]),
    pin: Type.Optional(Type.Union([Type.String({ pattern: "^[0-9]{4}$", "x-rule": "must have 4 digits", ...PRIVATE }), Type.Null()])),
    inner: Type.Optional(Type.Object({ isOn: Type.Boolean() }, closed)),
  },
  closed,
);
const read = bodyReader(Shape);
const good = { name: "abc", doors: "all", side: "EXIT" };

function problems(value: unknown): string[] {
  const result = read(value);
  assert.equal(result.ok, false, JSON.stringify(value));
  return result.ok ? [] : result.problems.map(({ field, message }) => `${field} ${message}`);
}

test("what a schema describes is read as it is", () => {
  for (const value of [good, { ...good, doors: [1, 2], pin: null, inner: { isOn: true } }])
    assert.deepEqual(read(value), { ok: true, value });
});

test("everything wrong is named at its path, in words", () => {
  assert.deepEqual(problems({ name: "ABC", doors: [1, 0, "x"], side: "UP", inner: { isOn: 1, b: 2 }, extra: 1 }), [
    "name must have small letters",
    `doors[1] must be from 1 to ${Number.MAX_SAFE_INTEGER}`,
    "doors[2] must be a whole number",
    "side must be ENTRY or EXIT",
    "inner.isOn must be true or false",
    "inner.b is not known here; there are isOn",
    "extra is not known here; there are name, doors, side, pin, inner",
  ]);
  assert.deepEqual(problems({}), ["name is required", "doors is required", "side is required"]);
  assert.deepEqual(problems({ ...good, doors: 7 }), ['doors must be "all" or a list']);
  assert.deepEqual(problems({ ...good, doors: [1, 1] }), ["doors must name each item once"]);
  for (const value of [null, [], "x", 1]) assert.deepEqual(problems(value), ["body must be an object"]);
});

test("text that a database or a terminal cannot hold is refused", () => {
  assert.deepEqual(problems({ ...good, name: "a\0" }), ["name must not contain the character NUL"]);
  assert.deepEqual(problems({ ...good, name: "\ud800" }), ["name must be well-formed Unicode, without lone surrogates"]);
  assert.deepEqual(problems({ ...good, name: "" }), ["name must not be empty"]);
});

test("a private value is never repeated in what is said of it", () => {
  const result = read({ ...good, pin: "12345" });
  assert.ok(!result.ok);
  assert.deepEqual(result.problems, [{ field: "pin", message: "must have 4 digits" }]);
  const told = read({ ...good, name: "TOLD" });
  assert.ok(!told.ok);
  assert.equal(told.problems[0]?.rejectedValue, "TOLD");
});

test("parameters come as texts and are read as what the schema wants", () => {
  const Query = Type.Object(
    {
      limit: Type.Optional(Type.Integer({ minimum: 1 })),
      isOn: Type.Optional(Type.Boolean()),
      ids: Type.Optional(Type.Array(Type.Integer())),
    },
    closed,
  );
  const parameters = parametersReader(Query);
  assert.deepEqual(parameters({ limit: "5", isOn: "false", ids: "1, 2" }), { ok: true, value: { limit: 5, isOn: false, ids: [1, 2] } });
  assert.deepEqual(parameters({ limit: "" }), { ok: true, value: {} });
  for (const wrong of [{ limit: "1e2" }, { limit: "0" }, { isOn: "yes" }, { ids: "1,x" }, { other: "1" }]) {
    assert.equal(parameters(wrong).ok, false, JSON.stringify(wrong));
  }
});

const table = Object.entries<OperationSpec>(NATIVE_OPERATIONS);

test("every operation names its path's parameters, and nothing else, in its schema", () => {
  for (const [id, { path, params }] of table) {
    const named = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
    assert.deepEqual(named, Object.keys(params.properties), id);
  }
});

test("no two operations share a method and a path", () => {
  const keys = table.map(([, { method, path }]) => `${method} ${path.replace(/\{\w+\}/g, "{}")}`);
  assert.equal(new Set(keys).size, keys.length);
});

/** A claim has its code, a picture a key that nobody guesses, and by the ledger's public key anybody may verify. */
const OPEN: ReadonlySet<string> = new Set(["claimController", "downloadDisplayImage", "readLedgerKey"]);

test("every operation is guarded: by scopes that exist, by any key or by the operator; those few are open that guard themselves", () => {
  for (const [id, { access }] of table) {
    if (typeof access === "string") assert.ok(access !== "public" || OPEN.has(id), id);
    else assert.ok(access.length > 0 && access.every((scope) => SCOPES.includes(scope)), id);
  }
});
