import type { ChangeAuth } from "../clue/change-auth.ts";
import type { CreateAuth } from "../clue/create-auth.ts";
import { readCredentials, readCredentialsChange } from "../clue/read-credentials.ts";
import { Members } from "../clue/readers.ts";
import { type Read, Spot } from "../clue/spot.ts";
import type { AuthChange, CredentialsWrite, FaceConsent, NewAuth } from "./person.ts";

/** A right as v2 asks for it, in the terms that both surfaces share. */
export interface NewAuthWanted extends CreateAuth {
  /** Each once, in ascending order. */
  readonly groupIds: readonly number[];
  /** null: none. */
  readonly faceConsent: Consent | null;
}

/** The same of a change: what is absent stays. */
export interface AuthChangeWanted extends ChangeAuth {
  /** Cards and fingers scanned at a device beforehand, which join what the auth holds. */
  readonly registrationTokens: readonly string[];
  readonly groupIds?: readonly number[] | undefined;
  readonly faceConsent?: Consent | null | undefined;
}

/** That somebody agreed to their face being used. */
export interface Consent {
  readonly textVersion: string;
  readonly givenAt: number;
  /** Exclusive; null: until it is taken back. */
  readonly endsAt: number | null;
}

/** Judges what the schema of a body cannot say: the period, cards, modes and whole base64. */
export function readNewAuth(body: NewAuth): Read<NewAuthWanted> {
  const spot = Spot.root();
  if (body.endAt <= body.startAt) spot.member("endAt").refuseValue("must be after startAt", body.endAt);
  const credentials = readCredentials(credentialsOf(body.credentials, spot));
  const faceConsent = readConsent(body.faceConsent, spot.member("faceConsent")) ?? null;
  if (spot.problems.length > 0) return { ok: false, problems: spot.problems };
  const {
    userKey,
    name = userKey,
    status = "ACTIVE",
    startAt,
    endAt,
    doors,
    scheduleId = null,
    groupIds = [],
    registrationTokens = [],
  } = body;
  const right = { startMs: startAt, endMs: endAt, doors: ordered(doors), scheduleId, groupIds: ascending(groupIds) };
  return { ok: true, value: { userKey, name, status, ...right, faceConsent, credentials, registrationTokens } };
}

/** The same for a change; whether its end lies after its start is judged beside what stays. */
export function readAuthChange(body: AuthChange): Read<AuthChangeWanted> {
  const spot = Spot.root();
  const credentials = body.credentials === undefined ? {} : readCredentialsChange(credentialsOf(body.credentials, spot));
  const faceConsent = readConsent(body.faceConsent, spot.member("faceConsent"));
  if (spot.problems.length > 0) return { ok: false, problems: spot.problems };
  const { name, status, startAt, endAt, doors, scheduleId, groupIds, registrationTokens = [] } = body;
  const right = { startMs: startAt, endMs: endAt, doors: doors && ordered(doors), scheduleId, groupIds: groupIds && ascending(groupIds) };
  return { ok: true, value: { name, status, ...right, faceConsent, credentials, registrationTokens } };
}

function readConsent(consent: FaceConsent | null | undefined, spot: Spot): Consent | null | undefined {
  if (consent === undefined || consent === null) return consent;
  const { textVersion, givenAt, endsAt = null } = consent;
  if (endsAt !== null && endsAt <= givenAt) return spot.member("endsAt").refuseValue("must be after givenAt", endsAt);
  return { textVersion, givenAt, endsAt };
}

function credentialsOf(credentials: CredentialsWrite = {}, spot: Spot): Members {
  return new Members(credentials, spot.member("credentials"));
}

function ordered(doors: NewAuth["doors"]): CreateAuth["doors"] {
  return doors === "all" ? doors : ascending(doors);
}

function ascending(ids: readonly number[]): readonly number[] {
  return ids.toSorted((one, other) => one - other);
}
