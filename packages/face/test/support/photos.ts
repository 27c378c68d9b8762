import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import sharp from "sharp";

const FOLDER = join(dirname(createRequire(import.meta.url).resolve("@vladmandic/face-api/package.json")), "demo");

/** A group photo that comes with the models, from 1 to 6. */
export function groupPhoto(number: number): Promise<Buffer> {
  return readFile(join(FOLDER, `sample${number}.jpg`));
}

/** A cat that looks straight ahead: "Chelsea" of scikit-image's samples, dedicated to the public (CC0) by its photographer, Stefan van der Walt. */
export function catPhoto(): Promise<Buffer> {
  return readFile(new URL("cat.jpg", import.meta.url));
}

/** One person cut out of a group photo; the parts are of its width and height. */
export interface Cut {
  readonly photo: number;
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

/** Faces by their names in the study of the models: 1c and 3b are one person, all others of one photo are different people. */
export const PEOPLE = {
  "1c": { photo: 1, left: 0.66, top: 0.02, width: 0.32, height: 0.55 },
  "3b": { photo: 3, left: 0.46, top: 0.03, width: 0.28, height: 0.57 },
  "3a": { photo: 3, left: 0.17, top: 0.1, width: 0.33, height: 0.55 },
  "4b": { photo: 4, left: 0.62, top: 0.02, width: 0.25, height: 0.45 },
  "6d": { photo: 6, left: 0.02, top: 0.18, width: 0.29, height: 0.52 },
} as const satisfies Record<string, Cut>;

export async function personPhoto({ photo, left, top, width, height }: Cut): Promise<Buffer> {
  const bytes = await groupPhoto(photo);
  const { width: across = 0, height: down = 0 } = await sharp(bytes).metadata();
  const part = {
    left: Math.round(left * across),
    top: Math.round(top * down),
    width: Math.floor(width * across),
    height: Math.floor(height * down),
  };
  return sharp(bytes).extract(part).jpeg({ quality: 92 }).toBuffer();
}
