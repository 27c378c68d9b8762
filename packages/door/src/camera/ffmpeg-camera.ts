import { type ChildProcessByStdio, spawn } from "node:child_process";
import type { Readable } from "node:stream";
import { CodedError, type Log, type Random, type Timer, type Timers } from "@postern/core";
import { doorError } from "../errors.ts";
import { CAMERA_SETTLED_MS, CAMERA_SILENT_MS_MAX, PICTURE_BYTES_MAX } from "../limits.ts";
import { retryDelayMs } from "../uplink/retry-delay.ts";
import { type CameraSource, ffmpegArguments } from "./camera-source.ts";
import { PictureSplitter } from "./picture-splitter.ts";

export interface FfmpegCameraDeps {
  readonly source: CameraSource;
  readonly framesPerSecond: number;
  /** Found on the PATH where it is a bare name. */
  readonly ffmpeg: string;
  readonly timers: Timers;
  readonly random: Random;
  readonly log: Log;
  /** Looks at one picture. While it does, newer pictures take each other's place: whoever stands at a door is seen as they are now. */
  readonly onPicture: (picture: Uint8Array) => Promise<unknown>;
  /** The camera gives no pictures any more. False: it could not be noted, as for a door that is not served yet, and is told with the next try. */
  readonly onFailed: () => boolean;
  /** It does again, after a failure that was noted. */
  readonly onRecovered: () => void;
}

type Child = ChildProcessByStdio<null, Readable, null>;

/** Pictures of a camera or a recording through ffmpeg, which is started again with growing pauses whenever it ends or falls silent. */
export class FfmpegCamera {
  readonly #deps: FfmpegCameraDeps;
  #child: Child | null = null;
  #ended: Promise<void> = Promise.resolve();
  #retry: Timer | null = null;
  #silence: Timer | null = null;
  #settled: Timer | null = null;
  #failureCount = 0;
  #isFailed = false;
  #isStopped = false;
  #newest: Uint8Array | null = null;
  #isLooking = false;

  constructor(deps: FfmpegCameraDeps) {
    this.#deps = deps;
  }

  /** Resolves once ffmpeg runs. Fails with `ffmpeg_missing` where there is none: the pictures may still be to come. */
  async start(): Promise<void> {
    const child = this.#spawn();
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    child.once("spawn", resolve);
    child.once("error", (cause) => reject(doorError("ffmpeg_missing", { cause })));
    await promise;
  }

  /** Ends ffmpeg. Idempotent. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#newest = null;
    for (const timer of [this.#retry, this.#silence, this.#settled]) timer?.cancel();
    this.#child?.kill("SIGKILL");
    await this.#ended;
  }

  #spawn(): Child {
    const { source, framesPerSecond, ffmpeg, timers } = this.#deps;
    // What ffmpeg says may hold the address of the camera with its password: it goes nowhere.
    const child = spawn(ffmpeg, ffmpegArguments(source, framesPerSecond), { stdio: ["ignore", "pipe", "ignore"] });
    this.#child = child;
    const splitter = new PictureSplitter(PICTURE_BYTES_MAX);
    child.stdout.on("data", (chunk: Buffer) => {
      const pictures = splitter.push(chunk);
      if (pictures === null) return void child.kill("SIGKILL");
      const newest = pictures.at(-1);
      if (newest !== undefined) this.#seen(newest);
    });
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#ended = promise;
    child.on("error", () => this.#gone(child, null));
    child.on("close", (code) => this.#gone(child, code));
    for (const end of ["error", "close"]) child.on(end, () => resolve());
    this.#watch(child);
    this.#settled = timers.after("camera settled", CAMERA_SETTLED_MS, () => {
      this.#failureCount = 0;
    });
    return child;
  }

  /** A camera that is unplugged from the network ends no connection: it only says nothing more. */
  #watch(child: Child): void {
    this.#silence?.cancel();
    this.#silence = this.#deps.timers.after("camera silent", CAMERA_SILENT_MS_MAX, () => child.kill("SIGKILL"));
  }

  #seen(picture: Uint8Array): void {
    if (this.#isStopped || this.#child === null) return;
    this.#watch(this.#child);
    if (this.#isFailed) {
      this.#isFailed = false;
      this.#deps.onRecovered();
    }
    this.#newest = picture;
    void this.#look();
  }

  async #look(): Promise<void> {
    if (this.#isLooking) return;
    this.#isLooking = true;
    for (let picture = this.#newest; picture !== null && !this.#isStopped; picture = this.#newest) {
      this.#newest = null;
      try {
        await this.#deps.onPicture(picture);
      } catch (cause) {
        // A door that is dead or busy sees the next picture; which picture it was is nobody's business.
        this.#deps.log.debug("camera.picture_unused", { code: cause instanceof CodedError ? cause.code : "unknown" });
      }
    }
    this.#isLooking = false;
  }

  #gone(child: Child, code: number | null): void {
    if (this.#child !== child) return;
    this.#child = null;
    this.#silence?.cancel();
    this.#settled?.cancel();
    if (this.#isStopped) return;
    const { timers, random, log, source } = this.#deps;
    // A recording that came to its end is no failure.
    const isOver = source.kind === "file" && code === 0;
    if (!isOver && !this.#isFailed) this.#isFailed = this.#deps.onFailed();
    const delayMs = retryDelayMs(isOver ? 0 : this.#failureCount, random);
    if (!isOver) this.#failureCount += 1;
    (isOver ? log.debug : log.warn)("camera.ended", { kind: source.kind, endedWith: code, retryMs: delayMs });
    this.#retry = timers.after("camera retry", delayMs, () => void this.#spawn());
  }
}
