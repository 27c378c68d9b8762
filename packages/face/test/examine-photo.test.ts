import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import sharp from "sharp";
import {
  DOOR_POLICY,
  ENROLMENT_POLICY,
  examinePhoto,
  type FaceModels,
  loadFaceModels,
  type PhotoOutcome,
  preparePack,
} from "../src/index.ts";
import { catPhoto, groupPhoto, PEOPLE, personPhoto } from "./support/photos.ts";

let folder: string;
let models: FaceModels;
before(async () => {
  folder = await mkdtemp(join(tmpdir(), "postern-face-"));
  models = await loadFaceModels(await preparePack(folder));
});
after(() => rm(folder, { recursive: true }));

const examine = (bytes: Uint8Array, wantsCrop = false): Promise<PhotoOutcome> =>
  examinePhoto(bytes, models, { policy: ENROLMENT_POLICY, wantsCrop });

/** As a door makes it, which is content with a head that leans. */
async function templateOf(bytes: Uint8Array): Promise<Float32Array> {
  const outcome = await examinePhoto(bytes, models, { policy: DOOR_POLICY, wantsCrop: false });
  assert.equal(outcome.kind, "face", outcome.kind === "refused" ? outcome.because : "");
  return outcome.kind === "face" ? outcome.template : new Float32Array();
}

function distance(one: Float32Array, other: Float32Array): number {
  return Math.sqrt(one.reduce((sum, value, at) => sum + (value - (other[at] ?? Number.NaN)) ** 2, 0));
}

async function refusal(bytes: Uint8Array): Promise<string> {
  const outcome = await examine(bytes);
  return outcome.kind === "refused" ? outcome.because : outcome.kind;
}

const plain = (width: number, height: number) => sharp({ create: { width, height, channels: 3, background: "#777" } });

test("two pictures of one person are nearer to each other than to anybody else", async () => {
  const templates = new Map<string, Float32Array>();
  for (const [name, cut] of Object.entries(PEOPLE)) templates.set(name, await templateOf(await personPhoto(cut)));
  const between = (one: string, other: string): number =>
    distance(templates.get(one) ?? new Float32Array(), templates.get(other) ?? new Float32Array());
  const same = between("1c", "3b");
  assert.ok(same < 0.5, `${same}`);
  for (const name of ["3a", "4b", "6d"]) {
    assert.ok(between("1c", name) > same + 0.1, `1c-${name} ${between("1c", name)}`);
    assert.ok(between("3b", name) > same + 0.1, `3b-${name} ${between("3b", name)}`);
  }
});

test("the same face is itself through compression, size, a lean of the camera and every way of storing it", async () => {
  const original = await personPhoto(PEOPLE["6d"]);
  const template = await templateOf(original);
  const copies: Record<string, Buffer> = {
    jpeg: await sharp(original).jpeg({ quality: 30 }).toBuffer(),
    small: await sharp(original).resize(220).jpeg().toBuffer(),
    png: await sharp(original).png().toBuffer(),
    webp: await sharp(original).webp().toBuffer(),
    lean: await sharp(original).rotate(12, { background: "#444" }).jpeg().toBuffer(),
    grey: await sharp(original).greyscale().jpeg().toBuffer(),
  };
  for (const [name, copy] of Object.entries(copies)) assert.ok(distance(template, await templateOf(copy)) < 0.4, name);
});

test("a picture that a phone stored lying on its side is seen upright", async () => {
  const upright = await personPhoto(PEOPLE["6d"]);
  const lying = await sharp(await sharp(upright).rotate(-90).jpeg({ quality: 95 }).toBuffer())
    .withMetadata({ orientation: 6 })
    .jpeg({ quality: 95 })
    .toBuffer();
  assert.ok(distance(await templateOf(upright), await templateOf(lying)) < 0.2);
});

test("what is no good picture of one face is refused by what is wrong with it", async () => {
  const face = await personPhoto(PEOPLE["6d"]);
  assert.equal(await refusal(await groupPhoto(3)), "several_faces");
  assert.equal(await refusal(await personPhoto(PEOPLE["1c"])), "turned");
  assert.equal(await refusal(await catPhoto()), "no_face");
  assert.equal(
    await refusal(
      await sharp(await catPhoto())
        .resize(1_600)
        .jpeg()
        .toBuffer(),
    ),
    "no_face",
  );
  assert.equal(await refusal(await plain(800, 600).jpeg().toBuffer()), "no_face");
  assert.equal(await refusal(Buffer.from('<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>')), "not_an_image");
  assert.equal(await refusal(await plain(9, 9).gif().toBuffer()), "not_an_image");
  assert.equal(await refusal(Buffer.from("not a picture")), "not_an_image");
  assert.equal(await refusal(Buffer.alloc(0)), "not_an_image");
  assert.equal(await refusal(face.subarray(0, Math.floor(face.length / 2))), "damaged");
  assert.equal(await refusal(Buffer.alloc(10 * 1024 * 1024 + 1)), "too_many_bytes");
  assert.equal(await refusal(await sharp(face).blur(7).jpeg().toBuffer()), "blurred");
  assert.equal(await refusal(await sharp(face).linear(0.25, 0).jpeg().toBuffer()), "too_dark");
  assert.equal(await refusal(await sharp(face).resize(100).jpeg().toBuffer()), "too_small");
});

test("a bomb of a hundred million pixels is refused before it is decoded", async () => {
  const bomb = await plain(10_000, 10_000).png().toBuffer();
  assert.ok(bomb.length < 1_000_000);
  const startedMs = process.memoryUsage().rss;
  assert.equal(await refusal(bomb), "too_many_pixels");
  assert.ok(process.memoryUsage().rss - startedMs < 100_000_000);
});

test("a crop is a JPEG of 112 pixels when it is wanted, and not there when it is not", async () => {
  const photo = await personPhoto(PEOPLE["6d"]);
  const [kept, dropped] = [await examine(photo, true), await examine(photo)];
  assert.ok(kept.kind === "face" && kept.crop !== null);
  const { width, height, format } = await sharp(kept.crop).metadata();
  assert.deepEqual({ width, height, format }, { width: 112, height: 112, format: "jpeg" });
  assert.ok(dropped.kind === "face" && dropped.crop === null);
});
