import { availableParallelism } from "node:os";
import type { Timers } from "@postern/core";
import { DEFAULT_PACK, ENROLMENT_POLICY, FacePool, type ModelPack, type PhotoOutcome, preparePack } from "@postern/face";
import { FACE_WORKERS_MAX, PHOTOS_WAITING_PER_WORKER } from "./limits.ts";

/** Looks for the one face of a photo, beside the thread that answers requests. */
export interface FaceExaminer {
  readonly pack: ModelPack;
  /** Fails with `busy` at once when too many photos wait, with `worker_failed` or `stopping`; with `pack_unusable` where the models cannot be made. */
  examine(photo: Uint8Array, options: { readonly wantsCrop: boolean }): Promise<PhotoOutcome>;
}

export interface FaceExaminerDeps {
  /** Where the models are kept, made on first need. */
  readonly folder: string;
  readonly timers: Timers;
  /** In place of one per core but one. */
  readonly workerCount?: number;
  readonly waitingCountMax?: number;
}

/** Nothing is loaded before the first photo: a server that enrols none starts as quickly as if there were no faces. */
export class LazyFaceExaminer implements FaceExaminer, AsyncDisposable {
  readonly pack = DEFAULT_PACK;
  readonly #deps: FaceExaminerDeps;
  #pool: Promise<FacePool> | null = null;
  #running: FacePool | null = null;

  constructor(deps: FaceExaminerDeps) {
    this.#deps = deps;
  }

  /** Photos that wait for a thread. */
  get waitingCount(): number {
    return this.#running?.waitingCount ?? 0;
  }

  async examine(photo: Uint8Array, { wantsCrop }: { readonly wantsCrop: boolean }): Promise<PhotoOutcome> {
    const pool = await this.#started();
    return pool.examine(photo, { policy: ENROLMENT_POLICY, wantsCrop });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const pool = await this.#pool?.catch(() => null);
    await pool?.stop();
  }

  #started(): Promise<FacePool> {
    this.#pool ??= this.#start();
    // Whoever comes after a disk that was full finds it tried again.
    this.#pool.catch(() => {
      this.#pool = null;
    });
    return this.#pool;
  }

  async #start(): Promise<FacePool> {
    const { folder, timers, workerCount = defaultWorkerCount() } = this.#deps;
    const { waitingCountMax = workerCount * PHOTOS_WAITING_PER_WORKER } = this.#deps;
    this.#running = new FacePool({ files: await preparePack(folder), timers, workerCount, waitingCountMax });
    return this.#running;
  }
}

function defaultWorkerCount(): number {
  return Math.max(1, Math.min(FACE_WORKERS_MAX, availableParallelism() - 1));
}
