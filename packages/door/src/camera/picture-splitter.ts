const MARKER = 0xff;
const START = 0xd8;
const END = 0xd9;

/**
 * Cuts a stream of JPEGs that stand one behind the other. Within a picture's data a byte 0xFF is always followed by 0x00 or a restart (ITU T.81 §B.1.1.5), so
 * that its end is found by its marker alone. What lies between pictures is passed over.
 */
export class PictureSplitter {
  readonly #bytesMax: number;
  #held: Buffer = Buffer.alloc(0);

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  /** Whole pictures that end in this chunk; null: one is larger than it may be, and the stream is of no use any more. */
  push(chunk: Uint8Array): readonly Uint8Array[] | null {
    const before = this.#held.length;
    this.#held = before === 0 ? Buffer.from(chunk) : Buffer.concat([this.#held, chunk]);
    const found: Uint8Array[] = [];
    // A marker may lie across two chunks.
    let searchFrom = Math.max(0, before - 1);
    for (;;) {
      const start = this.#find(START, 0);
      if (start < 0) {
        this.#held = this.#held.subarray(Math.max(0, this.#held.length - 1));
        return found;
      }
      const end = this.#find(END, Math.max(start + 2, searchFrom));
      if (end < 0) {
        this.#held = Buffer.from(this.#held.subarray(start));
        return this.#held.length > this.#bytesMax ? null : found;
      }
      if (end + 2 - start > this.#bytesMax) return null;
      found.push(Buffer.from(this.#held.subarray(start, end + 2)));
      this.#held = this.#held.subarray(end + 2);
      searchFrom = 0;
    }
  }

  #find(marker: number, from: number): number {
    for (let at = this.#held.indexOf(MARKER, from); at >= 0 && at + 1 < this.#held.length; at = this.#held.indexOf(MARKER, at + 1)) {
      if (this.#held[at + 1] === marker) return at;
    }
    return -1;
  }
}
