import assert from "node:assert/strict";
import { test } from "node:test";
import { CodedError } from "@postern/core";
import { CLUE_CODES, ClueError, LINK_CODES, linkError, NATIVE_CODES, nativeError } from "../../src/errors/index.ts";

test("CLUe's codes are those its documents name and one of ours, each answered with 400 but for our own faults and a busy face extraction", () => {
  const wanted = "a1028 e1000 e1001 e1002 e1003 e1004 e1005 e1006 e1007 e1008 e1009 e1010 f1000 f1001 f1002 f1006 f1900 f1901 f1902";
  assert.equal(Object.keys(CLUE_CODES).sort().join(" "), wanted);
  for (const [code, spec] of Object.entries(CLUE_CODES)) {
    assert.equal(spec.status, code === "e1000" || code === "f1006" ? 500 : 400, code);
  }
});

test("our own codes are snake_case words and every entry says what happened in one sentence", () => {
  for (const [code, spec] of [...Object.entries(LINK_CODES), ...Object.entries(NATIVE_CODES)]) {
    assert.match(code, /^[a-z]+(_[a-z]+)*$/);
    assert.match(spec.summary, /^[A-Z].*\.$/, code);
  }
});

test("a code that stands in both of our tables means the same to who retries", () => {
  const native: Readonly<Record<string, { readonly class: string }>> = NATIVE_CODES;
  for (const [code, spec] of Object.entries(LINK_CODES)) {
    assert.equal(native[code]?.class ?? spec.class, spec.class, code);
  }
});

test("a refused key answers 401 with CLUe's code, everything else the code's own status", () => {
  assert.equal(new ClueError("e1001", { status: 401 }).status, 401);
  assert.equal(new ClueError("e1001").status, 400);
  assert.equal(new ClueError("e1000").status, 500);
});

test("an error keeps its code, class, context and cause, and its text for the caller apart from the log", () => {
  const cause = new RangeError("inner");
  const error = new ClueError("e1005", {
    details: [{ field: "auth.endTime", message: "is before its start" }],
    context: { placeId: 178 },
    cause,
  });
  assert.ok(error instanceof CodedError);
  assert.equal(error.code, "e1005");
  assert.equal(error.class, "caller");
  assert.equal(error.cause, cause);
  assert.equal(error.name, "ClueError");
  assert.deepEqual(
    error.details.map((detail) => detail.field),
    ["auth.endTime"],
  );
  assert.equal(linkError("session_stale").class, "permanent");
  assert.equal(nativeError("database_away").class, "transient");
});
