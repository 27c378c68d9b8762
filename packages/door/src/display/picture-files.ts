import { createHash } from "node:crypto";
import { mkdirSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { type DisplayPicture, type Log, pause, type Random, type Timers } from "@postern/core";
import { writeFileWhole } from "../disk/write-file-whole.ts";
import { retryDelayMs } from "../uplink/retry-delay.ts";

export interface PictureFilesDeps {
  readonly folder: string;
  /** The bytes behind a picture's key; null: there is none any more. Rejects while the server cannot be reached. */
  readonly fetchPicture: (key: string, signal: AbortSignal) => Promise<Uint8Array | null>;
  readonly timers: Timers;
  readonly random: Random;
  readonly log: Log;
  /** Told of each picture that has come. */
  readonly onReady: () => void;
}

/**
 * The pictures of displays on disk, named by their hashes: fetched one after the other whenever the link is cut or not, each taken over only when its bytes are
 * those whose hash the roster names, and taken away when nobody shows them.
 */
export class PictureFiles {
  readonly #deps: PictureFilesDeps;
  readonly #stopping = new AbortController();
  /** By name. */
  readonly #present = new Set<string>();
  #wanted: ReadonlyMap<string, DisplayPicture> = new Map();
  /** Pictures that cannot be had until the roster names them anew. */
  readonly #lost = new Set<string>();
  #fetching: Promise<void> | null = null;
  #isStarted = false;

  constructor(deps: PictureFilesDeps) {
    this.#deps = deps;
  }

  /** Finds what an earlier start has fetched. Call it once everything that is wanted was said: what is not is taken away. */
  start(): void {
    for (const name of namesIn(this.#deps.folder)) this.#present.add(name);
    this.#isStarted = true;
    this.#settle();
    this.#deps.onReady();
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#fetching;
  }

  /** Where a picture lies; null: it has not come yet. */
  pathOf(picture: DisplayPicture): string | null {
    const name = nameOf(picture);
    return this.#present.has(name) ? join(this.#deps.folder, name) : null;
  }

  /** From now on exactly these pictures are wanted. */
  want(pictures: readonly DisplayPicture[]): void {
    this.#wanted = new Map(pictures.map((picture) => [nameOf(picture), picture]));
    for (const key of this.#lost) if (!pictures.some((picture) => picture.key === key)) this.#lost.delete(key);
    if (this.#isStarted) this.#settle();
  }

  #settle(): void {
    this.#tidy();
    if (this.#next() === null) return;
    this.#fetching ??= this.#fetchAll().finally(() => {
      this.#fetching = null;
    });
  }

  #next(): DisplayPicture | null {
    if (this.#stopping.signal.aborted) return null;
    for (const [name, picture] of this.#wanted) if (!this.#present.has(name) && !this.#lost.has(picture.key)) return picture;
    return null;
  }

  async #fetchAll(): Promise<void> {
    const { signal } = this.#stopping;
    let failureCount = 0;
    for (let picture = this.#next(); picture !== null; picture = this.#next()) {
      try {
        await this.#fetch(picture);
        failureCount = 0;
      } catch (cause) {
        this.#deps.log.debug("display.picture_not_fetched", { cause });
        await pause(this.#deps.timers, "fetch a picture again", retryDelayMs(failureCount, this.#deps.random), signal);
        failureCount += 1;
      }
    }
  }

  async #fetch(picture: DisplayPicture): Promise<void> {
    const { fetchPicture, folder, log, onReady } = this.#deps;
    const bytes = await fetchPicture(picture.key, this.#stopping.signal);
    const isIt = bytes !== null && createHash("sha256").update(bytes).digest("hex") === picture.sha256;
    if (!isIt) {
      // The server has another picture by now, of which the roster tells next.
      log.warn("display.picture_lost", { type: picture.type, isGone: bytes === null });
      this.#lost.add(picture.key);
      return;
    }
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const name = nameOf(picture);
    writeFileWhole(join(folder, name), bytes);
    this.#present.add(name);
    onReady();
  }

  #tidy(): void {
    for (const name of this.#present) {
      if (this.#wanted.has(name)) continue;
      this.#present.delete(name);
      rmSync(join(this.#deps.folder, name), { force: true });
    }
  }
}

const NAME = /^[0-9a-f]{64}\.(jpg|png)$/;

function nameOf({ sha256, mediaType }: DisplayPicture): string {
  return `${sha256}.${mediaType === "image/png" ? "png" : "jpg"}`;
}

function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder).filter((name) => NAME.test(name));
  } catch {
    // Made with the first picture.
    return [];
  }
}
