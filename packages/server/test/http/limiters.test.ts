import assert from "node:assert/strict";
import { test } from "node:test";
import { ExpiringMap } from "../../src/platform/expiring-map.ts";
import { ByteBudget } from "../../src/platform/http/byte-budget.ts";
import { LIMITER_KEYS_COUNT_MAX } from "../../src/platform/platform-limits.ts";
import { sourceOf } from "../../src/platform/source-address.ts";
import { WindowLimiter } from "../../src/platform/window-limiter.ts";

function manualClock() {
  const time = { ms: 5_000_000 };
  return { time, clock: { nowMs: () => time.ms, monotonicMs: () => time.ms } };
}

test("a window lets through its count and no more, says when to come back, and begins anew at its end", () => {
  const { time, clock } = manualClock();
  const limiter = new WindowLimiter(clock, { countMax: 3, windowMs: 60_000 });
  for (let call = 0; call < 3; call += 1) assert.deepEqual(limiter.take("a"), { kind: "within" });
  time.ms += 20_500;
  assert.deepEqual(limiter.take("a"), { kind: "over", retryAfterS: 40 });
  assert.deepEqual(limiter.take("b"), { kind: "within" });
  time.ms += 39_499;
  assert.deepEqual(limiter.take("a"), { kind: "over", retryAfterS: 1 });
  time.ms += 1;
  assert.deepEqual(limiter.take("a"), { kind: "within" });
});

test("a limiter forgets the source seen longest ago when more come than it remembers", () => {
  const { clock } = manualClock();
  const limiter = new WindowLimiter(clock, { countMax: 1, windowMs: 60_000 });
  limiter.take("first");
  limiter.take("kept");
  for (let other = 0; other < LIMITER_KEYS_COUNT_MAX - 2; other += 1) limiter.take(`other ${other}`);
  assert.equal(limiter.take("kept").kind, "over");
  limiter.take("one more");
  assert.equal(limiter.take("first").kind, "within");
});

test("a map gives nothing out from the end of its lifetime on, counted from when it was true", () => {
  const { time, clock } = manualClock();
  const map = new ExpiringMap<string, number>(clock, { countMax: 2, lifetimeMs: 500 });
  map.set("a", 1, time.ms - 400);
  time.ms += 99;
  assert.equal(map.get("a"), 1);
  time.ms += 1;
  assert.equal(map.get("a"), undefined);
});

test("a map holds no more than its count, and keeps what was used last", () => {
  const { clock } = manualClock();
  const map = new ExpiringMap<string, number>(clock, { countMax: 2, lifetimeMs: 500 });
  map.set("a", 1);
  map.set("b", 2);
  map.get("a");
  map.set("c", 3);
  assert.deepEqual([map.get("a"), map.get("b"), map.get("c"), map.size], [1, undefined, 3, 2]);
});

test("a budget gives all that was asked for or nothing", () => {
  const budget = new ByteBudget(10);
  assert.equal(budget.take(8), true);
  assert.equal(budget.take(3), false);
  assert.equal(budget.left, 2);
  budget.give(8);
  assert.equal(budget.take(10), true);
});

test("one source is an IPv4 address, however written, or the /64 of an IPv6 address", () => {
  assert.equal(sourceOf("192.0.2.7"), "192.0.2.7");
  assert.equal(sourceOf("::ffff:192.0.2.7"), "192.0.2.7");
  assert.equal(sourceOf("2001:db8:1:2:3:4:5:6"), "2001:db8:1:2::/64");
  assert.equal(sourceOf("2001:0DB8:1:2::9"), "2001:db8:1:2::/64");
  assert.equal(sourceOf("2001:db8::1"), "2001:db8:0:0::/64");
  assert.equal(sourceOf("fe80::1%eth0"), "fe80:0:0:0::/64");
  assert.equal(sourceOf("::1"), "0:0:0:0::/64");
  assert.equal(sourceOf("2001:db8:1:2:3::192.0.2.1"), "2001:db8:1:2::/64");
  assert.equal(sourceOf("fe80::1%eth0"), sourceOf("fe80::2%eth0"));
  assert.notEqual(sourceOf("1::2:3:4:5"), sourceOf("1:2:3:4::5"));
  assert.notEqual(sourceOf("2001:db8:1:2::9"), sourceOf("2001:db8:1:3::9"));
});
