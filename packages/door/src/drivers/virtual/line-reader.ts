const NEWLINE = 0x0a;

/** Cuts a stream of bytes into lines of bounded length. */
export class LineReader {
  readonly #bytesMax: number;
  #rest: Buffer<ArrayBufferLike> = Buffer.alloc(0);

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  /** The lines that end in this chunk, or null when a line is longer than allowed: the stream is then of no more use. */
  read(chunk: Buffer): string[] | null {
    let rest = Buffer.concat([this.#rest, chunk]);
    const lines: string[] = [];
    for (let end = rest.indexOf(NEWLINE); end >= 0; end = rest.indexOf(NEWLINE)) {
      if (end > this.#bytesMax) return null;
      lines.push(rest.subarray(0, end).toString("utf8"));
      rest = rest.subarray(end + 1);
    }
    this.#rest = rest;
    return rest.length > this.#bytesMax ? null : lines;
  }
}
