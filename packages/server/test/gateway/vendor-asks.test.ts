import assert from "node:assert/strict";
import { after, afterEach, before, test } from "node:test";
import { type AnswerFrame, readAnswer, VENDOR_ASKS_IN_FLIGHT_MAX, VENDOR_DETAIL_BYTES_MAX } from "@postern/contract";
import type { AskVendor, VendorQuestion, VendorVerdict } from "../../src/gateway/vendor-question.ts";
import { type GatewayWorld, startGatewayWorld } from "../support/gateway-world.ts";
import { createTestDatabase, createTestPlace, eventually, type TestDatabase, type TestPlace } from "../support/index.ts";
import { giveKey, LinkClient } from "../support/link-client.ts";

/** A customer's server by hand: calls wait until the test answers them. */
interface Call {
  readonly question: VendorQuestion;
  readonly signal: AbortSignal;
  readonly answer: (verdict: VendorVerdict) => void;
  readonly fail: (cause: unknown) => void;
}
let calls: Call[] = [];
const askVendor: AskVendor = (question, signal) => {
  const { promise, resolve, reject } = Promise.withResolvers<VendorVerdict>();
  calls.push({ question, signal, answer: resolve, fail: reject });
  return promise;
};

let prepared: TestDatabase;
let world: GatewayWorld;
before(async () => {
  prepared = await createTestDatabase();
  world = await startGatewayWorld(prepared.database, 1, () => false, askVendor);
});
afterEach(() => {
  calls = [];
});
after(async () => {
  await world.stop();
  await prepared.drop();
});

const CONFIRMED: VendorVerdict = { verdict: "confirmed", detail: { vendorStatus: 200 } };

interface Asking {
  readonly place: TestPlace;
  readonly link: LinkClient;
  readonly session: number;
  ask(askId: number, changes?: object): Promise<void>;
  answer(): Promise<AnswerFrame>;
}

let nextPlaceId = 8_200;
async function newSession(url = world.url): Promise<Asking> {
  nextPlaceId += 1;
  const place = await createTestPlace(prepared.database, { placeId: nextPlaceId });
  const link = await LinkClient.connect(url, await giveKey(prepared.database, place.controllerId));
  const { session } = await link.hello();
  const [doorId = 0] = place.doorIds;
  const [deviceId = 0] = place.deviceIds;
  const frame = { session, doorId, deviceId, credential: "card", identify: false, authId: 5, userId: 6, presented: "77", budgetMs: 5_000 };
  return {
    place,
    link,
    session,
    ask: (askId, changes = {}) => link.send("ask", { ...frame, askId, ...changes }),
    async answer() {
      const read = readAnswer(await link.next("answer"));
      assert.ok(read.ok);
      return read.frame;
    },
  };
}

const called = (count: number): Promise<unknown> => eventually(`call ${count}`, async () => calls.length === count);

test("what a door asks is asked once with all it said, and the verdict, its trace and its message come back", async () => {
  const { place, link, ask, answer } = await newSession();
  await ask(1);
  await called(1);
  const { placeId, controllerId } = place;
  assert.deepEqual(calls[0]?.question, {
    ...{ placeId, controllerId, doorId: place.doorIds[0], deviceId: place.deviceIds[0] },
    ...{ credential: "card", identify: false, authId: 5, userId: 6, presented: "77", budgetMs: 5_000 },
  });
  calls[0]?.answer({ verdict: "refused", detail: { vendorStatus: 403, vendorReason: "judged" }, message: "Please see the desk" });
  assert.deepEqual(await answer(), {
    ...{ askId: 1, verdict: "refused", detail: { vendorStatus: 403, vendorReason: "judged" }, message: "Please see the desk" },
  });
  await link.end();
});

test("an ask that comes again calls nobody again, before and after its answer", async () => {
  const { link, ask, answer } = await newSession();
  await ask(1);
  await ask(1);
  await called(1);
  calls[0]?.answer(CONFIRMED);
  assert.equal((await answer()).askId, 1);
  await ask(1);
  await ask(2);
  await called(2);
  calls[1]?.answer(CONFIRMED);
  assert.equal((await answer()).askId, 2);
  assert.equal(calls.length, 2);
  await link.end();
});

test("a customer's server that hangs is silent once the door's time is over, and is given up", async () => {
  const { link, ask, answer } = await newSession();
  await ask(1, { budgetMs: 30 });
  assert.deepEqual(await answer(), { askId: 1, verdict: "silent", detail: { vendorReason: "timeout" } });
  assert.equal(calls[0]?.signal.aborted, true);
  await link.end();
});

test("while the customer's server is waited for, another ask, events and the roster of the session go on", async () => {
  const { place, link, session, ask, answer } = await newSession();
  const [doorId, deviceId] = [place.doorIds[0], place.deviceIds[0]];
  await ask(1);
  await called(1);
  const event = { eventAt: Date.now(), eventType: "DEV_DOOR_RELAY_ON", doorId, deviceId };
  await link.send("events", { session, generation: 7, first: 1, predecessor: null, events: [event], sentAt: Date.now() });
  assert.equal((await link.stored()).through, 1);
  await ask(2);
  await called(2);
  calls[1]?.answer(CONFIRMED);
  assert.equal((await answer()).askId, 2);
  calls[0]?.answer(CONFIRMED);
  assert.equal((await answer()).askId, 1);
  await link.end();
});

test("a session that ends gives up what it asked", async () => {
  const { link, ask } = await newSession();
  await ask(1);
  await called(1);
  assert.equal(calls[0]?.signal.aborted, false);
  await link.end();
  await eventually("the call to be given up", async () => calls[0]?.signal.aborted === true);
});

test("more asks at once than a controller's doors may have are silent as busy, and one that is answered makes room", async () => {
  const { link, ask, answer } = await newSession();
  for (let askId = 1; askId <= VENDOR_ASKS_IN_FLIGHT_MAX; askId += 1) await ask(askId);
  await called(VENDOR_ASKS_IN_FLIGHT_MAX);
  await ask(VENDOR_ASKS_IN_FLIGHT_MAX + 1);
  assert.deepEqual(await answer(), { askId: VENDOR_ASKS_IN_FLIGHT_MAX + 1, verdict: "silent", detail: { vendorReason: "busy" } });
  calls[0]?.answer(CONFIRMED);
  assert.equal((await answer()).askId, 1);
  await ask(VENDOR_ASKS_IN_FLIGHT_MAX + 2);
  await called(VENDOR_ASKS_IN_FLIGHT_MAX + 1);
  await link.end();
});

test("a door or a device that is not the controller's asks nobody", async () => {
  const { place, link, ask, answer } = await newSession();
  const unknown = { verdict: "silent", detail: { vendorReason: "door_unknown" } };
  await ask(1, { doorId: 999_999 });
  assert.deepEqual(await answer(), { askId: 1, ...unknown });
  await ask(2, { doorId: place.doorIds[0], deviceId: place.deviceIds[1] });
  assert.deepEqual(await answer(), { askId: 2, ...unknown });
  assert.equal(calls.length, 0);
  await link.end();
});

test("an ask that fails on our side is silent and says so, and the session lives", async () => {
  const { link, ask, answer } = await newSession();
  await ask(1);
  await called(1);
  calls[0]?.fail(new TypeError("broken"));
  assert.deepEqual(await answer(), { askId: 1, verdict: "silent", detail: { vendorReason: "error" } });
  await ask(2);
  await called(2);
  await link.end();
});

test("where no customer's server is known every ask is silent, no_api", async () => {
  const bare = await startGatewayWorld(prepared.database);
  const { link, ask, answer } = await newSession(bare.url);
  await ask(1);
  assert.deepEqual(await answer(), { askId: 1, verdict: "silent", detail: { vendorReason: "no_api" } });
  await link.end();
  await bare.stop();
});

test("an ask of another session, and one that is malformed, end the connection", async () => {
  const stale = await newSession();
  await stale.ask(1, { session: 99 });
  await stale.link.closed();
  const malformed = await newSession();
  await malformed.ask(1, { budgetMs: 60_000 });
  await malformed.link.closed();
  assert.equal(calls.length, 0);
});

test("a trace that is too large for an event, and a message that no device shows, are cut", async () => {
  const { link, ask, answer } = await newSession();
  await ask(1);
  await called(1);
  const detail = Object.fromEntries(Array.from({ length: 40 }, (_, index) => [`vendorField${index}`, "é".repeat(60)]));
  calls[0]?.answer({ verdict: "refused", detail: { vendorStatus: 500, ...detail }, message: "🙂".repeat(400) });
  const { detail: kept = {}, message = "" } = await answer();
  assert.equal(kept["vendorStatus"], 500);
  assert.ok(Buffer.byteLength(JSON.stringify(kept)) <= VENDOR_DETAIL_BYTES_MAX);
  assert.equal(message, "🙂".repeat(100));
  await link.end();
});
