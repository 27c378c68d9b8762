import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import type { FaceModels } from "@postern/face";
import { type Box, decodePicture, detectFaces } from "@postern/face/internal";
import { groupPhoto } from "@postern/face/testing";
import sharp, { type Sharp } from "sharp";

/** A picture of one person. */
export interface FaceSample {
  readonly person: string;
  /** Two people of one scene are certainly different; of two scenes, only where the labels are somebody's word. */
  readonly scene: string | null;
  /** `original`, or how it was spoiled. */
  readonly variant: string;
  readonly bytes: Buffer;
}

const GROUP_PHOTOS = [1, 2, 3, 4, 5, 6];

/** A face with its hair and chin, so that the detector finds it again: the box, this much wider and higher. */
const CUT_MARGIN = 1.5;

/** What cameras and networks do to a picture. */
const SPOILERS: Readonly<Record<string, (picture: Sharp, width: number) => Sharp>> = {
  "strong compression": (picture) => picture.jpeg({ quality: 25 }),
  blur: (picture, width) => picture.blur(Math.max(0.8, width / 130)).jpeg(),
  dark: (picture) => picture.modulate({ brightness: 0.5 }).jpeg(),
  bright: (picture) => picture.modulate({ brightness: 1.5 }).jpeg(),
  small: (picture) => picture.resize({ width: 110 }).jpeg(),
  "turned left": (picture) => picture.rotate(-12, { background: "#808080" }).jpeg(),
  "turned right": (picture) => picture.rotate(12, { background: "#808080" }).jpeg(),
  mirrored: (picture) => picture.flop().jpeg(),
  grey: (picture) => picture.greyscale().jpeg(),
};

/** The faces of the group photos that come with the models, each as it is and spoiled in every way. They have no names: a face is a person of its scene. */
export async function shippedSamples(models: FaceModels): Promise<FaceSample[]> {
  const samples: FaceSample[] = [];
  for (const number of GROUP_PHOTOS) {
    const photo = await groupPhoto(number);
    const decoded = await decodePicture(photo);
    if (decoded.kind === "refused") throw new TypeError(`group photo ${number}: ${decoded.because}`);
    const { width, height } = decoded.picture;
    const faces = await detectFaces(decoded.picture, models.detect);
    for (const [index, { box }] of faces.entries()) {
      const part = cutOf(box, width, height);
      const cut = await sharp(photo).rotate().resize({ width, height, fit: "fill" }).extract(part).png().toBuffer();
      const of = { person: `${number}.${index + 1}`, scene: String(number) };
      samples.push({ ...of, variant: "original", bytes: await sharp(cut).jpeg({ quality: 95 }).toBuffer() });
      for (const [variant, spoil] of Object.entries(SPOILERS)) {
        samples.push({ ...of, variant, bytes: await spoil(sharp(cut), part.width).toBuffer() });
      }
    }
  }
  return samples;
}

function cutOf(
  { left, top, width, height }: Box,
  across: number,
  down: number,
): { left: number; top: number; width: number; height: number } {
  const [halfWidth, halfHeight] = [(width * CUT_MARGIN) / 2, (height * CUT_MARGIN) / 2];
  const [fromX, fromY] = [Math.max(0, Math.round(left + width / 2 - halfWidth)), Math.max(0, Math.round(top + height / 2 - halfHeight))];
  const [toX, toY] = [
    Math.min(across, Math.round(left + width / 2 + halfWidth)),
    Math.min(down, Math.round(top + height / 2 + halfHeight)),
  ];
  return { left: fromX, top: fromY, width: toX - fromX, height: toY - fromY };
}

/** A folder with a folder for each person, of that person's photos: the labels are the caller's word. */
export async function samplesOfFolder(folder: string): Promise<FaceSample[]> {
  const people = (await readdir(folder, { withFileTypes: true })).filter((entry) => entry.isDirectory());
  const samples: FaceSample[] = [];
  for (const { name: person } of people) {
    for (const file of (await readdir(join(folder, person))).toSorted()) {
      const bytes = await readFile(join(folder, person, file));
      samples.push({ person, scene: null, variant: "original", bytes });
    }
  }
  if (people.length < 2) throw new TypeError(`${folder}: wants a folder for each of two people at least, with their photos in it`);
  return samples;
}
