import { Worker } from "node:worker_threads";
import type { Timer, Timers } from "@postern/core";
import type { DecodeOutcome } from "@postern/face";
import { doorError } from "../errors.ts";
import { PICTURES_WAITING_MAX, QR_PICTURE_MS_MAX } from "../limits.ts";

/** What codes a picture shows, or why it is none. */
export type QrPicture =
  | { readonly kind: "codes"; readonly texts: readonly string[] }
  | Extract<DecodeOutcome, { readonly kind: "refused" }>;

export interface QrJob {
  readonly jobId: number;
  readonly bytes: Uint8Array;
}

export type QrJobAnswer =
  | { readonly jobId: number; readonly ok: true; readonly picture: QrPicture }
  | { readonly jobId: number; readonly ok: false };

interface Waiting {
  readonly bytes: Uint8Array;
  readonly resolve: (picture: QrPicture) => void;
  readonly reject: (failure: unknown) => void;
}

interface Running extends Waiting {
  readonly jobId: number;
  readonly timer: Timer;
}

/** Reads codes from pictures off the event loop, in one thread that begins with the first picture. */
export class QrPictures {
  readonly #timers: Timers;
  readonly #waiting: Waiting[] = [];
  #worker: Worker | null = null;
  #running: Running | null = null;
  #lastJobId = 0;
  #isStopped = false;

  constructor(timers: Timers) {
    this.#timers = timers;
  }

  /** Fails with `busy` when too many pictures wait, `driver_failed` when the thread ended under this one or it took too long, `stopping`. */
  read(bytes: Uint8Array): Promise<QrPicture> {
    if (this.#isStopped) return Promise.reject(doorError("stopping"));
    if (this.#waiting.length >= PICTURES_WAITING_MAX) return Promise.reject(doorError("busy"));
    const { promise, resolve, reject } = Promise.withResolvers<QrPicture>();
    this.#waiting.push({ bytes, resolve, reject });
    this.#next();
    return promise;
  }

  /** Ends the thread; whatever waits fails with `stopping`. Idempotent. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    for (const { reject } of this.#waiting.splice(0)) reject(doorError("stopping"));
    this.#end()?.reject(doorError("stopping"));
    const worker = this.#worker;
    this.#worker = null;
    await worker?.terminate();
  }

  #next(): void {
    if (this.#running !== null || this.#isStopped) return;
    const next = this.#waiting.shift();
    if (next === undefined) return;
    this.#worker ??= this.#start();
    this.#lastJobId += 1;
    const timer = this.#timers.after("read QR", QR_PICTURE_MS_MAX, () => void this.#worker?.terminate());
    this.#running = { ...next, jobId: this.#lastJobId, timer };
    this.#worker.postMessage({ jobId: this.#lastJobId, bytes: next.bytes } satisfies QrJob);
  }

  #start(): Worker {
    const worker = new Worker(new URL("./qr-worker.ts", import.meta.url));
    worker.on("message", (answer: QrJobAnswer) => {
      if (this.#running?.jobId !== answer.jobId) return;
      const running = this.#end();
      if (answer.ok) running?.resolve(answer.picture);
      else running?.reject(doorError("driver_failed"));
      this.#next();
    });
    const ended = (): void => {
      if (this.#worker !== worker) return;
      this.#worker = null;
      // Its picture may be the reason: it is not tried again. The next one has a thread of its own.
      this.#end()?.reject(doorError("driver_failed"));
      this.#next();
    };
    worker.on("error", ended);
    worker.on("exit", ended);
    worker.unref();
    return worker;
  }

  #end(): Running | null {
    const running = this.#running;
    running?.timer.cancel();
    this.#running = null;
    return running;
  }
}
