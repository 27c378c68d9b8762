import assert from "node:assert/strict";
import { test } from "node:test";
import type { Log, LogFields } from "@postern/core";
import { CodedError } from "@postern/core";
import type { LogLevel } from "../../src/platform/config.ts";
import { createLog } from "../../src/platform/log.ts";

const CLOCK = { nowMs: () => Date.UTC(2026, 0, 2, 3, 4, 5, 6), monotonicMs: () => 0 };

function linesOf(level: LogLevel, use: (log: Log) => void): Record<string, unknown>[] {
  const lines: string[] = [];
  use(createLog({ level, clock: CLOCK, destination: { write: (line) => void lines.push(line) } }));
  return lines.map((line) => JSON.parse(line) as Record<string, unknown>);
}

function lineOf(fields: LogFields): Record<string, unknown> {
  return linesOf("info", (log) => log.info("test.event", fields))[0] ?? {};
}

test("a line is level, time, event and fields", () => {
  assert.deepEqual(
    linesOf("info", (log) => log.warn("uplink.batch_refused", { deviceId: 7 })),
    [{ level: "warn", time: "2026-01-02T03:04:05.006Z", event: "uplink.batch_refused", deviceId: 7 }],
  );
});

test("lines below the level are not written, and silent writes none", () => {
  const all = (log: Log): void => {
    log.debug("a");
    log.info("b");
    log.warn("c");
    log.error("d");
  };
  assert.deepEqual(
    linesOf("warn", all).map((line) => line["event"]),
    ["c", "d"],
  );
  assert.deepEqual(linesOf("silent", all), []);
  assert.equal(linesOf("debug", all).length, 4);
});

const SECRET_NAMES = [
  "authorization",
  "Authorization",
  "faceImages",
  "face_images",
  "pin",
  "uniquePin",
  "PIN",
  "apiKey",
  "password",
  "token",
  "claimCode",
  "code",
  "template",
  "card",
  "set-cookie",
  "user.key",
];

for (const name of SECRET_NAMES) {
  test(`a field ${name} is not written, at any depth`, () => {
    const line = JSON.stringify(
      lineOf({ [name]: "12345678", headers: { [name]: "12345678" }, list: [{ deeper: { [name]: ["12345678"] } }] }),
    );
    assert.doesNotMatch(line, /12345678/);
  });
}

test("counts, ids and the codes of errors are written", () => {
  const fields = {
    cardCount: 2,
    keyId: 9,
    pinAttempts: 3,
    code: "database_away",
    exit: { code: 137 },
    answer: { code: "e1000" },
    at: { code: "ECONNREFUSED" },
  };
  const { level: _level, time: _time, event: _event, ...written } = lineOf(fields);
  assert.deepEqual(written, fields);
});

test("a URL with a password or a query is not written, a plain one is", () => {
  const line = lineOf({ databaseUrl: "postgres://u:p@h/d", url: "/v1/x?apikey=1", baseUrl: "http://127.0.0.1:8080" });
  assert.deepEqual([line["databaseUrl"], line["url"], line["baseUrl"]], ["[redacted]", "[redacted]", "http://127.0.0.1:8080"]);
});

test("bytes, depth, length and number of fields are bounded, and a circle ends", () => {
  const circle: Record<string, unknown> = {
    photoBytes: Buffer.alloc(9),
    text: "x".repeat(5_000),
    many: Array.from({ length: 500 }, (_, n) => n),
  };
  circle["self"] = circle;
  const text = JSON.stringify(lineOf(circle));
  assert.match(text, /\[9 bytes\]/);
  assert.ok(text.length < 12_000, `${text.length} characters`);
});

test("an error is written with its code, context and causes, and without the secrets in its context", () => {
  const cause = new CodedError("inner", { class: "bug", summary: "Inner." }, { context: { pin: "4711", doorId: 234 } });
  const error = new CodedError("outer_failed", { class: "transient", summary: "Outer." }, { cause });
  const text = JSON.stringify(lineOf({ error }));
  for (const expected of [/outer_failed/, /Inner\./, /"doorId":234/]) assert.match(text, expected);
  assert.doesNotMatch(text, /4711/);
});
