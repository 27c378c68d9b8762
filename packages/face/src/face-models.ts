import { readFile } from "node:fs/promises";
import type { RunDetector } from "./detect-faces.ts";
import { faceError } from "./face-errors.ts";
import type { PackFiles } from "./model-pack.ts";

/** What both runtimes offer alike: onnxruntime-web everywhere, onnxruntime-node where somebody has installed it. */
type Runtime = Pick<typeof import("onnxruntime-web/wasm"), "InferenceSession" | "Tensor">;
type Session = Awaited<ReturnType<Runtime["InferenceSession"]["create"]>>;

/** Which runtime computes: WebAssembly, or native code for this processor. */
export type RuntimeName = "wasm" | "native";

/** Not among our packages, since its own install fetches from elsewhere than the registry; hence a name the compiler does not look up. */
const NATIVE_PACKAGE: string = "onnxruntime-node";

/** The networks of a pack, ready to run, one picture at a time. */
export interface FaceModels {
  readonly detect: RunDetector;
  /** Sixty-eight points, x and y in turn, 0 to 1, in a face of [3, 112, 112]. */
  landmarks(image: Float32Array): Promise<Float32Array>;
  /** A template of an aligned face of [3, 150, 150]. */
  embed(chip: Float32Array): Promise<Float32Array>;
}

/**
 * Loads the networks into this thread. They compute on one core: the pool gives each core a thread of its own. Native code is used where it is
 * installed, unless `wanted` says otherwise. The runtimes' templates differ by less than 0.001 in distance (test/runtimes.test.ts).
 */
export async function loadFaceModels(files: PackFiles, wanted?: RuntimeName): Promise<FaceModels> {
  const runtime = await loadRuntime(wanted);
  const [detector, landmarks, embedder] = await Promise.all([
    open(runtime, files.detector),
    open(runtime, files.landmarks),
    open(runtime, files.embedder),
  ]);
  const run = (session: Session, image: Float32Array, size: number) => runSession(runtime, session, image, size);
  return {
    async detect(image, size) {
      const output = await run(detector, image, size);
      return { data: output.data, cells: output.dims[2] ?? 0 };
    },
    landmarks: async (image) => (await run(landmarks, image, 112)).data,
    embed: async (chip) => (await run(embedder, chip, 150)).data,
  };
}

async function loadRuntime(wanted: RuntimeName | undefined): Promise<Runtime> {
  const native = wanted === "wasm" ? null : await loadNativeRuntime();
  if (native !== null) return native;
  if (wanted === "native") throw faceError("pack_unusable", { context: { because: "no native runtime" } });
  const wasm = await import("onnxruntime-web/wasm");
  wasm.env.wasm.numThreads = 1;
  wasm.env.logLevel = "error";
  return wasm;
}

/** Null where the package is not installed, or is not made for this machine. */
export async function loadNativeRuntime(): Promise<Runtime | null> {
  try {
    return await import(NATIVE_PACKAGE);
  } catch {
    return null;
  }
}

async function open({ InferenceSession }: Runtime, path: string): Promise<Session> {
  try {
    return await InferenceSession.create(await readFile(path), {
      graphOptimizationLevel: "all",
      intraOpNumThreads: 1,
      interOpNumThreads: 1,
    });
  } catch (cause) {
    throw faceError("pack_unusable", { context: { because: "session", path }, cause });
  }
}

async function runSession(
  { Tensor }: Runtime,
  session: Session,
  image: Float32Array,
  size: number,
): Promise<{ data: Float32Array; dims: readonly number[] }> {
  const outputs = await session.run({ image: new Tensor("float32", image, [1, 3, size, size]) });
  const output = outputs[session.outputNames[0] ?? ""];
  if (output === undefined || !(output.data instanceof Float32Array)) throw faceError("pack_unusable", { context: { because: "output" } });
  return { data: output.data, dims: output.dims };
}
