import { DOOR_POLICY, examinePhoto, type FaceModels } from "@postern/face";
import type { FaceSample } from "./samples.ts";

/** How alike the pictures of one person and of different people were found to be: distances, not squared. */
export interface FaceStudy {
  readonly peopleCount: number;
  readonly pictureCount: number;
  /** Pictures of which no template could be made, by reason. */
  readonly refused: Readonly<Record<string, number>>;
  readonly genuine: readonly number[];
  readonly impostor: readonly number[];
}

interface Templated {
  readonly sample: FaceSample;
  readonly template: Float32Array;
}

/** Makes a template of every picture as a door would, and compares them. */
export async function studyFaces(samples: readonly FaceSample[], models: FaceModels): Promise<FaceStudy> {
  const templated: Templated[] = [];
  const refused: Record<string, number> = {};
  for (const sample of samples) {
    const outcome = await examinePhoto(sample.bytes, models, { policy: DOOR_POLICY, wantsCrop: false });
    if (outcome.kind === "face") templated.push({ sample, template: outcome.template });
    else refused[outcome.because] = (refused[outcome.because] ?? 0) + 1;
  }
  const genuine: number[] = [];
  const impostor: number[] = [];
  for (const [index, one] of templated.entries()) {
    for (const other of templated.slice(index + 1)) {
      const kind = kindOf(one.sample, other.sample);
      if (kind !== null) (kind === "genuine" ? genuine : impostor).push(distance(one.template, other.template));
    }
  }
  const peopleCount = new Set(samples.map((sample) => sample.person)).size;
  return { peopleCount, pictureCount: samples.length, refused, genuine, impostor };
}

/** Two spoiled pictures say nothing new, and two faces of different scenes may be one person: both are left out. */
function kindOf(one: FaceSample, other: FaceSample): "genuine" | "impostor" | null {
  if (one.variant !== "original" && other.variant !== "original") return null;
  if (one.person === other.person) return "genuine";
  return one.scene === other.scene ? "impostor" : null;
}

function distance(one: Float32Array, other: Float32Array): number {
  let sum = 0;
  for (let at = 0; at < one.length; at += 1) sum += ((one[at] ?? Number.NaN) - (other[at] ?? Number.NaN)) ** 2;
  return Math.sqrt(sum);
}

/** Shares of pairs that a threshold decides wrongly, each with the end of its 95 % interval. */
export interface ErrorRates {
  readonly threshold: number;
  readonly falseMatch: Share;
  readonly falseNonMatch: Share;
}

export interface Share {
  readonly rate: number;
  readonly atMost: number;
}

/** What a door with this threshold would have decided wrongly. */
export function ratesAt({ genuine, impostor }: FaceStudy, threshold: number): ErrorRates {
  return {
    threshold,
    falseMatch: share(impostor.filter((value) => value <= threshold).length, impostor.length),
    falseNonMatch: share(genuine.filter((value) => value > threshold).length, genuine.length),
  };
}

/** The upper end of Wilson's 95 % interval. It takes the pairs as independent, which pairs of the same few faces are not. */
function share(count: number, total: number): Share {
  if (total === 0) return { rate: Number.NaN, atMost: 1 };
  const [z, rate] = [1.96, count / total];
  const centre = rate + z ** 2 / (2 * total);
  const spread = z * Math.sqrt((rate * (1 - rate)) / total + z ** 2 / (4 * total ** 2));
  return { rate, atMost: (centre + spread) / (1 + z ** 2 / total) };
}
