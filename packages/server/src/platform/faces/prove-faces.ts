import { type ClueCode, ClueError, type Problem } from "@postern/contract";
import { assertNever, CodedError, faceMark } from "@postern/core";
import { type PhotoOutcome, type PhotoProblem, writeTemplate } from "@postern/face";
import type { FaceExaminer } from "./face-examiner.ts";
import { FACES_BUSY_RETRY_S } from "./limits.ts";

/** A face as the database keeps it in the clear: everything but the template. */
export interface FaceRecord {
  readonly packId: string;
  readonly packVersion: number;
  readonly mark: string;
}

/** A face that was found in a photo. The photo itself is nowhere any more. */
export interface ProvenFace extends FaceRecord {
  readonly template: Float32Array;
  /** The same as it is kept and sent (`writeTemplate`). */
  readonly templateText: string;
  /** A JPEG of 112 pixels; null where it was not wanted. */
  readonly crop: Uint8Array | null;
}

export interface ProvingOptions {
  /** Names a photo by its position. */
  readonly fieldOf: (index: number) => string;
  readonly wantsCrop: boolean;
}

/**
 * The faces of photos in base64, in their order; undefined where none were named. Called before a transaction. Fails with `f1000`, `f1001`, `f1002`,
 * `f1900` or `e1005` naming each photo that is not good, and with `f1006` when too many photos wait already.
 */
export async function proveFaces(
  examiner: FaceExaminer,
  photos: readonly string[] | undefined,
  { fieldOf, wantsCrop }: ProvingOptions,
): Promise<readonly ProvenFace[] | undefined> {
  if (photos === undefined || photos.length === 0) return photos === undefined ? undefined : [];
  const outcomes = await Promise.all(photos.map((photo) => examine(examiner, photo, wantsCrop)));
  const problems = outcomes.flatMap((outcome, index) => (outcome.kind === "refused" ? [{ index, ...refusalOf(outcome.because) }] : []));
  const [first] = problems;
  if (first !== undefined) {
    const details = problems.map(({ index, message }): Problem => ({ field: fieldOf(index), message }));
    throw new ClueError(first.code, { details });
  }
  return outcomes.flatMap((outcome) => (outcome.kind === "face" ? [provenFace(examiner, outcome)] : []));
}

const BASE64 = /^[A-Za-z0-9+/]+={0,2}$/;

async function examine(examiner: FaceExaminer, photo: string, wantsCrop: boolean): Promise<PhotoOutcome | NoBase64> {
  if (!BASE64.test(photo)) return { kind: "refused", because: "no_base64" };
  try {
    return await examiner.examine(Buffer.from(photo, "base64"), { wantsCrop });
  } catch (cause) {
    const isLoad = cause instanceof CodedError && (cause.code === "busy" || cause.code === "worker_failed");
    throw isLoad ? new ClueError("f1006", { retryAfterS: FACES_BUSY_RETRY_S, cause }) : cause;
  }
}

interface NoBase64 {
  readonly kind: "refused";
  readonly because: "no_base64";
}

function provenFace({ pack }: FaceExaminer, { template, crop }: PhotoOutcome & { readonly kind: "face" }): ProvenFace {
  const templateText = writeTemplate(pack, template);
  return { packId: pack.packId, packVersion: pack.version, mark: faceMark(templateText), template, templateText, crop };
}

interface PhotoRefusal {
  readonly code: ClueCode;
  readonly message: string;
}

/** What CLUe calls it (CLUe §1.1), and a sentence for whoever takes the next photo. */
function refusalOf(because: PhotoProblem | NoBase64["because"]): PhotoRefusal {
  switch (because) {
    case "turned":
      return { code: "f1000", message: "the head is turned or tilted too far; look straight ahead" };
    case "too_small":
      return { code: "f1001", message: "the face is too small; come nearer or send the picture larger" };
    case "blurred":
      return { code: "f1001", message: "the face is blurred" };
    case "too_dark":
      return { code: "f1001", message: "the face is too dark" };
    case "too_bright":
      return { code: "f1001", message: "the face is too bright" };
    case "no_face":
      return { code: "f1002", message: "shows no face" };
    case "several_faces":
      return { code: "f1900", message: "shows more than one face" };
    case "no_base64":
      return { code: "e1005", message: "must be a picture in base64, with or without the prefix of a data URL" };
    case "not_an_image":
      return { code: "e1005", message: "must be a JPEG, PNG or WebP picture" };
    case "damaged":
      return { code: "e1005", message: "is damaged or cut off" };
    case "too_many_bytes":
      return { code: "e1005", message: "must be a picture of at most 10 MB" };
    case "too_many_pixels":
      return { code: "e1005", message: "must be a picture of at most 40 million pixels" };
    default:
      return assertNever(because);
  }
}
