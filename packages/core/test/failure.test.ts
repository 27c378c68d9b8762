import assert from "node:assert/strict";
import { test } from "node:test";
import { AssertionFailure, assert as assertHeld, assertNever, CodedError, silentLog } from "../src/index.ts";

test("an expectation that holds passes, one that does not fails with its words", () => {
  assertHeld(true, "fine");
  assert.throws(() => assertHeld(false, "a door has a lock"), new AssertionFailure("a door has a lock"));
});

test("a case that no switch knows fails, naming the value", () => {
  assert.throws(() => assertNever("new_member" as never), /new_member/);
});

test("a coded error carries its code, its class, its summary and what it came from", () => {
  const cause = new AssertionFailure("below");
  const error = new CodedError(
    "door_offline",
    { class: "transient", summary: "The door is not connected." },
    { context: { doorId: 234 }, cause },
  );
  assert.equal(error.code, "door_offline");
  assert.equal(error.class, "transient");
  assert.equal(error.message, "The door is not connected.");
  assert.deepEqual(error.context, { doorId: 234 });
  assert.equal(error.cause, cause);
  assert.ok(error instanceof Error);
});

test("a coded error without context or cause has an empty context and no cause", () => {
  const error = new CodedError("door_offline", { class: "transient", summary: "The door is not connected." });
  assert.deepEqual(error.context, {});
  assert.equal("cause" in error, false);
});

test("the silent log takes every level and says nothing", () => {
  for (const level of ["debug", "info", "warn", "error"] as const) assert.equal(silentLog[level]("a.line", { count: 1 }), undefined);
});
