import sharp from "sharp";
import { chipToPicture } from "./align-face.ts";
import { type Picture, type Point, sampleSquare } from "./picture.ts";

/** CLUe §7: what an answer shows of a face where a place keeps crops. */
const CROP_SIDE = 112;
const QUALITY = 85;

/** The aligned face as a JPEG of 112 pixels. */
export async function writeCrop(picture: Picture, landmarks: readonly Point[]): Promise<Uint8Array> {
  const planes = sampleSquare(picture, chipToPicture(landmarks, CROP_SIDE), CROP_SIDE);
  const area = CROP_SIDE * CROP_SIDE;
  const rgb = new Uint8Array(area * 3);
  for (let at = 0; at < area; at += 1)
    for (let channel = 0; channel < 3; channel += 1) rgb[at * 3 + channel] = Math.round(planes[channel * area + at] ?? 0);
  return sharp(rgb, { raw: { width: CROP_SIDE, height: CROP_SIDE, channels: 3 } })
    .jpeg({ quality: QUALITY })
    .toBuffer();
}
