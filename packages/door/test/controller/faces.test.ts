import assert from "node:assert/strict";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, type TestContext, test } from "node:test";
import type { WireItem } from "@postern/contract";
import { type AuthItem, CodedError, faceMark, systemTimers } from "@postern/core";
import { DEFAULT_PACK, ENROLMENT_POLICY, FacePool, preparePack, writeTemplate } from "@postern/face";
import { groupPhoto, PEOPLE, personPhoto } from "@postern/face/testing";
import sharp from "sharp";
import { FaceCamera } from "../../src/faces/face-camera.ts";
import { FaceMatcher } from "../../src/faces/face-matcher.ts";
import { faceThreshold } from "../../src/faces/face-threshold.ts";
import { UNKNOWN_FACE_MS } from "../../src/limits.ts";
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
  readonly see: (photo: Uint8Array) => Promise<string>;
}

async function start(context: TestContext, ...items: WireItem[]): Promise<FaceWorld> {
  const world = await DoorWorld.start(context, items);
  const matcher = new FaceMatcher(async () => pool);
  world.replica.contents.watchFaces((authId, templates) => matcher.hold(authId, templates));
  const camera = new FaceCamera({ matcher, clock: world.time, present: (...presented) => world.driver.present(...presented) });
  const see = async (photo: Uint8Array): Promise<string> => {
    try {
      return (await camera.see(234, "entry", photo)).outcome;
    } catch (failure) {
      return failure instanceof CodedError ? failure.message : String(failure);
    }
  };
  return { world, see };
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

test("a template whose mark is not the item's is a failure of that item", async (context) => {
  const { world, see } = await start(context, { ...holder(ANN, ann), faceTemplates: [bea] });
  assert.equal(world.replica.contents.failureCount, 1);
  assert.equal(await see(await personPhoto(PEOPLE["3a"])), "refused");
});

test("the more people are enrolled the nearer a face must be, and beyond the bound a face alone opens nothing", () => {
  assert.deepEqual([1, 4, 5, 60, 300, 10_000].map(faceThreshold), [0.5, 0.5, 0.48, 0.46, 0.44, 0.4]);
  assert.equal(faceThreshold(10_001), null);
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
