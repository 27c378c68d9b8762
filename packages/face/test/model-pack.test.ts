import assert from "node:assert/strict";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { CodedError } from "@postern/core";
import { DEFAULT_PACK, preparePack } from "../src/index.ts";

test("a model file that was tampered with is made anew, and one that cannot be made right is never used", async () => {
  const folder = await mkdtemp(join(tmpdir(), "postern-pack-"));
  try {
    const files = await preparePack(folder);
    const good = await readFile(files.landmarks);
    await writeFile(files.landmarks, "tampered");
    await preparePack(folder);
    assert.deepEqual(await readFile(files.landmarks), good);
    const other = { ...DEFAULT_PACK, landmarks: { ...DEFAULT_PACK.landmarks, sha256: "00".repeat(32) } };
    await assert.rejects(preparePack(folder, other), (failure) => failure instanceof CodedError && failure.code === "pack_unusable");
  } finally {
    await rm(folder, { recursive: true });
  }
});
