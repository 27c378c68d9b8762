import assert from "node:assert/strict";
import { test } from "node:test";
import Type from "typebox";
import { PRIVATE } from "../../src/native/explain-schema.ts";
import { schemaWriter } from "../../src/openapi/schema-writer.ts";

test("an object with a name is written once and referred to, also from within itself", () => {
  const Leaf = Type.Object({ size: Type.Integer() });
  const Tree = Type.Object({ left: Leaf, right: Leaf });
  const writer = schemaWriter({ Leaf, Tree, unused: Type.Object({}), other: 7 });
  assert.deepEqual(writer.write(Tree), { $ref: "#/components/schemas/Tree" });
  assert.deepEqual(writer.components(), {
    Leaf: { type: "object", required: ["size"], properties: { size: { type: "integer" } } },
    Tree: {
      type: "object",
      required: ["left", "right"],
      properties: { left: { $ref: "#/components/schemas/Leaf" }, right: { $ref: "#/components/schemas/Leaf" } },
    },
  });
});

test("choices of texts are an enum, and null joins the type of what it stands beside", () => {
  const { write } = schemaWriter({});
  const choice = [Type.Literal("a"), Type.Literal("b")];
  assert.deepEqual(write(Type.Union(choice)), { type: "string", enum: ["a", "b"] });
  assert.deepEqual(write(Type.Union([...choice, Type.Null()])), { type: ["string", "null"], enum: ["a", "b", null] });
  assert.deepEqual(write(Type.Union([Type.Integer({ minimum: 1 }), Type.Null()], { description: "which" })), {
    type: ["integer", "null"],
    minimum: 1,
    description: "which",
  });
});

test("null stays a branch of its own beside what a name refers to, and beside several", () => {
  const Thing = Type.Object({});
  const { write } = schemaWriter({ Thing });
  assert.deepEqual(write(Type.Union([Thing, Type.Null()])), { anyOf: [{ $ref: "#/components/schemas/Thing" }, { type: "null" }] });
  assert.deepEqual(write(Type.Union([Type.String(), Type.Integer(), Type.Null()])), {
    anyOf: [{ type: "string" }, { type: "integer" }, { type: "null" }],
  });
});

test("our own marks are not shown, and a rule in words describes its pattern", () => {
  const { write } = schemaWriter({});
  assert.deepEqual(write(Type.String({ pattern: "^[0-9]{4}$", "x-rule": "must have four digits", ...PRIVATE })), {
    type: "string",
    pattern: "^[0-9]{4}$",
    description: "Must have four digits.",
  });
});
