import { isDeepStrictEqual } from "node:util";
import {
  type AuthView,
  type ClueCard,
  type Consent,
  cardKeyOf,
  defaultModes,
  type Fingerprint,
  type HeldCredentials,
} from "@postern/contract";
import { fingerMark } from "@postern/core";
import type { FaceRecord } from "../../platform/faces/prove-faces.ts";
import type { WantedAuth, WantedChange } from "./wanted-auth.ts";

/** A fingerprint as the database keeps it in the clear: everything but the template. */
export interface FingerprintRecord {
  readonly fingerFormat: string;
  readonly fingerFlag: string;
  /** Of its template: tells whether two are the same, and nothing about either. */
  readonly mark: string;
}

/** An auth as the database keeps it, but for its ids, its times and what is sealed. */
export interface AuthRecord {
  readonly name: string;
  readonly status: "ACTIVE" | "INACTIVE";
  readonly startMs: number;
  readonly endMs: number;
  readonly doors: "all" | readonly number[];
  readonly scheduleId: number | null;
  /** In ascending order. */
  readonly groupIds: readonly number[];
  /** null: the default, which follows the credentials. */
  readonly modesAsked: readonly string[] | null;
  readonly phone: string | null;
  /** As the client wrote them, in order. */
  readonly cards: readonly ClueCard[];
  readonly fingerprints: readonly FingerprintRecord[];
  readonly faces: readonly FaceRecord[];
  readonly faceConsent: Consent | null;
  readonly hasPin: boolean;
  readonly hasUniquePin: boolean;
}

export interface DoorName {
  readonly doorId: number;
  readonly doorName: string;
}

/** `faces`: as they were found in the photos. */
export function authRecord(wanted: WantedAuth, faces: readonly FaceRecord[]): AuthRecord {
  const { name, status, startMs, endMs, doors, scheduleId, groupIds, faceConsent, credentials } = wanted;
  return {
    name,
    status,
    startMs,
    endMs,
    doors,
    scheduleId,
    groupIds,
    modesAsked: credentials.modes,
    phone: credentials.phone,
    cards: credentials.cards.map(writtenCard),
    fingerprints: credentials.fingerprints.map(fingerprintRecord),
    faces: faces.map(faceRecord),
    faceConsent,
    hasPin: credentials.pin !== null,
    hasUniquePin: credentials.uniquePin !== null,
  };
}

interface Changing {
  readonly userKey: string;
  /** undefined: they stay. */
  readonly faces: readonly FaceRecord[] | undefined;
}

/** The record as it shall be: what the change does not name stays. */
export function changedRecord(record: AuthRecord, change: WantedChange, { userKey, faces }: Changing): AuthRecord {
  const { name, status, startMs, endMs, doors, scheduleId, groupIds, credentials } = change;
  const { modes, phone, cards, fingerprints, pin, uniquePin } = credentials;
  return {
    name: name === null ? userKey : (name ?? record.name),
    status: status ?? record.status,
    startMs: startMs ?? record.startMs,
    endMs: endMs ?? record.endMs,
    doors: doors ?? record.doors,
    scheduleId: scheduleId === undefined ? record.scheduleId : scheduleId,
    groupIds: groupIds ?? record.groupIds,
    modesAsked: modes === undefined ? record.modesAsked : modes,
    phone: phone === undefined ? record.phone : phone,
    cards: cards?.map(writtenCard) ?? record.cards,
    fingerprints: fingerprints?.map(fingerprintRecord) ?? record.fingerprints,
    faces: faces?.map(faceRecord) ?? record.faces,
    faceConsent: change.faceConsent === undefined ? record.faceConsent : change.faceConsent,
    hasPin: pin === undefined ? record.hasPin : pin !== null,
    hasUniquePin: uniquePin === undefined ? record.hasUniquePin : uniquePin !== null,
  };
}

/** The canonical keys of its cards, in their order. */
export function cardKeysOf({ cards }: AuthRecord): readonly string[] {
  return cards.map(cardKeyOf);
}

/** What is different, by name alone: no audit row holds a credential. PINs are told apart by what is sealed. */
export function changedNamesOf(before: AuthRecord, after: AuthRecord): readonly string[] {
  return Object.entries(after).flatMap(([name, value]) =>
    isDeepStrictEqual(value, Reflect.get(before, name)) || /^has/.test(name) ? [] : [name],
  );
}

function writtenCard({ cardNumber, formatType, formatData }: ClueCard): ClueCard {
  return { cardNumber, formatType, formatData };
}

function fingerprintRecord({ fingerFormat, fingerFlag, fingerData }: Fingerprint): FingerprintRecord {
  return { fingerFormat, fingerFlag, mark: fingerMark(fingerData) };
}

function faceRecord({ packId, packVersion, mark }: FaceRecord): FaceRecord {
  return { packId, packVersion, mark };
}

/** What opens: as asked for, else each factor that is held. */
export function modesOf(record: AuthRecord): readonly string[] {
  return record.modesAsked ?? defaultModes(heldCredentials(record));
}

function heldCredentials({ cards, faces, fingerprints, hasPin, hasUniquePin }: AuthRecord): HeldCredentials {
  return { cards, faceImages: faces, fingerprints, pin: hasPin || null, uniquePin: hasUniquePin || null };
}

export interface KeptAuth {
  readonly placeId: number;
  readonly authId: number;
  readonly userId: number;
  readonly userKey: string;
  readonly madeAtMs: number;
  readonly lastModifiedMs: number;
  readonly record: AuthRecord;
}

/** Everything of an auth that may be shown, on either surface: cards, but of PINs, fingerprints and faces that they are there. */
export interface AuthDetails extends AuthView {
  readonly placeId: number;
  readonly madeAtMs: number;
  readonly groupIds: readonly number[];
  readonly fingerprints: readonly { readonly fingerFormat: string; readonly fingerFlag: string }[];
  readonly faceCount: number;
  readonly faceConsent: Consent | null;
  /** Auths of other people whose faces look like those that were just enrolled; empty in all other answers. */
  readonly faceDuplicates: readonly number[];
  readonly hasPin: boolean;
  readonly hasUniquePin: boolean;
}

/** An auth as its answer needs it. `doorNames` are those of its doors; none when it opens all of them. */
export function authDetails({ record, ...kept }: KeptAuth, doorNames: readonly DoorName[]): AuthDetails {
  const { modesAsked: _, fingerprints, faces, ...shown } = record;
  const doors = record.doors === "all" ? record.doors : doorNames;
  const kinds = fingerprints.map(({ fingerFormat, fingerFlag }) => ({ fingerFormat, fingerFlag }));
  return {
    ...kept,
    ...shown,
    doors,
    modes: modesOf(record),
    faceImages: [],
    faceDuplicates: [],
    faceCount: faces.length,
    fingerprints: kinds,
  };
}
