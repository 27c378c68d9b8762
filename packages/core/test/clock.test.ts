import assert from "node:assert/strict";
import { test } from "node:test";
import { pause, systemClock, systemTimers, type Timer, type Timers } from "../src/index.ts";

/** Timers that fire when told to. */
class HeldTimers implements Timers {
  readonly started: { readonly name: string; readonly delayMs: number; readonly fire: () => void }[] = [];
  cancelledCount = 0;

  after(name: string, delayMs: number, action: () => void): Timer {
    this.started.push({ name, delayMs, fire: action });
    return {
      cancel: () => {
        this.cancelledCount += 1;
      },
    };
  }
}

async function isSettled(promise: Promise<void>): Promise<boolean> {
  const pending = Symbol("pending");
  // A settled promise wins over one that needs a turn of the loop.
  return (await Promise.race([promise, new Promise((resolve) => setImmediate(() => resolve(pending)))])) !== pending;
}

test("a pause lasts until its timer fires, under the name it was given", async () => {
  const timers = new HeldTimers();
  const paused = pause(timers, "uplink.retry", 250);
  assert.deepEqual(
    timers.started.map(({ name, delayMs }) => ({ name, delayMs })),
    [{ name: "uplink.retry", delayMs: 250 }],
  );
  assert.equal(await isSettled(paused), false);
  timers.started[0]?.fire();
  assert.equal(await isSettled(paused), true);
});

test("a pause ends early when its signal is aborted, and leaves no timer", async () => {
  const timers = new HeldTimers();
  const abort = new AbortController();
  const paused = pause(timers, "uplink.retry", 250, abort.signal);
  abort.abort();
  assert.equal(await isSettled(paused), true);
  assert.equal(timers.cancelledCount, 1);
});

test("a pause under a signal that is already aborted starts no timer", async () => {
  const timers = new HeldTimers();
  assert.equal(await isSettled(pause(timers, "uplink.retry", 250, AbortSignal.abort())), true);
  assert.equal(timers.started.length, 0);
});

test("aborting after the end of a pause does nothing more", async () => {
  const timers = new HeldTimers();
  const abort = new AbortController();
  const paused = pause(timers, "uplink.retry", 250, abort.signal);
  timers.started[0]?.fire();
  await paused;
  const cancelledCount = timers.cancelledCount;
  abort.abort();
  assert.equal(timers.cancelledCount, cancelledCount);
});

test("a system timer that was cancelled never fires", async () => {
  let firedCount = 0;
  const first = systemTimers.after("cancelled", 0, () => {
    firedCount += 1;
  });
  first.cancel();
  await new Promise<void>((resolve) => {
    systemTimers.after("later", 5, resolve);
  });
  assert.equal(firedCount, 0);
});

test("the system's monotonic clock never goes back", () => {
  let lastMs = systemClock.monotonicMs();
  for (let reading = 0; reading < 1_000; reading += 1) {
    const nowMs = systemClock.monotonicMs();
    assert.ok(nowMs >= lastMs);
    lastMs = nowMs;
  }
  assert.ok(systemClock.nowMs() > Date.parse("2020-01-01T00:00:00Z"));
});
