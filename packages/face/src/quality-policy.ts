import type { FaceQuality } from "./measure-quality.ts";

/** CLUe's f1000 is `turned`; its f1001 are the others (CLUe §1.1). */
export type QualityProblem = "turned" | "too_small" | "blurred" | "too_dark" | "too_bright";

/** The bounds a face must keep. */
export interface QualityPolicy {
  readonly eyeDistancePxMin: number;
  readonly rollDegreesMax: number;
  readonly yawMax: number;
  readonly pitchMax: number;
  readonly sharpnessMin: number;
  readonly brightnessMin: number;
  readonly brightnessMax: number;
  readonly clippedMax: number;
}

/** A template is compared for years: what goes in must be good. Chosen by looking at faces on both sides of each bound. */
export const ENROLMENT_POLICY: QualityPolicy = {
  eyeDistancePxMin: 30,
  rollDegreesMax: 45,
  yawMax: 1.1,
  pitchMax: 0.24,
  sharpnessMin: 14,
  brightnessMin: 40,
  brightnessMax: 220,
  clippedMax: 0.35,
};

/** At a door the next picture comes soon: only what would make a template of nobody is refused. */
export const DOOR_POLICY: QualityPolicy = {
  eyeDistancePxMin: 20,
  rollDegreesMax: 60,
  yawMax: 1.6,
  pitchMax: 0.32,
  sharpnessMin: 6,
  brightnessMin: 25,
  brightnessMax: 235,
  clippedMax: 0.5,
};

/** The first bound that a face does not keep; a measure that is no number keeps none. */
export function qualityProblem(quality: FaceQuality, policy: QualityPolicy): QualityProblem | null {
  if (!(quality.eyeDistancePx >= policy.eyeDistancePxMin)) return "too_small";
  const isStraight =
    Math.abs(quality.rollDegrees) <= policy.rollDegreesMax &&
    Math.abs(quality.yaw) <= policy.yawMax &&
    Math.abs(quality.pitch) <= policy.pitchMax;
  if (!isStraight) return "turned";
  if (!(quality.brightness >= policy.brightnessMin)) return "too_dark";
  if (!(quality.brightness <= policy.brightnessMax)) return "too_bright";
  if (!(quality.clipped <= policy.clippedMax)) return quality.brightness < 128 ? "too_dark" : "too_bright";
  return quality.sharpness >= policy.sharpnessMin ? null : "blurred";
}
