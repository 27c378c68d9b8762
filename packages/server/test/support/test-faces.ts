import { tmpdir } from "node:os";
import { join } from "node:path";
import { systemTimers } from "@postern/core";
import { type FaceExaminerDeps, LazyFaceExaminer } from "../../src/platform/faces/face-examiner.ts";

/** Real models, in a folder that all tests share: each file is under its hash's name, and looked at before it is used. */
export function testFaces(options: Partial<FaceExaminerDeps> = {}): LazyFaceExaminer {
  return new LazyFaceExaminer({ folder: join(tmpdir(), "postern-test-face-models"), timers: systemTimers, workerCount: 1, ...options });
}
