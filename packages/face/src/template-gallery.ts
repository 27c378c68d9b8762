import { type DistanceKernel, distanceKernel, ROW_BYTES_STEP } from "./distance-kernel.ts";

/** The nearest of a gallery to a probe. Distances are squared Euclidean; `second` is the nearest of another owner, infinite when there is none. */
export interface Nearest {
  readonly ownerId: number;
  readonly distance: number;
  readonly second: number;
}

/** How many templates one growth makes room for at least. */
const ROOM_MIN = 64;
const NUMBER_BYTES = Float32Array.BYTES_PER_ELEMENT;
const PAGE_BYTES = 65_536;

/** Every template of a door in one flat array, so that a probe is compared with all of them at the speed of memory. An owner may have several. */
export class TemplateGallery {
  readonly #dimensions: number;
  /** Numbers from one row to the next: those of a template, and zeros up to the kernel's step. */
  readonly #stride: number;
  #room: Room;
  #owners: Float64Array;
  #count = 0;
  readonly #rows = new Map<number, number[]>();

  constructor(dimensions: number) {
    this.#dimensions = dimensions;
    this.#stride = Math.ceil((dimensions * NUMBER_BYTES) / ROW_BYTES_STEP) * (ROW_BYTES_STEP / NUMBER_BYTES);
    this.#room = roomFor(ROOM_MIN, this.#stride);
    this.#owners = new Float64Array(ROOM_MIN);
  }

  get templateCount(): number {
    return this.#count;
  }

  get ownerCount(): number {
    return this.#rows.size;
  }

  /** Gives an owner exactly these templates; none takes the owner away. A template of another length is our bug. */
  put(ownerId: number, templates: readonly Float32Array[]): void {
    for (const row of (this.#rows.get(ownerId) ?? []).toSorted((left, right) => right - left)) this.#removeRow(row);
    this.#rows.delete(ownerId);
    for (const template of templates) this.#append(ownerId, template);
  }

  /**
   * The nearest owner, or null in an empty gallery. A probe of another length, or with a number that is none, is near nobody. All rows are measured in
   * single precision; those that could be the nearest or the second person are measured again in double, so that none is decided by rounding.
   */
  nearest(probe: Float32Array): Nearest | null {
    if (probe.length !== this.#dimensions || this.#count === 0) return null;
    const { measure, probeRow, distances } = this.#room;
    probeRow.set(probe);
    measure(this.#count);
    const rough = rank(this.#count, (row) => distances[row] ?? Number.NaN, this.#owners);
    if (rough === null) return null;
    const limit = rough.second * roundingOf(this.#dimensions);
    const near: number[] = [];
    for (let row = 0; row < this.#count; row += 1) if ((distances[row] ?? Number.NaN) <= limit) near.push(row);
    const owners = near.map((row) => this.#owners[row] ?? Number.NaN);
    return rank(near.length, (index) => this.#distance(near[index] ?? 0, probe), owners);
  }

  /** The owners who have a template within a distance (squared) of a probe, the nearest first, and no more than `countMax`. */
  within(probe: Float32Array, distanceMax: number, countMax: number): readonly { readonly ownerId: number; readonly distance: number }[] {
    if (probe.length !== this.#dimensions || this.#count === 0) return [];
    const { measure, probeRow, distances } = this.#room;
    probeRow.set(probe);
    measure(this.#count);
    const roughMax = distanceMax * roundingOf(this.#dimensions);
    const found = new Map<number, number>();
    for (let row = 0; row < this.#count; row += 1) {
      if (!((distances[row] ?? Number.NaN) <= roughMax)) continue;
      const distance = this.#distance(row, probe);
      const ownerId = this.#owners[row] ?? Number.NaN;
      if (distance <= Math.min(distanceMax, found.get(ownerId) ?? Number.POSITIVE_INFINITY)) found.set(ownerId, distance);
    }
    const owners = [...found].map(([ownerId, distance]) => ({ ownerId, distance }));
    return owners.toSorted((left, right) => left.distance - right.distance).slice(0, countMax);
  }

  #distance(row: number, probe: Float32Array): number {
    const from = row * this.#stride;
    let sum = 0;
    for (let at = 0; at < this.#dimensions; at += 1) sum += ((this.#room.numbers[from + at] ?? 0) - (probe[at] ?? 0)) ** 2;
    return sum;
  }

  #append(ownerId: number, template: Float32Array): void {
    if (this.#count === this.#owners.length) this.#grow();
    this.#room.numbers.set(template, this.#count * this.#stride);
    this.#owners[this.#count] = ownerId;
    this.#rows.set(ownerId, [...(this.#rows.get(ownerId) ?? []), this.#count]);
    this.#count += 1;
  }

  /** The last row takes its place, so that there is never a hole. */
  #removeRow(row: number): void {
    const last = this.#count - 1;
    const lastOwner = this.#owners[last] ?? Number.NaN;
    if (row !== last) {
      this.#room.numbers.copyWithin(row * this.#stride, last * this.#stride, this.#count * this.#stride);
      this.#owners[row] = lastOwner;
      const rows = this.#rows.get(lastOwner);
      if (rows !== undefined) rows[rows.indexOf(last)] = row;
    }
    this.#count = last;
  }

  #grow(): void {
    const owners = new Float64Array(this.#owners.length * 2);
    owners.set(this.#owners);
    const room = roomFor(owners.length, this.#stride);
    room.numbers.set(this.#room.numbers);
    this.#owners = owners;
    this.#room = room;
  }
}

/** Memory of the kernel: the probe, a distance for each row, the rows. */
interface Room {
  readonly probeRow: Float32Array;
  readonly distances: Float32Array;
  readonly numbers: Float32Array;
  /** Writes the distances of the first rows to the probe. */
  readonly measure: (count: number) => void;
}

function roomFor(rows: number, stride: number): Room {
  const rowBytes = stride * NUMBER_BYTES;
  const numbersAt = rowBytes + Math.ceil((rows * NUMBER_BYTES) / ROW_BYTES_STEP) * ROW_BYTES_STEP;
  const memory = new WebAssembly.Memory({ initial: Math.ceil((numbersAt + rows * rowBytes) / PAGE_BYTES) });
  const kernel: DistanceKernel = distanceKernel(memory);
  return {
    probeRow: new Float32Array(memory.buffer, 0, stride),
    distances: new Float32Array(memory.buffer, rowBytes, rows),
    numbers: new Float32Array(memory.buffer, numbersAt, rows * stride),
    measure: (count) => kernel(numbersAt, count, rowBytes, rowBytes),
  };
}

/** Each of the additions may round by a part in 2^24, twice over for the difference and the square; doubled, for the row and for the one it is compared with. */
function roundingOf(dimensions: number): number {
  return 1 + (4 * (dimensions + 4)) / 2 ** 24;
}

/** The nearest owner of rows with these distances, and how near the next owner is; null when no distance is a number. */
function rank(count: number, distanceOf: (row: number) => number, owners: ArrayLike<number>): Nearest | null {
  let best = Number.POSITIVE_INFINITY;
  let second = Number.POSITIVE_INFINITY;
  let ownerId = Number.NaN;
  for (let row = 0; row < count; row += 1) {
    const distance = distanceOf(row);
    if (!(distance < second)) continue;
    const owner = owners[row] ?? Number.NaN;
    if (distance < best) {
      if (owner !== ownerId) second = best;
      best = distance;
      ownerId = owner;
    } else if (owner !== ownerId) second = distance;
  }
  return Number.isNaN(ownerId) ? null : { ownerId, distance: best, second };
}
