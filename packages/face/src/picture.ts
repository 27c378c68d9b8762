/** RGB, three bytes a pixel, row by row, upright. */
export interface Picture {
  readonly width: number;
  readonly height: number;
  readonly rgb: Uint8Array;
}

/** A point in pixels of a picture. */
export interface Point {
  readonly x: number;
  readonly y: number;
}

export interface Box {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

/** Turns, scales and shifts: x' = a·x - b·y + dx, y' = b·x + a·y + dy. */
export interface Similarity {
  readonly a: number;
  readonly b: number;
  readonly dx: number;
  readonly dy: number;
}

/**
 * A square of `size` pixels whose pixel (x, y) comes from where `toSource` leads: the form networks take, [3, size, size], 0 to 255. Each pixel is
 * the mean of as many samples as source pixels it covers, so that a large face does not flicker when it is made small. Outside the picture is black.
 */
export function sampleSquare(picture: Picture, toSource: Similarity, size: number): Float32Array {
  const scale = Math.hypot(toSource.a, toSource.b);
  const perSide = Math.min(8, Math.max(1, Math.round(scale)));
  const planes = new Float32Array(3 * size * size);
  const weight = 1 / (perSide * perSide);
  for (let y = 0; y < size; y += 1) {
    for (let x = 0; x < size; x += 1) {
      for (let sample = 0; sample < perSide * perSide; sample += 1) {
        const offsetX = ((sample % perSide) + 0.5) / perSide - 0.5;
        const offsetY = (Math.floor(sample / perSide) + 0.5) / perSide - 0.5;
        addSample(picture, transformed(toSource, x + offsetX, y + offsetY), { planes, at: y * size + x, area: size * size, weight });
      }
    }
  }
  return planes;
}

interface Target {
  readonly planes: Float32Array;
  readonly at: number;
  readonly area: number;
  readonly weight: number;
}

/** Adds the colour at a place between four pixels. */
function addSample({ width, height, rgb }: Picture, { x, y }: Point, { planes, at, area, weight }: Target): void {
  const left = Math.floor(x);
  const top = Math.floor(y);
  for (let corner = 0; corner < 4; corner += 1) {
    const px = left + (corner & 1);
    const py = top + (corner >> 1);
    if (px < 0 || py < 0 || px >= width || py >= height) continue;
    const share = weight * (1 - Math.abs(x - px)) * (1 - Math.abs(y - py));
    const from = (py * width + px) * 3;
    for (let channel = 0; channel < 3; channel += 1) {
      const index = channel * area + at;
      planes[index] = (planes[index] ?? 0) + share * (rgb[from + channel] ?? 0);
    }
  }
}

export function transformed({ a, b, dx, dy }: Similarity, x: number, y: number): Point {
  return { x: a * x - b * y + dx, y: b * x + a * y + dy };
}
