import { createHash } from "node:crypto";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { systemTimers } from "@postern/core";
import type { PhotoOutcome } from "@postern/face";
import { type FaceExaminer, type FaceExaminerDeps, LazyFaceExaminer } from "../../src/platform/faces/face-examiner.ts";

/** Real models, in a folder that all tests share: each file is under its hash's name, and looked at before it is used. */
export function testFaces(options: Partial<FaceExaminerDeps> = {}): LazyFaceExaminer {
  return new LazyFaceExaminer({ folder: join(tmpdir(), "postern-test-face-models"), timers: systemTimers, workerCount: 1, ...options });
}

/** Real models that look at each picture once: for tests that ask with the same few pictures thousands of times. */
export function rememberingFaces(): FaceExaminer {
  const faces = testFaces({ waitingCountMax: 1_000 });
  const known = new Map<string, Promise<PhotoOutcome>>();
  return {
    pack: faces.pack,
    examine(photo, options) {
      const name = `${createHash("sha256").update(photo).digest("hex")} ${options.wantsCrop}`;
      const outcome = known.get(name) ?? faces.examine(photo, options);
      known.set(name, outcome);
      return outcome;
    },
  };
}
