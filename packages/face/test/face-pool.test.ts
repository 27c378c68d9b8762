import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { CodedError, systemTimers } from "@postern/core";
import { ENROLMENT_POLICY, FacePool, type PackFiles, preparePack } from "../src/index.ts";
import { groupPhoto, PEOPLE, personPhoto } from "./support/photos.ts";

let folder: string;
let files: PackFiles;
before(async () => {
  folder = await mkdtemp(join(tmpdir(), "postern-face-"));
  files = await preparePack(folder);
});
after(() => rm(folder, { recursive: true }));

const options = { policy: ENROLMENT_POLICY, wantsCrop: false };
const codeOf = (failure: unknown): string => (failure instanceof CodedError ? failure.code : String(failure));

test("photos are examined off the event loop, and one beyond the queue is refused at once", async () => {
  const pool = new FacePool({ files, timers: systemTimers, workerCount: 1, waitingCountMax: 2 });
  try {
    const photo = await personPhoto(PEOPLE["6d"]);
    // The first two wait for the thread to start, so the third finds the queue full.
    const [one, two] = [pool.examine(photo, options), pool.examine(await groupPhoto(3), options)];
    assert.equal(await pool.examine(photo, options).catch(codeOf), "busy");
    let ticks = 0;
    const ticking = setInterval(() => {
      ticks += 1;
    }, 5);
    const outcomes = await Promise.all([one, two]);
    clearInterval(ticking);
    assert.deepEqual(
      outcomes.map((outcome) => (outcome.kind === "refused" ? outcome.because : outcome.kind)),
      ["face", "several_faces"],
    );
    assert.ok(ticks > 10, `the loop went on: ${ticks} ticks`);
    const again = await pool.examine(photo, options);
    assert.equal(again.kind, "face");
  } finally {
    await pool.stop();
  }
});

test("stopping fails what waits, and a pool that has stopped takes nothing more", async () => {
  const pool = new FacePool({ files, timers: systemTimers, workerCount: 1, waitingCountMax: 4 });
  const waiting = pool.examine(await groupPhoto(1), options).catch(codeOf);
  await pool.stop();
  assert.equal(await waiting, "stopping");
  assert.equal(await pool.examine(Buffer.alloc(1), options).catch(codeOf), "stopping");
});

test("a thread that cannot load its models fails its photos instead of keeping them for ever", { timeout: 20_000 }, async () => {
  const broken = join(folder, "broken.onnx");
  await writeFile(broken, "no model");
  const pool = new FacePool({ files: { ...files, embedder: broken }, timers: systemTimers, workerCount: 1, waitingCountMax: 4 });
  try {
    assert.equal(await pool.examine(await groupPhoto(1), options).catch(codeOf), "worker_failed");
  } finally {
    await pool.stop();
  }
});
