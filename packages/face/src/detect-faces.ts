import { FACES_COUNT_MAX } from "./limits.ts";
import { type Box, type Picture, sampleSquare } from "./picture.ts";

export interface DetectedFace {
  readonly box: Box;
  /** From 0 to 1. */
  readonly score: number;
}

/** The detector's answer for one square picture: [25, cells, cells], for each of five anchors x, y, width, height and score. */
export type RunDetector = (image: Float32Array, size: number) => Promise<{ readonly data: Float32Array; readonly cells: number }>;

/** Sides the picture is looked at with: a face that fills it is found in the small one, one across the room in the large one. */
const SIZES = [256, 512] as const;

/** Widths and heights in cells that the five boxes of a cell start from: part of the model. */
const ANCHORS = [
  [1.603231, 2.094468],
  [6.041143, 7.080126],
  [2.882459, 3.518061],
  [4.266906, 5.178857],
  [9.041765, 10.66308],
] as const;
const FIELDS = 5;

/** Below it the detector sees faces in curtains. */
const SCORE_MIN = 0.5;
/** Two boxes that share more than this are of one face. */
const OVERLAP_MAX = 0.4;

/** The faces of a picture, the surest first. */
export async function detectFaces(picture: Picture, run: RunDetector): Promise<readonly DetectedFace[]> {
  const side = Math.max(picture.width, picture.height);
  const found: DetectedFace[] = [];
  for (const size of SIZES) {
    const scale = side / size;
    const image = sampleSquare(picture, { a: scale, b: 0, dx: (scale - 1) / 2, dy: (scale - 1) / 2 }, size);
    const { data, cells } = await run(image, size);
    found.push(...boxesOf(data, cells, side));
  }
  return withoutRepeats(found).slice(0, FACES_COUNT_MAX);
}

function boxesOf(data: Float32Array, cells: number, side: number): DetectedFace[] {
  const area = cells * cells;
  const found: DetectedFace[] = [];
  for (const [anchor, [anchorWidth, anchorHeight]] of ANCHORS.entries()) {
    for (let cell = 0; cell < area; cell += 1) {
      const field = (index: number): number => data[(anchor * FIELDS + index) * area + cell] ?? Number.NaN;
      const score = sigmoid(field(4));
      if (!(score >= SCORE_MIN)) continue;
      const width = (Math.exp(field(2)) * anchorWidth * side) / cells;
      const height = (Math.exp(field(3)) * anchorHeight * side) / cells;
      const centreX = (((cell % cells) + sigmoid(field(0))) * side) / cells;
      const centreY = ((Math.floor(cell / cells) + sigmoid(field(1))) * side) / cells;
      found.push({ score, box: { left: centreX - width / 2, top: centreY - height / 2, width, height } });
    }
  }
  return found;
}

function withoutRepeats(found: readonly DetectedFace[]): DetectedFace[] {
  const kept: DetectedFace[] = [];
  for (const face of [...found].sort((left, right) => right.score - left.score)) {
    if (kept.every((other) => overlap(face.box, other.box) <= OVERLAP_MAX)) kept.push(face);
  }
  return kept;
}

/** The larger of the shared area over both together, and over the smaller one: a box inside another is of the same face. */
function overlap(one: Box, other: Box): number {
  const width = Math.min(one.left + one.width, other.left + other.width) - Math.max(one.left, other.left);
  const height = Math.min(one.top + one.height, other.top + other.height) - Math.max(one.top, other.top);
  if (width <= 0 || height <= 0) return 0;
  const shared = width * height;
  const [areaOne, areaOther] = [one.width * one.height, other.width * other.height];
  return Math.max(shared / (areaOne + areaOther - shared), 0.6 * (shared / Math.min(areaOne, areaOther)));
}

function sigmoid(value: number): number {
  return 1 / (1 + Math.exp(-value));
}
