import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { EVENT_CATALOGUE, eventCode, eventName, eventOrigin, eventTypes, isEventType } from "../../src/events/index.ts";
import { DEVICE_NAMES, SERVER_NAMES } from "./clue-event-names.ts";

const CLUE_NAMES = [...SERVER_NAMES, ...DEVICE_NAMES];

test("the catalogue holds CLUe's whole filter list and nothing else under CLUe's name", () => {
  const fromClue = eventTypes().filter((name) => EVENT_CATALOGUE[name].source === "CLUe §2.1");
  assert.deepEqual([...fromClue].sort(), [...CLUE_NAMES].sort());
});

test("a controller may write the device's events and the customer's answers, and none of the server's", () => {
  const originOf = (name: string): string => (isEventType(name) ? eventOrigin(name) : `${name} is unknown`);
  assert.deepEqual(new Set(SERVER_NAMES.map(originOf)), new Set(["server"]));
  assert.deepEqual(new Set(DEVICE_NAMES.map(originOf)), new Set(["device"]));
  for (const name of eventTypes().filter((each) => each.startsWith("DEV_"))) assert.equal(eventOrigin(name), "device", name);
});

test("no released code ever changes its event", () => {
  const released = readFileSync(new URL("event-codes.txt", import.meta.url), "utf8")
    .trim()
    .split("\n");
  const now = eventTypes().map((name) => `${eventCode(name)} ${name}`);
  assert.deepEqual(now.slice().sort(), released.slice().sort(), "new events are added to event-codes.txt; its lines never change");
});

test("every code fits a smallint, is given once, and leads back to its event", () => {
  for (const name of eventTypes()) {
    assert.equal(eventName(eventCode(name)), name);
    assert.ok(eventCode(name) > 0 && eventCode(name) <= 32_767, name);
  }
  assert.equal(eventTypes().length, Object.keys(EVENT_CATALOGUE).length);
});

test("each family keeps to hundreds that no other family uses", () => {
  const familyOfHundred = new Map<number, string>();
  for (const spec of Object.values(EVENT_CATALOGUE)) {
    const half = Math.floor(spec.code / 50);
    assert.equal(familyOfHundred.get(half) ?? spec.family, spec.family, spec.name);
    familyOfHundred.set(half, spec.family);
  }
});

test("every event says in one sentence what it means", () => {
  for (const spec of Object.values(EVENT_CATALOGUE)) assert.match(spec.meaning, /^[A-Z][^.]{10,140}\.$/, spec.name);
});

test("names that only an object's prototype knows are no events", () => {
  for (const name of ["toString", "__proto__", "constructor", "", "dev_face_auth_success"]) assert.equal(isEventType(name), false, name);
  assert.equal(eventName(0), null);
});
