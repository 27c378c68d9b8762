import { CHIP_SIDE, chipToPicture } from "./align-face.ts";
import { decodePicture } from "./decode-picture.ts";
import { type DetectedFace, detectFaces } from "./detect-faces.ts";
import type { FaceModels } from "./face-models.ts";
import { type FaceQuality, measureQuality } from "./measure-quality.ts";
import { type Picture, type Point, sampleSquare } from "./picture.ts";
import { type QualityPolicy, type QualityProblem, qualityProblem } from "./quality-policy.ts";
import { writeCrop } from "./write-crop.ts";

/** What a photo is found to be. */
export type PhotoOutcome =
  | { readonly kind: "face"; readonly template: Float32Array; readonly quality: FaceQuality; readonly crop: Uint8Array | null }
  | { readonly kind: "refused"; readonly because: PhotoProblem };

export type PhotoProblem = "too_many_bytes" | "not_an_image" | "too_many_pixels" | "damaged" | "no_face" | "several_faces" | QualityProblem;

export interface ExamineOptions {
  readonly policy: QualityPolicy;
  /** Whether the aligned crop of 112 pixels is wanted, as a JPEG. */
  readonly wantsCrop: boolean;
}

/** A second face counts when it is at least this part as wide as the first: somebody far behind is not in the way. */
const SECOND_FACE_RATIO = 0.45;

const LANDMARKS_SIDE = 112;

/** Decodes a photo, finds the one face in it, judges it and makes its template. Nothing of the photo is kept. */
export async function examinePhoto(bytes: Uint8Array, models: FaceModels, options: ExamineOptions): Promise<PhotoOutcome> {
  const decoded = await decodePicture(bytes);
  if (decoded.kind === "refused") return decoded;
  const [face, ...others] = largestFirst(await detectFaces(decoded.picture, models.detect));
  if (face === undefined) return refused("no_face");
  if (others.some((other) => other.box.width >= face.box.width * SECOND_FACE_RATIO)) return refused("several_faces");
  return examineFace(decoded.picture, face, { models, ...options });
}

async function examineFace(
  picture: Picture,
  face: DetectedFace,
  { models, policy, wantsCrop }: ExamineOptions & { models: FaceModels },
): Promise<PhotoOutcome> {
  const landmarks = await landmarksOf(picture, face, models);
  const chip = sampleSquare(picture, chipToPicture(landmarks, CHIP_SIDE), CHIP_SIDE);
  const quality = measureQuality(landmarks, chip);
  const problem = qualityProblem(quality, policy);
  if (problem !== null) return refused(problem);
  const template = await models.embed(chip);
  return { kind: "face", template, quality, crop: wantsCrop ? await writeCrop(picture, landmarks) : null };
}

async function landmarksOf(picture: Picture, { box }: DetectedFace, models: FaceModels): Promise<readonly Point[]> {
  const side = Math.max(box.width, box.height);
  const left = box.left + (box.width - side) / 2;
  const top = box.top + (box.height - side) / 2;
  const scale = side / LANDMARKS_SIDE;
  const toPicture = { a: scale, b: 0, dx: left + (scale - 1) / 2, dy: top + (scale - 1) / 2 };
  const points = await models.landmarks(sampleSquare(picture, toPicture, LANDMARKS_SIDE));
  return Array.from({ length: points.length / 2 }, (_, index) => ({
    x: left + (points[2 * index] ?? Number.NaN) * side,
    y: top + (points[2 * index + 1] ?? Number.NaN) * side,
  }));
}

function largestFirst(faces: readonly DetectedFace[]): readonly DetectedFace[] {
  return [...faces].sort((left, right) => right.box.width - left.box.width);
}

function refused(because: PhotoProblem): PhotoOutcome {
  return { kind: "refused", because };
}
