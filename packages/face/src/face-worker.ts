import { parentPort, workerData } from "node:worker_threads";
import { assert } from "@postern/core";
import { examinePhoto } from "./examine-photo.ts";
import { loadFaceModels } from "./face-models.ts";
import type { FaceJob, FaceJobAnswer, FaceWorkerData } from "./worker-protocol.ts";

/** One thread of the pool: one photo at a time, from bytes to a template. */
assert(parentPort !== null, "the face worker runs in a thread of the pool");
const port = parentPort;
// biome-ignore lint/nursery/noUnsafeTypeAssertion: the pool is the only one who starts this file.
const { files } = workerData as FaceWorkerData;
const models = await loadFaceModels(files);

port.on("message", (job: FaceJob) => {
  examinePhoto(job.bytes, models, job.options).then(
    (outcome) => answer({ jobId: job.jobId, ok: true, outcome }),
    // What a library says of a picture may repeat parts of it: the kind of failure is all that leaves this thread.
    (failure: unknown) => answer({ jobId: job.jobId, ok: false, kind: failure instanceof Error ? failure.name : "unknown" }),
  );
});
answer({ jobId: 0, ok: true, outcome: { kind: "refused", because: "no_face" } });

function answer(message: FaceJobAnswer): void {
  port.postMessage(message);
}
