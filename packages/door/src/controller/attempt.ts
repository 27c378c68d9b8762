import {
  type AuthItem,
  assertNever,
  type Chain,
  type ConfirmedCredential,
  cardKey,
  cardText,
  type Factor,
  type QrItem,
} from "@postern/core";
import type { CheckedCredential, Person } from "../drivers/driver.ts";
import type { DoorFacts, RosterView } from "./door-facts.ts";

/** One factor that was proven, and by what: enough to see later whether it still is. */
export interface Evidence {
  readonly factor: Factor;
  /** What the roster knows it by; null: the reader itself knew it. */
  readonly key: string | null;
  /** Of a dynamic QR: which one, and the step of its code. */
  readonly qr?: UsedQr;
  /** As the customer's own server is told it. Kept in memory, and only for as long as somebody stands there. */
  readonly presented?: string;
}

/** One code of a dynamic QR. */
export interface UsedQr {
  readonly id: number;
  readonly step: number;
}

/** What was held to which device last, and who waits for what comes of it. */
export interface Presented {
  readonly presentationId: number;
  readonly deviceId: number;
  readonly credential: CheckedCredential | ReadQr;
}

/** What somebody has proven so far, and who that makes them. */
export interface Attempt {
  readonly presentation: Presented;
  readonly auth: AuthItem | null;
  /** In the order in which it was presented. */
  readonly evidence: readonly Evidence[];
  /** The server has been asked whether the code among it is still unused, and did not say otherwise. */
  readonly isQrAskedAfter?: true;
}

/** A QR whose text was read: a good code of ours, or what only the customer can judge. */
export type ReadQr =
  | { readonly kind: "issued_qr"; readonly factor: "QR"; readonly qid: string; readonly userId: number; readonly qr: UsedQr }
  | { readonly kind: "customer_qr"; readonly factor: "QR"; readonly payload: string };

export type Named = Exclude<CheckedCredential, { readonly kind: "withheld" | "pin_checked" | "qr" }> | ReadQr;

export function chainOf(evidence: readonly Evidence[]): Chain {
  return evidence.map(({ factor }) => factor);
}

/** The code of a dynamic QR among it; null: there is none. */
export function qrOf(evidence: readonly Evidence[]): UsedQr | null {
  return evidence.find(({ qr }) => qr !== undefined)?.qr ?? null;
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
    case "issued_qr":
      return roster.authByUser(credential.userId);
    case "customer_qr":
      return null;
    case "matched":
      return matchedAuth(credential, roster);
    default:
      return assertNever(credential);
  }
}

/** A reader may still match a finger, or a face, that was taken away a moment ago: only an auth that holds one is known by one. */
function matchedAuth({ authId, factor }: Named & { readonly kind: "matched" }, roster: RosterView): AuthItem | null {
  const auth = authId === null ? null : roster.auth(authId);
  return auth !== null && isProof({ factor, key: null }, auth, roster) ? auth : null;
}

export function evidenceOf(credential: Named | Extract<CheckedCredential, { readonly kind: "pin_checked" }>): Evidence {
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
    case "issued_qr":
      return { factor, key: credential.qid, qr: credential.qr };
    case "customer_qr":
      return { factor, key: credential.payload, presented: credential.payload };
    case "matched":
      return { factor, key: null };
    default:
      return assertNever(credential);
  }
}

/** Whether the auth, as it is now, is known by this. */
export function isProof({ factor, key, qr }: Evidence, auth: AuthItem, roster: RosterView): boolean {
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
    case "QR":
      return qr !== undefined && roster.qr(key)?.userId === auth.userId;
    case "FACE":
    case "FINGERPRINT":
      return false;
    default:
      return assertNever(factor);
  }
}

/** Whether nobody here is known by it, as nobody was when it was presented. */
export function isNobodys({ factor, key, qr }: Evidence, roster: RosterView): boolean {
  if (key === null) return true;
  if (factor === "QR") return qr === undefined || isWithoutAuth(roster.qr(key), roster);
  return (factor === "UNIQUE_PIN" ? roster.authByUniquePin(key) : roster.authByCard(key)) === null;
}

/** One that was taken away meanwhile is nobody's any more, and opens nothing. */
function isWithoutAuth(item: QrItem | null, roster: RosterView): boolean {
  return item !== null && roster.authByUser(item.userId) === null;
}

/** Without what the customer's server alone is told. */
export function withoutPresented(evidence: readonly Evidence[]): readonly Evidence[] {
  return evidence.map(({ presented: _presented, ...rest }) => rest);
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
