import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { DOOR_POLICY, examinePhoto, loadFaceModels, loadNativeRuntime, preparePack, type RuntimeName } from "../src/index.ts";
import { PEOPLE, personPhoto } from "./support/photos.ts";

/** Of a distance between templates; the nearest bound between people is 0.5 with two digits that matter. */
const TOLERANCE = 0.001;

const skip = (await loadNativeRuntime()) === null && "onnxruntime-node is not installed";

test("native code and WebAssembly make templates that differ by less than the tolerance", { skip }, async () => {
  const folder = await mkdtemp(join(tmpdir(), "postern-face-"));
  try {
    const files = await preparePack(folder);
    const templatesOf = async (wanted: RuntimeName): Promise<Float32Array[]> => {
      const models = await loadFaceModels(files, wanted);
      const templates: Float32Array[] = [];
      for (const cut of Object.values(PEOPLE)) {
        const outcome = await examinePhoto(await personPhoto(cut), models, { policy: DOOR_POLICY, wantsCrop: false });
        templates.push(outcome.kind === "face" ? outcome.template : new Float32Array());
      }
      return templates;
    };
    const [wasm, native] = [await templatesOf("wasm"), await templatesOf("native")];
    for (const [at, template] of wasm.entries()) {
      assert.ok(template.length > 0, `a face in picture ${at}`);
      const distance = Math.hypot(...template.map((value, index) => value - (native[at]?.[index] ?? Number.NaN)));
      assert.ok(distance < TOLERANCE, `picture ${at} is ${distance} from itself`);
    }
  } finally {
    await rm(folder, { recursive: true });
  }
});
