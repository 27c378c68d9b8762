import assert from "node:assert/strict";
import { after, test } from "node:test";
import { systemTimers } from "@postern/core";
import sharp, { type Sharp } from "sharp";
import { renderSVG } from "uqr";
import { PICTURES_WAITING_MAX, SAME_QR_MS } from "../../src/limits.ts";
import { QrCamera } from "../../src/qr/qr-camera.ts";
import { QrPictures } from "../../src/qr/qr-pictures.ts";
import { NOW_MS } from "../support/builders.ts";
import { ManualTime } from "../support/manual-time.ts";
import { QrPhone } from "../support/qr-phone.ts";

const pictures = new QrPictures(systemTimers);
after(() => pictures.stop());

const phone = new QrPhone();
const CODE = phone.codeAt(NOW_MS);

function codePicture(text: string): Sharp {
  return sharp(Buffer.from(renderSVG(text, { ecc: "M", border: 4, pixelSize: 6 })));
}

/** A code as a camera sees it: turned, small in a grey picture, a little blurred, and compressed. */
async function asSeen(text: string): Promise<Buffer> {
  const code = await codePicture(text).resize(340).rotate(12, { background: "#9a9a9a" }).png().toBuffer();
  const scene = sharp({ create: { width: 1_280, height: 720, channels: 3, background: "#9a9a9a" } }).composite([
    { input: code, left: 420, top: 130 },
  ]);
  return sharp(await scene.png().toBuffer())
    .blur(0.8)
    .modulate({ brightness: 0.8 })
    .jpeg({ quality: 60 })
    .toBuffer();
}

test("a phone's code is read from a clean picture and from one as a camera takes it", async () => {
  for (const picture of [await codePicture(CODE).png().toBuffer(), await codePicture(CODE).webp().toBuffer(), await asSeen(CODE)])
    assert.deepEqual(await pictures.read(picture), { kind: "codes", texts: [CODE] });
});

test("a picture without a code shows none, and what is no picture, or cut off, is said to be so", async () => {
  const grey = await sharp({ create: { width: 64, height: 64, channels: 3, background: "#777" } })
    .jpeg()
    .toBuffer();
  assert.deepEqual(await pictures.read(grey), { kind: "codes", texts: [] });
  assert.deepEqual(await pictures.read(Buffer.from("no picture")), { kind: "refused", because: "not_an_image" });
  const cut = (await asSeen(CODE)).subarray(0, 9_000);
  assert.equal((await pictures.read(cut)).kind, "refused");
});

test("more pictures than can wait are refused, and those that wait are read", async () => {
  const picture = await codePicture("TICKET").png().toBuffer();
  const reading = Array.from({ length: PICTURES_WAITING_MAX + 1 }, () => pictures.read(picture));
  await assert.rejects(pictures.read(picture), { code: "busy" });
  for (const read of await Promise.all(reading)) assert.deepEqual(read, { kind: "codes", texts: ["TICKET"] });
});

test("a thread that hangs on one picture is ended with it, and the next picture is read by another", async () => {
  let expire = (): void => undefined;
  const impatient = new QrPictures({
    after: (_name, _delayMs, action) => {
      expire = action;
      return { cancel: () => undefined };
    },
  });
  const picture = await codePicture("TICKET").png().toBuffer();
  const first = impatient.read(picture);
  expire();
  await assert.rejects(first, { code: "driver_failed" });
  assert.deepEqual(await impatient.read(picture), { kind: "codes", texts: ["TICKET"] });
  const last = assert.rejects(impatient.read(picture), { code: "stopping" });
  await impatient.stop();
  await last;
  await assert.rejects(impatient.read(picture), { code: "stopping" });
});

test("a code that stays before a camera is taken once in a while, however often its phone renews it, and another one at once", async () => {
  const time = new ManualTime();
  const shown: string[] = [];
  let texts: string[] = [];
  const camera = new QrCamera({
    pictures: { read: async () => ({ kind: "codes", texts }) },
    clock: time,
    present: async (_doorId, _side, credential) => {
      shown.push(credential.kind === "qr" ? credential.payload : credential.kind);
      return { outcome: "opened", person: null };
    },
  });
  const look = async (...seen: string[]): Promise<void> => {
    texts = seen;
    await camera.glimpse(234, "entry", new Uint8Array());
  };
  await look(CODE);
  time.advance(5_000);
  await look(phone.codeAt(NOW_MS + 5_000));
  time.advance(SAME_QR_MS - 5_001);
  await look(CODE);
  assert.deepEqual(shown, [CODE]);
  await look("TICKET", "OTHER");
  await look();
  assert.deepEqual(shown, [CODE], "two codes at once say of nobody who is meant");
  await look("TICKET");
  await camera.glimpse(234, "exit", new Uint8Array());
  assert.deepEqual(shown, [CODE, "TICKET", "TICKET"], "each side looks for itself");
  time.advance(SAME_QR_MS);
  await look("TICKET");
  assert.equal(shown.length, 4);
});

test("a picture that somebody presents has to show one code", async () => {
  const camera = new QrCamera({ pictures, clock: new ManualTime(), present: async () => ({ outcome: "opened", person: null }) });
  assert.deepEqual(await camera.see(234, "entry", await asSeen(CODE)), { outcome: "opened", person: null });
  const grey = await sharp({ create: { width: 64, height: 64, channels: 3, background: "#777" } })
    .png()
    .toBuffer();
  await assert.rejects(camera.see(234, "entry", grey), { code: "qr_unclear" });
});
