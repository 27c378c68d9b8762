import type { ExamineOptions, PhotoOutcome } from "./examine-photo.ts";
import type { PackFiles } from "./model-pack.ts";

export interface FaceWorkerData {
  readonly files: PackFiles;
}

export interface FaceJob {
  readonly jobId: number;
  readonly bytes: Uint8Array;
  readonly options: ExamineOptions;
}

/** `jobId` 0 says that the worker is ready. */
export type FaceJobAnswer =
  | { readonly jobId: number; readonly ok: true; readonly outcome: PhotoOutcome }
  | { readonly jobId: number; readonly ok: false; readonly kind: string };
