import assert from "node:assert/strict";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, type TestContext, test } from "node:test";
import type { WireItem } from "@postern/contract";
import { type AuthItem, CodedError, faceMark, pinVerifier, seededRandom, systemTimers } from "@postern/core";
import { DEFAULT_PACK, ENROLMENT_POLICY, FacePool, matchThreshold, preparePack, writeTemplate } from "@postern/face";
import { groupPhoto, PEOPLE, personPhoto } from "@postern/face/testing";
import sharp from "sharp";
import { FaceCamera } from "../../src/faces/face-camera.ts";
import { FaceMatcher } from "../../src/faces/face-matcher.ts";
import { SAME_FACE_MS, UNKNOWN_FACE_MS } from "../../src/limits.ts";
import { anAuth, gone, wire } from "../support/builders.ts";
import { aCard, DoorWorld } from "../support/door-world.ts";

let pool: FacePool;
let ann: string;
let bea: string;
before(async () => {
  const files = await preparePack(join(tmpdir(), "postern-test-face-models"));
  pool = new FacePool({ files, timers: systemTimers, workerCount: 1, waitingCountMax: 16 });
  ann = await enrolledFrom("6d");
  bea = await enrolledFrom("3a");
});
after(() => pool.stop());

async function enrolledFrom(name: keyof typeof PEOPLE): Promise<string> {
  const outcome = await pool.examine(await personPhoto(PEOPLE[name]), { policy: ENROLMENT_POLICY, wantsCrop: false });
  assert.ok(outcome.kind === "face");
  return writeTemplate(DEFAULT_PACK, outcome.template);
}

const ANN = 1_000;
const BEA = 1_001;
const holder = (id: number, template: string, revision = 2, changes: Partial<AuthItem> = {}): WireItem => {
  const auth = anAuth({ id, userId: id + 1_000, cards: [], chains: [["FACE"]], faces: [faceMark(template)], ...changes });
  return { ...wire(auth, revision), faceTemplates: [template] };
};

interface FaceWorld {
  readonly world: DoorWorld;
  readonly matcher: FaceMatcher;
  readonly camera: FaceCamera;
  readonly see: (photo: Uint8Array) => Promise<string>;
}

async function start(context: TestContext, ...items: WireItem[]): Promise<FaceWorld> {
  const world = await DoorWorld.start(context, items);
  const matcher = new FaceMatcher(async () => pool);
  world.replica.contents.watchFaces((authId, templates) => matcher.hold(authId, templates));
  const camera = new FaceCamera({
    matcher,
    clock: world.time,
    awaited: (doorId, side) => world.controller.awaited(doorId, side),
    present: (...presented) => world.driver.present(...presented),
  });
  const see = async (photo: Uint8Array): Promise<string> => {
    try {
      return (await camera.see(234, "entry", photo)).outcome;
    } catch (failure) {
      return failure instanceof CodedError ? failure.message : String(failure);
    }
  };
  return { world, matcher, camera, see };
}

test("the door opens for other pictures of a person who was enrolled, and for nobody else in the material", async (context) => {
  const { world, see } = await start(context, holder(ANN, ann), holder(BEA, bea));
  const photo = await personPhoto(PEOPLE["6d"]);
  for (const copy of [
    sharp(photo).jpeg({ quality: 30 }),
    sharp(photo).resize(240),
    sharp(photo).rotate(10, { background: "#444" }),
    sharp(photo).greyscale(),
  ]) {
    assert.equal(await see(await copy.jpeg().toBuffer()), "opened");
  }
  assert.deepEqual(
    world
      .events()
      .slice(0, 1)
      .map(({ eventType, authId }) => [eventType, authId]),
    [["DEV_FACE_AUTH_SUCCESS", ANN]],
  );
  for (const name of ["1c", "3b", "4b"] as const) assert.equal(await see(await personPhoto(PEOPLE[name])), "refused", name);
});

test("a face that nobody enrolled is a failure in the log, once in ten seconds", async (context) => {
  const { world, see } = await start(context, holder(BEA, bea));
  const stranger = await personPhoto(PEOPLE["6d"]);
  assert.deepEqual([await see(stranger), await see(stranger)], ["refused", "refused"]);
  assert.deepEqual(world.types(), ["DEV_FACE_AUTH_FAIL"]);
  world.time.advance(UNKNOWN_FACE_MS);
  assert.equal(await see(stranger), "refused");
  assert.equal(world.types().filter((type) => type === "DEV_FACE_AUTH_FAIL").length, 2);
});

test("two people, nobody and somebody too far away are told apart, and are no attempt", async (context) => {
  const { world, see } = await start(context, holder(ANN, ann));
  const nobody = await sharp({ create: { width: 640, height: 480, channels: 3, background: "#777" } })
    .jpeg()
    .toBuffer();
  const far = await sharp(await personPhoto(PEOPLE["6d"]))
    .resize(64)
    .jpeg()
    .toBuffer();
  assert.equal(await see(await groupPhoto(3)), "The picture shows more than one face that is near.");
  assert.equal(await see(nobody), "The picture shows no face.");
  assert.match(await see(far), /too far away|no face/);
  assert.deepEqual(world.types(), []);
});

test("a face that was taken away or revoked opens nothing from the next picture on", async (context) => {
  const { world, see } = await start(context, holder(ANN, ann));
  const photo = await personPhoto(PEOPLE["6d"]);
  world.change(gone("auth:1000", 3));
  assert.equal(await see(photo), "refused");
  const { outcome } = await world.driver.present(234, "entry", { kind: "matched", factor: "FACE", authId: ANN });
  assert.equal(outcome, "refused");
});

test("a camera that still matches a face that was taken away is not believed", async (context) => {
  const { world } = await start(context, wire(anAuth({ id: ANN, userId: 2_000, cards: [], chains: [["FACE"]] }), 2));
  const { outcome } = await world.driver.present(234, "entry", { kind: "matched", factor: "FACE", authId: ANN });
  assert.equal(outcome, "refused");
});

test("a card and then the face of its holder open, and the face of somebody else does not", async (context) => {
  const chains = { chains: [["CARD", "FACE"]], cards: ["CSN:12345"] } as const;
  const { world, see } = await start(context, holder(ANN, ann, 2, chains), holder(BEA, bea));
  await world.driver.present(234, "entry", aCard());
  assert.equal(await see(await personPhoto(PEOPLE["6d"])), "opened");
  assert.ok(world.types().includes("DEV_CARD_THEN_FACE_AUTH_SUCCESS"));
});

const CARD_THEN_FACE = { chains: [["CARD", "FACE"]], cards: ["CSN:12345"] } as const;

test("after a card only its holder's templates are compared, so that a look-alike who is nearer is not taken for them, nor they for the look-alike", async (context) => {
  // Bea's record holds Ann's face too: among all it could be either's.
  const twin: WireItem = {
    ...wire(anAuth({ id: BEA, userId: 2_001, cards: [], chains: [["FACE"]], faces: [faceMark(ann)] }), 2),
    faceTemplates: [ann],
  };
  const { world, see } = await start(context, holder(ANN, ann, 2, CARD_THEN_FACE), twin);
  const photo = await personPhoto(PEOPLE["6d"]);
  assert.equal(await see(photo), "refused", "two who are as near as each other");
  await world.driver.present(234, "entry", aCard());
  assert.equal(await see(photo), "opened");
  assert.deepEqual(world.events().find(({ eventType }) => eventType === "DEV_CARD_THEN_FACE_AUTH_SUCCESS")?.authId, ANN);
});

test("after a card the face of somebody else, who might enter by it alone, is a failure of the card's holder and opens nothing", async (context) => {
  const { world, see } = await start(context, holder(ANN, ann, 2, CARD_THEN_FACE), holder(BEA, bea));
  await world.driver.present(234, "entry", aCard());
  assert.equal(await see(await personPhoto(PEOPLE["3a"])), "refused");
  assert.equal(world.isOpen(), false);
  assert.deepEqual(
    world.events().map(({ eventType, authId, detail }) => [eventType, authId, detail?.["reason"]]),
    [
      ["DEV_FACE_AUTH_FAIL", ANN, "factor_failed"],
      ["DEV_FACE_AUTH_FAIL", undefined, "unknown"],
    ],
  );
});

test("beyond the largest gallery a card and then a face still open, and a face alone does not", async (context) => {
  const { world, matcher, see } = await start(context, holder(ANN, ann, 2, CARD_THEN_FACE));
  const far = writeTemplate(DEFAULT_PACK, new Float32Array(128).fill(1));
  for (let id = 2_001; id <= 12_001; id += 1) matcher.hold(id, [far]);
  const photo = await personPhoto(PEOPLE["6d"]);
  assert.match(await see(photo), /a card or a PIN is needed/);
  await world.driver.present(234, "entry", aCard());
  assert.equal(await see(photo), "opened");
});

test("a face that was compared with one person's templates alone proves nothing once that person is no longer waited for", async (context) => {
  const { world } = await start(context, holder(ANN, ann));
  const claimed = { kind: "matched", factor: "FACE", authId: ANN, claimedId: ANN } as const;
  assert.equal((await world.driver.present(234, "entry", claimed)).outcome, "refused");
  const { claimedId: _, ...amongAll } = claimed;
  assert.equal((await world.driver.present(234, "entry", amongAll)).outcome, "opened");
});

test("a face and then the PIN of the same person open; a wrong PIN, none in time, and the PIN first do not", async (context) => {
  const pin = await pinVerifier("4711", seededRandom(1));
  const { world, see } = await start(context, holder(ANN, ann, 2, { chains: [["FACE", "PIN"]], pin }));
  const photo = await personPhoto(PEOPLE["6d"]);
  const type = (digits: string): Promise<{ readonly outcome: string }> => world.driver.present(234, "entry", { kind: "pin", digits });
  assert.equal((await type("4711")).outcome, "refused", "nobody is known yet");
  assert.equal(await see(photo), "wait_factor");
  assert.equal((await type("4712")).outcome, "refused");
  assert.equal(await see(photo), "wait_factor");
  world.time.advance(10_000);
  assert.equal(await see(photo), "wait_factor");
  assert.equal((await type("4711")).outcome, "opened");
  assert.deepEqual(
    world.events().map(({ eventType, authId, detail }) => [eventType, authId ?? null, detail?.["reason"] ?? null]),
    [
      ["DEV_PIN_AUTH_FAIL", null, "unknown"],
      ["DEV_PIN_AUTH_FAIL", ANN, "factor_failed"],
      ["DEV_PIN_AUTH_FAIL", ANN, "factor_timeout"],
      ["DEV_FACE_THEN_PIN_AUTH_SUCCESS", ANN, null],
      ["DEV_DOOR_RELAY_ON", null, null],
    ],
  );
});

test("whoever stays before a camera that looks all the time is taken once, and again after a while", async (context) => {
  const { world, camera } = await start(context, holder(ANN, ann));
  const photo = await personPhoto(PEOPLE["6d"]);
  const glimpse = async (): Promise<string | null> => (await camera.glimpse(234, "entry", photo))?.outcome ?? null;
  assert.deepEqual([await glimpse(), await glimpse()], ["opened", null]);
  world.time.advance(SAME_FACE_MS);
  assert.equal(await glimpse(), "opened");
  assert.equal(world.types().filter((type) => type === "DEV_FACE_AUTH_SUCCESS").length, 2);
});

test("a camera that looks all the time tells nothing of nobody, and disturbs nobody who types a PIN", async (context) => {
  const pin = await pinVerifier("4711", seededRandom(1));
  const { world, camera } = await start(context, holder(ANN, ann, 2, { chains: [["FACE", "PIN"]], pin }), holder(BEA, bea));
  assert.equal(await camera.glimpse(234, "entry", await groupPhoto(3)), null);
  assert.equal((await camera.glimpse(234, "entry", await personPhoto(PEOPLE["6d"])))?.outcome, "wait_factor");
  assert.equal(await camera.glimpse(234, "entry", await personPhoto(PEOPLE["3a"])), null);
  assert.equal((await world.driver.present(234, "entry", { kind: "pin", digits: "4711" })).outcome, "opened");
});

test("a template whose mark is not the item's is a failure of that item", async (context) => {
  const { world, see } = await start(context, { ...holder(ANN, ann), faceTemplates: [bea] });
  assert.equal(world.replica.contents.failureCount, 1);
  assert.equal(await see(await personPhoto(PEOPLE["3a"])), "refused");
});

test("the more people are enrolled the nearer a face must be, and beyond the bound a face alone opens nothing", () => {
  const threshold = (count: number): number | null => matchThreshold(DEFAULT_PACK, count);
  assert.deepEqual([1, 4, 5, 60, 300, 10_000].map(threshold), [0.5, 0.5, 0.48, 0.46, 0.44, 0.4]);
  assert.equal(threshold(10_001), null);
  const matcher = new FaceMatcher(async () => pool);
  const far = writeTemplate(DEFAULT_PACK, new Float32Array(128).fill(1));
  for (let id = 1; id <= 10_001; id += 1) matcher.hold(id, [far]);
  assert.deepEqual(matcher.find(new Float32Array(128).fill(1)), { kind: "unclear", because: "gallery_too_large" });
});

test("two people who are as near as each other are told apart by nobody", () => {
  const matcher = new FaceMatcher(async () => pool);
  const one = new Float32Array(128);
  const twin = Float32Array.from(one, (_, index) => (index === 0 ? 0.03 : 0));
  matcher.hold(1, [writeTemplate(DEFAULT_PACK, one)]);
  assert.deepEqual(matcher.find(one), { kind: "known", authId: 1 });
  matcher.hold(2, [writeTemplate(DEFAULT_PACK, twin)]);
  assert.deepEqual(matcher.find(one), { kind: "unknown" });
});
