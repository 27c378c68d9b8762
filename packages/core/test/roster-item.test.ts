import assert from "node:assert/strict";
import { test } from "node:test";
import { alwaysSchedule, COMMON_SCOPE, itemKey, itemScopes, type RosterItem } from "../src/index.ts";
import { authWith, doorWith, modeWith } from "./access-facts-builder.ts";

const place: RosterItem = {
  kind: "place",
  id: 178,
  timeZone: "Asia/Seoul",
  utcTransitions: [{ fromMs: 0, offsetSeconds: 32_400 }],
  uniquePinSalt: "AAAAAAAAAAAAAAAAAAAAAA==",
};
const schedule: RosterItem = { kind: "schedule", id: 333, schedule: alwaysSchedule };

const SCOPES: readonly (readonly [string, RosterItem, readonly number[]])[] = [
  ["the place concerns every door", place, [COMMON_SCOPE]],
  ["a schedule concerns every door", schedule, [COMMON_SCOPE]],
  ["a door's settings concern that door alone", doorWith({ id: 234 }), [234]],
  ["a door's mode concerns that door alone", modeWith({ id: 234 }), [234]],
  ["an auth for all doors concerns every door", authWith({ doors: "all" }), [COMMON_SCOPE]],
  ["an auth for some doors concerns these", authWith({ doors: [234, 236] }), [234, 236]],
  ["an auth for no door concerns none", authWith({ doors: [] }), []],
];

for (const [guarantee, item, scopes] of SCOPES) {
  test(guarantee, () => assert.deepEqual(itemScopes(item), scopes));
}

test("items of different kinds with the same number have different keys", () => {
  const keys = [place, schedule, doorWith(), modeWith(), authWith()].map((item) => itemKey({ kind: item.kind, id: 7 }));
  assert.equal(new Set(keys).size, 5);
  assert.equal(itemKey(doorWith({ id: 234 })), "door:234");
});
