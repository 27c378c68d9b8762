import { CHIP_SIDE } from "./align-face.ts";
import type { Point } from "./picture.ts";

/** What can be told of a face from its landmarks and its aligned chip. Whether something covers it cannot: these models do not say. */
export interface FaceQuality {
  /** Between the pupils, in pixels of the picture. */
  readonly eyeDistancePx: number;
  /** Degrees by which the head leans to a shoulder. */
  readonly rollDegrees: number;
  /** 0 straight ahead; the logarithm of how much further the nose is from one eye than from the other. */
  readonly yaw: number;
  /** About 0 straight ahead; below it the head is lowered, above it raised. */
  readonly pitch: number;
  /** Variance of the Laplacian of the brightness, 0 to 255: small when nothing has an edge. */
  readonly sharpness: number;
  /** Mean brightness of the face, 0 to 255. */
  readonly brightness: number;
  /** The part of the face that is black or white without any detail, 0 to 1. */
  readonly clipped: number;
}

const LEFT_EYE = [36, 37, 38, 39, 40, 41] as const;
const RIGHT_EYE = [42, 43, 44, 45, 46, 47] as const;
const NOSE_TIP = 30;
const MOUTH = [48, 54] as const;

/** Of a nose that stands midway between eyes and mouth, as in dlib's mean face. */
const PITCH_STRAIGHT = 0.62;

export function measureQuality(landmarks: readonly Point[], chip: Float32Array): FaceQuality {
  const [left, right] = [meanOf(landmarks, LEFT_EYE), meanOf(landmarks, RIGHT_EYE)];
  const nose = meanOf(landmarks, [NOSE_TIP]);
  const mouth = meanOf(landmarks, MOUTH);
  const eyes = { x: right.x - left.x, y: right.y - left.y };
  const eyeDistancePx = Math.hypot(eyes.x, eyes.y);
  const along = (point: Point): number => ((point.x - left.x) * eyes.x + (point.y - left.y) * eyes.y) / eyeDistancePx ** 2;
  const below = (point: Point): number => ((point.y - left.y) * eyes.x - (point.x - left.x) * eyes.y) / eyeDistancePx ** 2;
  const across = Math.min(0.99, Math.max(0.01, along(nose)));
  return {
    eyeDistancePx,
    rollDegrees: (Math.atan2(eyes.y, eyes.x) * 180) / Math.PI,
    yaw: Math.log(across / (1 - across)),
    pitch: PITCH_STRAIGHT - below(nose) / Math.max(0.01, below(mouth)),
    ...measureLight(chip),
  };
}

function meanOf(points: readonly Point[], indexes: readonly number[]): Point {
  const sum = indexes.reduce(
    (total, index) => ({ x: total.x + (points[index]?.x ?? Number.NaN), y: total.y + (points[index]?.y ?? Number.NaN) }),
    { x: 0, y: 0 },
  );
  return { x: sum.x / indexes.length, y: sum.y / indexes.length };
}

/** The middle of the chip: hair and background say nothing about the face. */
const FROM = Math.round(CHIP_SIDE * 0.2);
const TO = Math.round(CHIP_SIDE * 0.8);

function measureLight(chip: Float32Array): Pick<FaceQuality, "sharpness" | "brightness" | "clipped"> {
  const area = CHIP_SIDE * CHIP_SIDE;
  const light = (x: number, y: number): number => {
    const at = y * CHIP_SIDE + x;
    return 0.299 * (chip[at] ?? 0) + 0.587 * (chip[area + at] ?? 0) + 0.114 * (chip[2 * area + at] ?? 0);
  };
  let [count, sum, edges, edgesSquared, clipped] = [0, 0, 0, 0, 0];
  for (let y = FROM; y < TO; y += 1) {
    for (let x = FROM; x < TO; x += 1) {
      const here = light(x, y);
      const edge = light(x - 1, y) + light(x + 1, y) + light(x, y - 1) + light(x, y + 1) - 4 * here;
      count += 1;
      sum += here;
      edges += edge;
      edgesSquared += edge * edge;
      if (here < 8 || here > 247) clipped += 1;
    }
  }
  const mean = edges / count;
  return { sharpness: edgesSquared / count - mean * mean, brightness: sum / count, clipped: clipped / count };
}
