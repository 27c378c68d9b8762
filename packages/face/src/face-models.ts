import { readFile } from "node:fs/promises";
import { env, InferenceSession, Tensor } from "onnxruntime-web/wasm";
import type { RunDetector } from "./detect-faces.ts";
import { faceError } from "./face-errors.ts";
import type { PackFiles } from "./model-pack.ts";

/** The networks of a pack, ready to run, one picture at a time. */
export interface FaceModels {
  readonly detect: RunDetector;
  /** Sixty-eight points, x and y in turn, 0 to 1, in a face of [3, 112, 112]. */
  landmarks(image: Float32Array): Promise<Float32Array>;
  /** A template of an aligned face of [3, 150, 150]. */
  embed(chip: Float32Array): Promise<Float32Array>;
}

/** Loads the networks into this thread. They compute on one core: the pool gives each core a thread of its own. */
export async function loadFaceModels(files: PackFiles): Promise<FaceModels> {
  env.wasm.numThreads = 1;
  env.logLevel = "error";
  const [detector, landmarks, embedder] = await Promise.all([open(files.detector), open(files.landmarks), open(files.embedder)]);
  return {
    async detect(image, size) {
      const output = await run(detector, image, size);
      return { data: output.data, cells: output.dims[2] ?? 0 };
    },
    landmarks: async (image) => (await run(landmarks, image, 112)).data,
    embed: async (chip) => (await run(embedder, chip, 150)).data,
  };
}

async function open(path: string): Promise<InferenceSession> {
  try {
    return await InferenceSession.create(await readFile(path), { graphOptimizationLevel: "all" });
  } catch (cause) {
    throw faceError("pack_unusable", { context: { because: "session", path }, cause });
  }
}

async function run(session: InferenceSession, image: Float32Array, size: number): Promise<{ data: Float32Array; dims: readonly number[] }> {
  const outputs = await session.run({ image: new Tensor("float32", image, [1, 3, size, size]) });
  const output = outputs[session.outputNames[0] ?? ""];
  if (output === undefined || !(output.data instanceof Float32Array)) throw faceError("pack_unusable", { context: { because: "output" } });
  return { data: output.data, dims: output.dims };
}
