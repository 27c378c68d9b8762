import { groupPhoto, PEOPLE, personPhoto } from "@postern/face/testing";
import sharp from "sharp";

/** Pictures in base64 to ask with by chance. */
export interface FuzzedPictures {
  /** One face each. */
  readonly good: readonly string[];
  /** Everything else that somebody may send in the place of one. */
  readonly bad: readonly string[];
}

/** Real ones of real people, small so that thousands of requests carry them, and what is none, is broken, or says that it is larger than it is. */
export async function fuzzedPictures(): Promise<FuzzedPictures> {
  const [ann, bea] = [await personPhoto(PEOPLE["6d"]), await personPhoto(PEOPLE["3a"])];
  const small = await sharp(ann).resize(240).jpeg({ quality: 80 }).toBuffer();
  const crowd = await sharp(await groupPhoto(3))
    .resize(480)
    .jpeg({ quality: 70 })
    .toBuffer();
  const grey = sharp({ create: { width: 64, height: 64, channels: 3, background: "#777" } });
  const good = [small, await sharp(bea).resize(240).webp().toBuffer(), await sharp(ann).resize(200).png().toBuffer()];
  const bad = [
    await grey.clone().jpeg().toBuffer(),
    crowd,
    await sharp(ann).resize(80).blur(8).jpeg().toBuffer(),
    await sharp(ann).resize(240).rotate(180).jpeg().toBuffer(),
    small.subarray(0, small.length / 2),
    small.subarray(1),
    damaged(small),
    hugePng(),
    Buffer.from('<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>'),
    Buffer.from("GIF89a"),
    Buffer.from([0xff, 0xd8, 0xff]),
    Buffer.alloc(3),
  ];
  const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString("base64");
  const words = ["no base64!", "=", "data:image/jpeg;base64,", `data:image/png;base64,${base64(small)}`];
  return { good: good.map(base64), bad: [...bad.map(base64), ...words] };
}

function damaged(jpeg: Uint8Array): Buffer {
  const bytes = Buffer.from(jpeg);
  for (let at = 200; at < bytes.length; at += 97) bytes[at] = (bytes[at] ?? 0) ^ 0x5a;
  return bytes;
}

/** A PNG whose head promises ten thousand million pixels, and which ends there. */
function hugePng(): Buffer {
  const head = Buffer.from("89504e470d0a1a0a0000000d49484452000186a0000186a00802000000", "hex");
  return Buffer.concat([head, Buffer.alloc(4)]);
}
