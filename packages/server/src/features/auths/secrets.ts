import type { Fingerprint } from "@postern/contract";
import type { PinVerifier } from "@postern/core";
import type { ProvenFace } from "../../platform/faces/prove-faces.ts";
import type { PersonKey, SealPurpose } from "../../platform/person-keys/person-keys.ts";
import type { PinProofs, ProvenPin, ProvenUniquePin } from "./pin-proofs.ts";

/** An auth's PINs and templates as the database keeps them: what doors check with, and the thing itself under its person's key. */
export interface Secrets {
  readonly pin: { readonly verifier: PinVerifier; readonly sealed: Uint8Array } | null;
  readonly uniquePin: { readonly hash: string; readonly sealed: Uint8Array } | null;
  /** The templates in one piece; null: none. */
  readonly fingerprintsSealed: Uint8Array | null;
  readonly facesSealed: Uint8Array | null;
  /** The crops of the faces, in their order; null: none, or the place keeps none. */
  readonly cropsSealed: Uint8Array | null;
}

export const NO_SECRETS: Secrets = { pin: null, uniquePin: null, fingerprintsSealed: null, facesSealed: null, cropsSealed: null };

/** What a request brings: undefined leaves alone what is there. */
export interface BroughtSecrets extends PinProofs {
  readonly fingerprints: readonly Fingerprint[] | undefined;
  readonly faces: readonly ProvenFace[] | undefined;
}

/** Whether something is brought that has to be sealed. */
export function needsPersonKey({ pin, uniquePin, fingerprints, faces }: BroughtSecrets): boolean {
  return (pin ?? null) !== null || (uniquePin ?? null) !== null || (fingerprints ?? []).length > 0 || (faces ?? []).length > 0;
}

/**
 * The secrets as they shall be. One that is brought as it was stays to the byte, so that no door hears of it: a PIN's verifier has another salt each
 * time it is made.
 */
export function changedSecrets(held: Secrets, brought: BroughtSecrets, key: PersonKey | null): Secrets {
  const { pin, uniquePin, fingerprints, faces } = brought;
  if (key === null) return withoutCleared(held, brought);
  return {
    pin: pin === undefined ? held.pin : pin === null ? null : sealPin(held.pin, pin, key),
    uniquePin: uniquePin === undefined ? held.uniquePin : uniquePin === null ? null : sealUniquePin(held.uniquePin, uniquePin, key),
    fingerprintsSealed: sealTexts(
      held.fingerprintsSealed,
      fingerprints?.map((finger) => finger.fingerData),
      { key, purpose: "fingerprints" },
    ),
    facesSealed: sealTexts(
      held.facesSealed,
      faces?.map((face) => face.templateText),
      { key, purpose: "faces" },
    ),
    cropsSealed: sealTexts(held.cropsSealed, faces && cropsOf(faces), { key, purpose: "face crops" }),
  };
}

function withoutCleared(held: Secrets, { pin, uniquePin, fingerprints, faces }: BroughtSecrets): Secrets {
  return {
    pin: pin === null ? null : held.pin,
    uniquePin: uniquePin === null ? null : held.uniquePin,
    fingerprintsSealed: fingerprints === undefined ? held.fingerprintsSealed : null,
    facesSealed: faces === undefined ? held.facesSealed : null,
    cropsSealed: faces === undefined ? held.cropsSealed : null,
  };
}

/** In base64. None where one is missing, so that each is known by its position. */
function cropsOf(faces: readonly ProvenFace[]): readonly string[] {
  const crops = faces.flatMap(({ crop }) => (crop === null ? [] : [Buffer.from(crop).toString("base64")]));
  return crops.length === faces.length ? crops : [];
}

function sealPin(held: Secrets["pin"], { digits, verifier }: ProvenPin, key: PersonKey): Secrets["pin"] {
  const plain = Buffer.from(digits);
  if (held !== null && plain.equals(key.open("pin", held.sealed))) return held;
  return { verifier, sealed: key.seal("pin", plain) };
}

function sealUniquePin(held: Secrets["uniquePin"], { digits, hash }: ProvenUniquePin, key: PersonKey): Secrets["uniquePin"] {
  return held?.hash === hash ? held : { hash, sealed: key.seal("unique pin", Buffer.from(digits)) };
}

/** The templates of fingers, in their order. */
export function openTemplates(sealed: Uint8Array, key: PersonKey): readonly string[] {
  const value: unknown = JSON.parse(Buffer.from(key.open("fingerprints", sealed)).toString("utf8"));
  return Array.isArray(value) ? value.filter((text) => typeof text === "string") : [];
}

/** Templates sealed in one piece; undefined leaves alone what is held, and what is the same stays to the byte. */
function sealTexts(
  held: Uint8Array | null,
  texts: readonly string[] | undefined,
  { key, purpose }: { readonly key: PersonKey; readonly purpose: SealPurpose },
): Uint8Array | null {
  if (texts === undefined) return held;
  if (texts.length === 0) return null;
  const plain = Buffer.from(JSON.stringify(texts));
  return held !== null && plain.equals(key.open(purpose, held)) ? held : key.seal(purpose, plain);
}
