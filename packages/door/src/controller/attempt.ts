import { type AuthItem, assertNever, type Chain, type ConfirmedCredential, cardKey, cardText, type Factor } from "@postern/core";
import type { CheckedCredential, Person } from "../drivers/driver.ts";
import type { DoorFacts, RosterView } from "./door-facts.ts";
import type { Presentation } from "./present.ts";

/** One factor that was proven, and by what: enough to see later whether it still is. */
export interface Evidence {
  readonly factor: Factor;
  /** What the roster knows it by; null: the reader itself knew it. */
  readonly key: string | null;
  /** As the customer's own server is told it. Kept in memory, and only for as long as somebody stands there. */
  readonly presented?: string;
}

/** What somebody has proven so far, and who that makes them. */
export interface Attempt {
  readonly presentation: Presentation;
  readonly auth: AuthItem | null;
  /** In the order in which it was presented. */
  readonly evidence: readonly Evidence[];
}

export type Named = Exclude<CheckedCredential, { readonly kind: "withheld" | "pin_checked" }>;

export function chainOf(evidence: readonly Evidence[]): Chain {
  return evidence.map(({ factor }) => factor);
}

export function personOf(auth: AuthItem | null): Person | null {
  return auth === null ? null : { authId: auth.id, userId: auth.userId };
}

export function identify(credential: Named, { roster }: Pick<DoorFacts, "roster">): AuthItem | null {
  switch (credential.kind) {
    case "card":
      return roster.authByCard(cardKey(credential.card));
    case "code":
      return roster.authByUser(credential.userId);
    case "unique_pin_checked":
      return roster.authByUniquePin(credential.key);
    case "matched":
      return matchedAuth(credential, roster);
    default:
      return assertNever(credential);
  }
}

/** A reader may still match a finger, or a face, that was taken away a moment ago: only an auth that holds one is known by one. */
function matchedAuth({ authId, factor }: Named & { readonly kind: "matched" }, roster: RosterView): AuthItem | null {
  const auth = authId === null ? null : roster.auth(authId);
  return auth !== null && isProof({ factor, key: null }, auth) ? auth : null;
}

export function evidenceOf(credential: Exclude<CheckedCredential, { readonly kind: "withheld" }>): Evidence {
  const { factor } = credential;
  switch (credential.kind) {
    case "card":
      return { factor, key: cardKey(credential.card), presented: cardText(credential.card).cardNumber };
    case "code":
      return { factor, key: String(credential.userId) };
    case "unique_pin_checked":
      return { factor, key: credential.key, presented: credential.digits };
    case "pin_checked":
      return { factor, key: credential.verifierHash };
    case "matched":
      return { factor, key: null };
    default:
      return assertNever(credential);
  }
}

/** Whether the auth, as it is now, is known by this. */
export function isProof({ factor, key }: Evidence, auth: AuthItem): boolean {
  if (key === null) {
    if (factor === "FINGERPRINT") return auth.fingerprints.length > 0;
    return factor !== "FACE" || auth.faces !== undefined;
  }
  switch (factor) {
    case "CARD":
    case "MOBILE":
      return auth.cards.includes(key);
    case "CODE":
      return String(auth.userId) === key;
    case "PIN":
      return auth.pin?.hash === key;
    case "UNIQUE_PIN":
      return auth.uniquePin === key;
    case "FACE":
    case "FINGERPRINT":
    case "QR":
      return false;
    default:
      return assertNever(factor);
  }
}

/** Whether nobody here is known by it, as nobody was when it was presented. */
export function isNobodys({ factor, key }: Evidence, roster: RosterView): boolean {
  if (key === null) return true;
  return (factor === "UNIQUE_PIN" ? roster.authByUniquePin(key) : roster.authByCard(key)) === null;
}

/** Without what the customer's server alone is told. */
export function withoutPresented(evidence: readonly Evidence[]): readonly Evidence[] {
  return evidence.map(({ factor, key }) => ({ factor, key }));
}

export function isSameEvidence(left: readonly Evidence[], right: readonly Evidence[]): boolean {
  return (
    left.length === right.length && left.every(({ factor, key }, index) => right[index]?.factor === factor && right[index].key === key)
  );
}

const PRESENTED_AS: Readonly<Record<ConfirmedCredential, readonly Factor[]>> = {
  card: ["CARD", "MOBILE"],
  unique_pin: ["UNIQUE_PIN"],
  qr: ["QR"],
  customer_qr: ["QR"],
  face: [],
  fingerprint: [],
};

/** What of the evidence the customer's server is told about a credential of this type. */
export function presentedAs(credential: ConfirmedCredential, evidence: readonly Evidence[]): string | undefined {
  return evidence.find(({ factor }) => PRESENTED_AS[credential].includes(factor))?.presented;
}
