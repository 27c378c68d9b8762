import assert from "node:assert/strict";
import { test } from "node:test";
import { IncomingMessages } from "../../../src/gateway/mqtt/incoming-messages.ts";
import { MQTT_LIMITS } from "../../../src/gateway/mqtt/limits.ts";
import { Gate } from "./listener-world.ts";

function waitingBehind(gate: Gate): IncomingMessages {
  return new IncomingMessages({
    limits: MQTT_LIMITS,
    handle: () => gate.passed,
    acknowledge: () => undefined,
    emptied: () => undefined,
    failed: () => undefined,
  });
}

function push(incoming: IncomingMessages, byteCount: number): void {
  incoming.push({ kind: "events", payload: new Uint8Array(byteCount), messageId: null });
}

test("one full packet that waits is enough, and eight small ones; what is being handled does not count", async () => {
  using gate = new Gate();
  const large = waitingBehind(gate);
  push(large, 250_000);
  push(large, 250_000);
  assert.equal(large.isFull(), false);
  push(large, 20_000);
  assert.equal(large.isFull(), true);
  const small = waitingBehind(gate);
  for (let count = 0; count < 8; count += 1) push(small, 1);
  assert.equal(small.isFull(), false);
  push(small, 1);
  assert.equal(small.isFull(), true);
  gate.open();
  await Promise.all([large.settled(), small.settled()]);
  assert.deepEqual([large.isFull(), small.isFull()], [false, false]);
});
