import assert from "node:assert/strict";
import { hash } from "node:crypto";
import { test } from "node:test";
import { canonicalJson, chainHash, chainOrigin, type Json } from "@postern/core";
import fc from "fast-check";
import { eventCode, eventLine, type RecordedEvent } from "../../src/index.ts";

const EVENT: RecordedEvent = {
  sequence: 7,
  eventAt: 1_764_316_800_000,
  receivedAt: 1_764_316_800_123,
  eventType: eventCode("DEV_CARD_AUTH_SUCCESS"),
  deviceId: 434,
  doorId: 234,
  userId: 1_000,
  authId: 1_001,
  generation: 99,
  localLogId: 5,
  detail: { reason: "ok", credential: "CARD" },
};

test("the line of an event is this text, byte for byte, and its hash this number, in every version to come", () => {
  const line =
    '{"sequence":7,"eventAt":1764316800000,"receivedAt":1764316800123,"eventType":"DEV_CARD_AUTH_SUCCESS","deviceId":434,"doorId":234,"userId":1000,' +
    '"authId":1001,"generation":99,"localLogId":5,"detail":{"credential":"CARD","reason":"ok"}}';
  assert.equal(eventLine(EVENT), line);
  const origin = chainOrigin(178, 7);
  assert.equal(origin, hash("sha256", "postern ledger 1\nplace 178\nfrom 7"));
  assert.equal(chainHash(origin, line), hash("sha256", `${origin}${hash("sha256", line)}`));
  assert.equal(chainHash(origin, line), "3855b2b5c4ecd6259f94b52ab6e894aa85487c2126f6eaa9ba6d18cfec61ee10");
});

test("a line says that there is no device, door, person or detail", () => {
  const nothing = { deviceId: 0, doorId: null, userId: null, authId: null, detail: null };
  const { deviceId, doorId, userId, authId, detail } = JSON.parse(eventLine({ ...EVENT, ...nothing }));
  assert.deepEqual({ deviceId, doorId, userId, authId, detail }, { ...nothing, deviceId: null });
});

const detail = fc.dictionary(
  fc.string({ unit: "grapheme" }),
  fc.oneof(fc.string({ unit: "grapheme" }), fc.double({ noNaN: true, noDefaultInfinity: true }), fc.integer(), fc.boolean()),
);

test("a line is one line of canonical JSON, whatever the detail holds and in whatever order", () => {
  fc.assert(
    fc.property(detail, (held) => {
      const line = eventLine({ ...EVENT, detail: held });
      assert.ok(!line.includes("\n"));
      const turned = Object.fromEntries(Object.entries(held).reverse());
      assert.equal(eventLine({ ...EVENT, detail: turned }), line);
      const read: { readonly detail: Json } = JSON.parse(line);
      assert.equal(canonicalJson(read.detail), canonicalJson(held));
    }),
  );
});

test("chains of two places, or of one that began elsewhere, have nothing in common", () => {
  const line = eventLine(EVENT);
  const hashes = [chainOrigin(178, 1), chainOrigin(179, 1), chainOrigin(178, 2)].map((origin) => chainHash(origin, line));
  assert.equal(new Set(hashes).size, 3);
});
