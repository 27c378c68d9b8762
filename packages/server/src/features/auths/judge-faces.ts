import { ClueError, type Consent, eventCode, type Problem } from "@postern/contract";
import { appendServerEvents } from "../../ledger/append.ts";
import type { Transaction } from "../../platform/database.ts";
import { type FacePolicy, readFacePolicy } from "../../platform/faces/face-policy-store.ts";
import type { PlaceGalleries } from "../../platform/faces/place-galleries.ts";
import type { ProvenFace } from "../../platform/faces/prove-faces.ts";
import type { AuthFields } from "./auth-fields.ts";
import { CONSENT_AHEAD_MS_MAX } from "./limits.ts";

/** Faces that somebody brought, and whose. */
export interface BroughtFaces {
  readonly placeId: number;
  readonly authId: number;
  readonly faces: readonly ProvenFace[];
  readonly consent: Consent | null;
  readonly fields: AuthFields;
  readonly nowMs: number;
}

export interface JudgedFaces {
  /** Without crops where the place keeps none. */
  readonly faces: readonly ProvenFace[];
  /** Auths of other people who look like one of them, the nearest of each first. */
  readonly duplicates: readonly number[];
}

/**
 * Judges faces by the policies of their place, under its roster's lock, so that of two people who look alike and come at once the second is seen. Fails
 * with `f1902` without a consent that holds, and with `f1901` for somebody's double, where the place has it so.
 */
export async function judgeFaces(
  transaction: Transaction,
  galleries: PlaceGalleries,
  { placeId, authId, faces, consent, fields, nowMs }: BroughtFaces,
): Promise<JudgedFaces> {
  const policy = await readFacePolicy(transaction, placeId);
  refuseWithoutConsent(policy, consent, { fields, nowMs });
  const alike: (readonly number[])[] = [];
  for (const { template } of faces)
    alike.push(await galleries.lookAlikes(transaction, placeId, { templates: [template], exceptAuthId: authId }));
  if (policy.duplicates === "refuse") refuseDoubles(alike, fields);
  return { faces: withKeptCrops(policy, faces), duplicates: [...new Set(alike.flat())] };
}

/** Crops are made before the place is locked: what its policy says by then counts. */
export function withKeptCrops({ crops }: FacePolicy, faces: readonly ProvenFace[]): readonly ProvenFace[] {
  return crops === "kept" ? faces : faces.map((face) => ({ ...face, crop: null }));
}

/** Whether a consent was given and has not ended. */
export function doesConsentHold(consent: Consent | null, nowMs: number): boolean {
  return consent !== null && (consent.endsAt === null || consent.endsAt > nowMs);
}

/** Nobody has agreed to anything in a time that is still to come. Fails with `e1005`. */
export function refuseConsentAhead(consent: Consent | null | undefined, fields: AuthFields, nowMs: number): void {
  if (!consent || consent.givenAt <= nowMs + CONSENT_AHEAD_MS_MAX) return;
  const problem = { field: `${fields.faceConsent}.givenAt`, message: "must not lie ahead", rejectedValue: consent.givenAt };
  throw new ClueError("e1005", { details: [problem] });
}

function refuseWithoutConsent(
  policy: FacePolicy,
  consent: Consent | null,
  { fields, nowMs }: { readonly fields: AuthFields; readonly nowMs: number },
): void {
  const isMissed = consent === null ? policy.consent === "required" : !doesConsentHold(consent, nowMs);
  if (!isMissed) return;
  const message = consent === null ? "needs a consent that is recorded with the right" : "needs a consent that has not ended";
  throw new ClueError("f1902", { details: [{ field: fields.faceConsent, message }] });
}

function refuseDoubles(alike: readonly (readonly number[])[], fields: AuthFields): void {
  const problems = alike.flatMap(([authId], index): Problem[] =>
    authId === undefined ? [] : [{ field: fields.faceImage(index), message: "looks like another person of this place", authId }],
  );
  if (problems.length > 0) throw new ClueError("f1901", { details: problems });
}

/** Writes down that somebody was enrolled who looks like others. */
export async function recordDuplicates(
  transaction: Transaction,
  { placeId, authId, userId, nowMs }: Pick<BroughtFaces, "placeId" | "authId" | "nowMs"> & { readonly userId: number },
  duplicates: readonly number[],
): Promise<void> {
  if (duplicates.length === 0) return;
  const detail = { authIds: duplicates.join(" ") };
  await appendServerEvents(transaction, placeId, [{ eventAt: nowMs, eventType: eventCode("FACE_DUPLICATED"), authId, userId, detail }]);
}
