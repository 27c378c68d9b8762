import type { Point, Similarity } from "./picture.ts";

/** Side of the square that the embedder sees. */
export const CHIP_SIDE = 150;
/** Around the mean face, as a part of its side: dlib's own for recognition. */
const CHIP_PADDING = 0.25;

/** Where points 17 to 67 of the sixty-eight lie in a mean face, from 0 to 1. Figures of dlib's `get_face_chip_details` (Boost Software License). */
const MEAN_X = [
  0.000213256, 0.0752622, 0.18113, 0.29077, 0.393397, 0.586856, 0.689483, 0.799124, 0.904991, 0.98004, 0.490127, 0.490127, 0.490127,
  0.490127, 0.36688, 0.426036, 0.490127, 0.554217, 0.613373, 0.121737, 0.187122, 0.265825, 0.334606, 0.260918, 0.182743, 0.645647, 0.714428,
  0.793132, 0.858516, 0.79751, 0.719335, 0.254149, 0.340985, 0.428858, 0.490127, 0.551395, 0.639268, 0.726104, 0.642159, 0.556721, 0.490127,
  0.423532, 0.338094, 0.290379, 0.428096, 0.490127, 0.552157, 0.689874, 0.553364, 0.490127, 0.42689,
] as const;
const MEAN_Y = [
  0.106454, 0.038915, 0.0187482, 0.0344891, 0.0773906, 0.0773906, 0.0344891, 0.0187482, 0.038915, 0.106454, 0.203352, 0.307009, 0.409805,
  0.515625, 0.587326, 0.609345, 0.628106, 0.609345, 0.587326, 0.216423, 0.178758, 0.179852, 0.231733, 0.245099, 0.244077, 0.231733,
  0.179852, 0.178758, 0.216423, 0.244077, 0.245099, 0.780233, 0.745405, 0.727388, 0.742578, 0.727388, 0.745405, 0.780233, 0.864805,
  0.902192, 0.909281, 0.902192, 0.864805, 0.784792, 0.778746, 0.785343, 0.778746, 0.784792, 0.824182, 0.831803, 0.824182,
] as const;

/** Eyebrows and the lower lip move with the mood, so that they say little about where a face is. */
function isSteady(index: number): boolean {
  return index >= 27 && !(index >= 55 && index <= 59);
}

/** What leads from a pixel of a chip of `side` pixels to the picture in which the landmarks were found. */
export function chipToPicture(landmarks: readonly Point[], side: number): Similarity {
  const pairs = landmarks.flatMap((point, index): [Point, Point][] => {
    const [x, y] = [MEAN_X[index - 17], MEAN_Y[index - 17]];
    if (!isSteady(index) || x === undefined || y === undefined) return [];
    const place = (mean: number): number => ((CHIP_PADDING + mean) / (2 * CHIP_PADDING + 1)) * side;
    return [[{ x: place(x), y: place(y) }, point]];
  });
  return similarityOf(pairs);
}

/** The similarity that leads the first of each pair closest to the second, by least squares. */
export function similarityOf(pairs: readonly (readonly [Point, Point])[]): Similarity {
  const mean = (pick: (pair: readonly [Point, Point]) => number): number => pairs.reduce((sum, pair) => sum + pick(pair), 0) / pairs.length;
  const from = { x: mean(([one]) => one.x), y: mean(([one]) => one.y) };
  const to = { x: mean(([, other]) => other.x), y: mean(([, other]) => other.y) };
  let dot = 0;
  let cross = 0;
  let norm = 0;
  for (const [one, other] of pairs) {
    const [x, y] = [one.x - from.x, one.y - from.y];
    const [u, v] = [other.x - to.x, other.y - to.y];
    dot += x * u + y * v;
    cross += x * v - y * u;
    norm += x * x + y * y;
  }
  const [a, b] = [dot / norm, cross / norm];
  return { a, b, dx: to.x - a * from.x + b * from.y, dy: to.y - b * from.x - a * from.y };
}
