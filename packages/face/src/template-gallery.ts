/** The nearest of a gallery to a probe. Distances are squared Euclidean; `second` is the nearest of another owner, infinite when there is none. */
export interface Nearest {
  readonly ownerId: number;
  readonly distance: number;
  readonly second: number;
}

/** How many templates one growth makes room for at least. */
const ROOM_MIN = 64;

/** Every template of a door in one flat array, so that a probe is compared with all of them at the speed of memory. An owner may have several. */
export class TemplateGallery {
  readonly #dimensions: number;
  #numbers: Float32Array;
  #owners: Float64Array;
  #count = 0;
  readonly #rows = new Map<number, number[]>();

  constructor(dimensions: number) {
    this.#dimensions = dimensions;
    this.#numbers = new Float32Array(ROOM_MIN * dimensions);
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

  /** The nearest owner, or null in an empty gallery. A probe of another length, or with a number that is none, is near nobody. */
  nearest(probe: Float32Array): Nearest | null {
    if (probe.length !== this.#dimensions || this.#count === 0) return null;
    let best = Number.POSITIVE_INFINITY;
    let second = Number.POSITIVE_INFINITY;
    let ownerId = Number.NaN;
    for (let row = 0; row < this.#count; row += 1) {
      const distance = this.#distance(row, probe);
      if (!(distance < second)) continue;
      const owner = this.#owners[row] ?? Number.NaN;
      if (distance < best) {
        if (owner !== ownerId) second = best;
        best = distance;
        ownerId = owner;
      } else if (owner !== ownerId) second = distance;
    }
    return Number.isNaN(ownerId) ? null : { ownerId, distance: best, second };
  }

  /** Four sums at once: the processor adds them side by side. A template's length is a multiple of four. */
  #distance(row: number, probe: Float32Array): number {
    const template = this.#numbers;
    const from = row * this.#dimensions;
    let [one, two, three, four] = [0, 0, 0, 0];
    for (let at = 0; at < this.#dimensions; at += 4) {
      const a = (template[from + at] ?? 0) - (probe[at] ?? 0);
      const b = (template[from + at + 1] ?? 0) - (probe[at + 1] ?? 0);
      const c = (template[from + at + 2] ?? 0) - (probe[at + 2] ?? 0);
      const d = (template[from + at + 3] ?? 0) - (probe[at + 3] ?? 0);
      one += a * a;
      two += b * b;
      three += c * c;
      four += d * d;
    }
    return one + two + three + four;
  }

  #append(ownerId: number, template: Float32Array): void {
    if (this.#count === this.#owners.length) this.#grow();
    this.#numbers.set(template, this.#count * this.#dimensions);
    this.#owners[this.#count] = ownerId;
    this.#rows.set(ownerId, [...(this.#rows.get(ownerId) ?? []), this.#count]);
    this.#count += 1;
  }

  /** The last row takes its place, so that there is never a hole. */
  #removeRow(row: number): void {
    const last = this.#count - 1;
    const lastOwner = this.#owners[last] ?? Number.NaN;
    if (row !== last) {
      this.#numbers.copyWithin(row * this.#dimensions, last * this.#dimensions, this.#count * this.#dimensions);
      this.#owners[row] = lastOwner;
      const rows = this.#rows.get(lastOwner);
      if (rows !== undefined) rows[rows.indexOf(last)] = row;
    }
    this.#count = last;
  }

  #grow(): void {
    const owners = new Float64Array(this.#owners.length * 2);
    owners.set(this.#owners);
    const numbers = new Float32Array(this.#numbers.length * 2);
    numbers.set(this.#numbers);
    this.#owners = owners;
    this.#numbers = numbers;
  }
}
