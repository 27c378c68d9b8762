import { Worker } from "node:worker_threads";
import type { Timer, Timers } from "@postern/core";
import type { ExamineOptions, PhotoOutcome } from "./examine-photo.ts";
import { faceError } from "./face-errors.ts";
import { EXAMINE_MS_MAX, WORKER_RESTART_MS } from "./limits.ts";
import type { PackFiles } from "./model-pack.ts";
import type { FaceJob, FaceJobAnswer, FaceWorkerData } from "./worker-protocol.ts";

export interface FacePoolOptions {
  readonly files: PackFiles;
  readonly timers: Timers;
  /** Threads, each with its own models (about 100 MB). */
  readonly workerCount: number;
  /** Photos that may wait for a thread; one more is refused as `busy`. */
  readonly waitingCountMax: number;
}

interface Waiting {
  readonly bytes: Uint8Array;
  readonly options: ExamineOptions;
  readonly resolve: (outcome: PhotoOutcome) => void;
  readonly reject: (failure: unknown) => void;
}

interface Thread {
  readonly worker: Worker;
  isReady: boolean;
  job: (Waiting & { readonly jobId: number; readonly timer: Timer }) | null;
}

/** Examines photos off the event loop: a bounded queue before a fixed number of threads. Threads start with the first photo. */
export class FacePool {
  readonly #options: FacePoolOptions;
  readonly #threads = new Set<Thread>();
  readonly #waiting: Waiting[] = [];
  #nextJobId = 1;
  #isStopped = false;

  constructor(options: FacePoolOptions) {
    this.#options = options;
  }

  get waitingCount(): number {
    return this.#waiting.length;
  }

  /** Fails with `busy` when too many photos wait, `worker_failed` when a thread ended under this one or it took too long, `stopping`. */
  examine(bytes: Uint8Array, options: ExamineOptions): Promise<PhotoOutcome> {
    if (this.#isStopped) return Promise.reject(faceError("stopping"));
    if (this.#waiting.length >= this.#options.waitingCountMax) return Promise.reject(faceError("busy"));
    const { promise, resolve, reject } = Promise.withResolvers<PhotoOutcome>();
    this.#waiting.push({ bytes, options, resolve, reject });
    while (this.#threads.size < this.#options.workerCount) this.#startThread();
    this.#assign();
    return promise;
  }

  /** Ends every thread; whatever waits fails with `stopping`. Idempotent. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    for (const waiting of this.#waiting.splice(0)) waiting.reject(faceError("stopping"));
    const threads = [...this.#threads];
    for (const { job } of threads) {
      job?.timer.cancel();
      job?.reject(faceError("stopping"));
    }
    this.#threads.clear();
    await Promise.all(threads.map(({ worker }) => worker.terminate()));
  }

  #startThread(): void {
    const workerData: FaceWorkerData = { files: this.#options.files };
    const worker = new Worker(new URL("./face-worker.ts", import.meta.url), { workerData });
    const thread: Thread = { worker, isReady: false, job: null };
    this.#threads.add(thread);
    worker.on("message", (answer: FaceJobAnswer) => this.#answered(thread, answer));
    worker.on("error", () => this.#ended(thread));
    worker.on("exit", () => this.#ended(thread));
    worker.unref();
  }

  #assign(): void {
    for (const thread of this.#threads) {
      if (!thread.isReady || thread.job !== null) continue;
      const next = this.#waiting.shift();
      if (next === undefined) return;
      const jobId = this.#nextJobId;
      this.#nextJobId += 1;
      const timer = this.#options.timers.after("examine photo", EXAMINE_MS_MAX, () => void thread.worker.terminate());
      thread.job = { ...next, jobId, timer };
      const job: FaceJob = { jobId, bytes: next.bytes, options: next.options };
      thread.worker.postMessage(job);
    }
  }

  #answered(thread: Thread, answer: FaceJobAnswer): void {
    const { job } = thread;
    if (answer.jobId === 0) thread.isReady = true;
    else if (job !== null && job.jobId === answer.jobId) {
      job.timer.cancel();
      thread.job = null;
      if (answer.ok) job.resolve(answer.outcome);
      else job.reject(faceError("worker_failed", { context: { kind: answer.kind } }));
    }
    this.#assign();
  }

  /**
   * A thread that ended is replaced while somebody waits; its own photo fails, and may be the reason, so it is not tried again. One that ended before
   * it was ready could not load its models: whoever waits is told, and the next photo tries anew.
   */
  #ended(thread: Thread): void {
    if (!this.#threads.delete(thread)) return;
    if (!thread.isReady) for (const waiting of this.#waiting.splice(0)) waiting.reject(faceError("worker_failed"));
    thread.job?.timer.cancel();
    thread.job?.reject(faceError("worker_failed"));
    if (this.#isStopped || this.#waiting.length === 0) return;
    this.#options.timers.after("restart face worker", WORKER_RESTART_MS, () => {
      if (this.#isStopped || this.#threads.size >= this.#options.workerCount) return;
      this.#startThread();
    });
  }
}
