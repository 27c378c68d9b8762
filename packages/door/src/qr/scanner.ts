import { closeSync, constants, open } from "node:fs";
import { Socket } from "node:net";
import { isatty, ReadStream } from "node:tty";
import { promisify } from "node:util";
import type { Log, Random, Timer, Timers } from "@postern/core";
import { LineReader } from "../drivers/virtual/line-reader.ts";
import { SCANNER_LINE_BYTES_MAX } from "../limits.ts";
import { retryDelayMs } from "../uplink/retry-delay.ts";

export interface ScannerDeps {
  /** A serial device, or a pipe: whatever gives a line for each code. */
  readonly path: string;
  readonly timers: Timers;
  readonly random: Random;
  readonly log: Log;
  /** One line, without its end. The next one is read when this is done. */
  readonly onCode: (payload: string) => Promise<unknown>;
  /** It gives no lines any more. False: it could not be noted, as for a door that is not served yet, and is told with the next try. */
  readonly onFailed: () => boolean;
  /** It does again, after a failure that was noted. */
  readonly onRecovered: () => void;
}

const CARRIAGE_RETURN = 0x0d;
const LINE_FEED = 0x0a;

/** A scanner that writes each code as a line, opened again with growing pauses whenever it ends or fails. */
export class Scanner {
  readonly #deps: ScannerDeps;
  #stream: Socket | null = null;
  #retry: Timer | null = null;
  #failureCount = 0;
  #isFailed = false;
  #isStopped = false;

  constructor(deps: ScannerDeps) {
    this.#deps = deps;
  }

  /** Resolves once it was opened, or was not: then it is tried again. */
  async start(): Promise<void> {
    try {
      // For writing too, so that a pipe stays open whoever leaves it, and without waiting for anybody to write.
      const fd = await promisify(open)(this.#deps.path, constants.O_RDWR | constants.O_NONBLOCK | constants.O_NOCTTY);
      if (this.#isStopped) return closeSync(fd);
      this.#listen(isatty(fd) ? new ReadStream(fd) : new Socket({ fd, readable: true, writable: false }));
    } catch (cause) {
      this.#deps.log.debug("scanner.unopened", { cause });
      this.#ended();
    }
  }

  /** Idempotent. */
  stop(): void {
    this.#isStopped = true;
    this.#retry?.cancel();
    this.#stream?.destroy();
  }

  #listen(stream: Socket): void {
    const lines = new LineReader(SCANNER_LINE_BYTES_MAX);
    this.#stream = stream;
    if (this.#isFailed) this.#deps.onRecovered();
    this.#isFailed = false;
    stream.on("data", (chunk: Buffer) => {
      // Some end their lines with a carriage return alone.
      const read = lines.read(Buffer.from(chunk.map((byte) => (byte === CARRIAGE_RETURN ? LINE_FEED : byte))));
      // A line without an end is no code, and what follows it cannot be told from it.
      if (read === null) return void stream.destroy();
      stream.pause();
      void this.#take(read).finally(() => stream.resume());
    });
    stream.on("error", (cause) => this.#deps.log.debug("scanner.failed", { cause }));
    stream.on("close", () => this.#ended());
    stream.resume();
  }

  async #take(lines: readonly string[]): Promise<void> {
    this.#failureCount = 0;
    // What a door does not take is nobody's loss: the next code comes.
    for (const payload of lines.filter((line) => line !== ""))
      await this.#deps.onCode(payload).catch((cause: unknown) => this.#deps.log.debug("scanner.code_unused", { cause }));
  }

  #ended(): void {
    this.#stream = null;
    if (this.#isStopped) return;
    this.#isFailed = this.#isFailed || this.#deps.onFailed();
    this.#failureCount += 1;
    const delayMs = retryDelayMs(this.#failureCount, this.#deps.random);
    this.#retry = this.#deps.timers.after("scanner", delayMs, () => void this.start());
  }
}
