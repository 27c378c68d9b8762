import type { Fingerprint } from "@postern/contract";
import type { PinVerifier } from "@postern/core";
import type { PersonKey } from "../../platform/person-keys/person-keys.ts";
import type { PinProofs, ProvenPin, ProvenUniquePin } from "./pin-proofs.ts";

/** An auth's PINs and templates as the database keeps them: what doors check with, and the thing itself under its person's key. */
export interface Secrets {
  readonly pin: { readonly verifier: PinVerifier; readonly sealed: Uint8Array } | null;
  readonly uniquePin: { readonly hash: string; readonly sealed: Uint8Array } | null;
  /** The templates in one piece; null: none. */
  readonly fingerprintsSealed: Uint8Array | null;
}

export const NO_SECRETS: Secrets = { pin: null, uniquePin: null, fingerprintsSealed: null };

/** What a request brings: undefined leaves alone what is there. */
export interface BroughtSecrets extends PinProofs {
  readonly fingerprints: readonly Fingerprint[] | undefined;
}

/** Whether something is brought that has to be sealed. */
export function needsPersonKey({ pin, uniquePin, fingerprints }: BroughtSecrets): boolean {
  return (pin ?? null) !== null || (uniquePin ?? null) !== null || (fingerprints ?? []).length > 0;
}

/**
 * The secrets as they shall be. One that is brought as it was stays to the byte, so that no door hears of it: a PIN's verifier has another salt each
 * time it is made.
 */
export function changedSecrets(held: Secrets, brought: BroughtSecrets, key: PersonKey | null): Secrets {
  const { pin, uniquePin, fingerprints } = brought;
  if (key === null) return withoutCleared(held, brought);
  return {
    pin: pin === undefined ? held.pin : pin === null ? null : sealPin(held.pin, pin, key),
    uniquePin: uniquePin === undefined ? held.uniquePin : uniquePin === null ? null : sealUniquePin(held.uniquePin, uniquePin, key),
    fingerprintsSealed: fingerprints === undefined ? held.fingerprintsSealed : sealTemplates(held.fingerprintsSealed, fingerprints, key),
  };
}

function withoutCleared(held: Secrets, { pin, uniquePin, fingerprints }: BroughtSecrets): Secrets {
  return {
    pin: pin === null ? null : held.pin,
    uniquePin: uniquePin === null ? null : held.uniquePin,
    fingerprintsSealed: fingerprints === undefined ? held.fingerprintsSealed : null,
  };
}

function sealPin(held: Secrets["pin"], { digits, verifier }: ProvenPin, key: PersonKey): Secrets["pin"] {
  const plain = Buffer.from(digits);
  if (held !== null && plain.equals(key.open("pin", held.sealed))) return held;
  return { verifier, sealed: key.seal("pin", plain) };
}

function sealUniquePin(held: Secrets["uniquePin"], { digits, hash }: ProvenUniquePin, key: PersonKey): Secrets["uniquePin"] {
  return held?.hash === hash ? held : { hash, sealed: key.seal("unique pin", Buffer.from(digits)) };
}

function sealTemplates(held: Uint8Array | null, fingerprints: readonly Fingerprint[], key: PersonKey): Uint8Array | null {
  if (fingerprints.length === 0) return null;
  const plain = Buffer.from(JSON.stringify(fingerprints.map((finger) => finger.fingerData)));
  return held !== null && plain.equals(key.open("fingerprints", held)) ? held : key.seal("fingerprints", plain);
}
