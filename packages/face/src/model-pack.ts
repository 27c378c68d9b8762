import { createHash } from "node:crypto";
import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { faceError } from "./face-errors.ts";
import type { MatchBound } from "./match-threshold.ts";
import { detectorNet, embedderNet, landmarksNet } from "./pack/nets.ts";
import { WeightFile } from "./pack/weight-file.ts";

/** One network of a pack. */
export interface PackModel {
  readonly name: string;
  /** Side of its square input; null: any multiple of 32. */
  readonly inputSide: number | null;
  /** Of the ONNX file, in hexadecimal. */
  readonly sha256: string;
  readonly licence: string;
  readonly source: string;
}

/** Templates of different packs, or of different versions of one, are never compared. */
export interface ModelPack {
  readonly packId: string;
  readonly version: number;
  readonly dimensions: number;
  /** The smaller, the more alike. */
  readonly metric: "squared_euclidean";
  readonly bound: MatchBound;
  readonly detector: PackModel;
  readonly landmarks: PackModel;
  readonly embedder: PackModel;
}

const FACE_API = "@vladmandic/face-api 1.7.15 (MIT), model weights by Vincent Mühler";

/** What comes with the product: converted from what an npm package carries, so that nothing is fetched from anywhere else. */
export const DEFAULT_PACK: ModelPack = {
  packId: "dlib-resnet",
  version: 1,
  dimensions: 128,
  metric: "squared_euclidean",
  bound: {
    // Measured at 0.60 (3.6 %) and 0.55 (0.40 %); below that no pair was met, and the figures follow the tail of the normal distribution through those two.
    falseMatches: [
      { distance: 0.5, rate: 2.3e-4 },
      { distance: 0.48, rate: 6.2e-5 },
      { distance: 0.46, rate: 1.5e-5 },
      { distance: 0.44, rate: 3.1e-6 },
      { distance: 0.42, rate: 6e-7 },
      { distance: 0.4, rate: 1e-7 },
    ],
    margin: 0.04,
    evidence: "2,260 pairs of 22 faces: so small a study proves little, and these are estimates",
  },
  detector: {
    name: "tiny_face_detector",
    inputSide: null,
    sha256: "0c1670420e4ed179d468f6cbf2fb1e0c4d65d602abb31bf06997da2bb661304a",
    licence: "MIT",
    source: FACE_API,
  },
  landmarks: {
    name: "face_landmark_68",
    inputSide: 112,
    sha256: "729d29e2182816d60e9060291acf0445c60eac86b4de41c73323d737f68449b0",
    licence: "MIT",
    source: FACE_API,
  },
  embedder: {
    name: "face_recognition",
    inputSide: 150,
    sha256: "82b4ee215ff3fad9fb0ce9d26b55ff751a0886b4724e710b099cd4c50cf5e1db",
    licence: "public domain (dlib_face_recognition_resnet_model_v1 by Davis King)",
    source: FACE_API,
  },
};

/** The three networks as ONNX files. */
export interface PackFiles {
  readonly detector: string;
  readonly landmarks: string;
  readonly embedder: string;
}

const NETS = { detector: detectorNet, landmarks: landmarksNet, embedder: embedderNet } as const;

/**
 * The files of the default pack in a folder, converted on the first call. A file whose hash is not the manifest's is made anew, and one that cannot
 * be made right is never used: `pack_unusable`.
 */
export async function preparePack(folder: string, pack: ModelPack = DEFAULT_PACK): Promise<PackFiles> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const [detector, landmarks, embedder] = await Promise.all([
    prepare(folder, pack.detector, NETS.detector),
    prepare(folder, pack.landmarks, NETS.landmarks),
    prepare(folder, pack.embedder, NETS.embedder),
  ]);
  return { detector, landmarks, embedder };
}

async function prepare(folder: string, model: PackModel, build: (weights: WeightFile) => Uint8Array): Promise<string> {
  const path = join(folder, `${model.name}-${model.sha256.slice(0, 16)}.onnx`);
  const present = await readFile(path).catch(() => null);
  if (present !== null && hashOf(present) === model.sha256) return path;
  const bytes = build(await loadWeights(model.name));
  if (hashOf(bytes) !== model.sha256)
    throw faceError("pack_unusable", { context: { because: "hash", name: model.name, found: hashOf(bytes) } });
  // Under another name until it is whole, so that nobody ever reads half of it.
  await writeFile(`${path}.${process.pid}`, bytes, { mode: 0o600 });
  await rename(`${path}.${process.pid}`, path);
  return path;
}

async function loadWeights(name: string): Promise<WeightFile> {
  const folder = join(dirname(createRequire(import.meta.url).resolve("@vladmandic/face-api/package.json")), "model");
  try {
    const [manifest, bytes] = await Promise.all([
      readFile(join(folder, `${name}_model-weights_manifest.json`), "utf8"),
      readFile(join(folder, `${name}_model.bin`)),
    ]);
    return new WeightFile(manifest, bytes);
  } catch (cause) {
    throw faceError("pack_unusable", { context: { because: "weights", name }, cause });
  }
}

function hashOf(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}
