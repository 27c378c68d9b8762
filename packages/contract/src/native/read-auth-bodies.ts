import type { ChangeAuth } from "../clue/change-auth.ts";
import type { CreateAuth } from "../clue/create-auth.ts";
import { readCredentials, readCredentialsChange } from "../clue/read-credentials.ts";
import { Members } from "../clue/readers.ts";
import { type Read, Spot } from "../clue/spot.ts";
import type { AuthChange, CredentialsWrite, NewAuth } from "./person.ts";

/** A right as v2 asks for it, in the terms that both surfaces share. */
export interface NewAuthWanted extends Omit<CreateAuth, "registrationTokens"> {
  /** Each once, in ascending order. */
  readonly groupIds: readonly number[];
}

/** The same of a change: what is absent stays. */
export interface AuthChangeWanted extends ChangeAuth {
  readonly groupIds?: readonly number[] | undefined;
}

/** Judges what the schema of a body cannot say: the period, cards, modes and whole base64. */
export function readNewAuth(body: NewAuth): Read<NewAuthWanted> {
  const spot = Spot.root();
  if (body.endAt <= body.startAt) spot.member("endAt").refuseValue("must be after startAt", body.endAt);
  const credentials = readCredentials(credentialsOf(body.credentials, spot));
  if (spot.problems.length > 0) return { ok: false, problems: spot.problems };
  const { userKey, name = userKey, status = "ACTIVE", startAt, endAt, doors, scheduleId = null, groupIds = [] } = body;
  const right = { startMs: startAt, endMs: endAt, doors: ordered(doors), scheduleId, groupIds: ascending(groupIds) };
  return { ok: true, value: { userKey, name, status, ...right, credentials } };
}

/** The same for a change; whether its end lies after its start is judged beside what stays. */
export function readAuthChange(body: AuthChange): Read<AuthChangeWanted> {
  const spot = Spot.root();
  const credentials = body.credentials === undefined ? {} : readCredentialsChange(credentialsOf(body.credentials, spot));
  if (spot.problems.length > 0) return { ok: false, problems: spot.problems };
  const { name, status, startAt, endAt, doors, scheduleId, groupIds } = body;
  const right = { startMs: startAt, endMs: endAt, doors: doors && ordered(doors), scheduleId, groupIds: groupIds && ascending(groupIds) };
  return { ok: true, value: { name, status, ...right, credentials } };
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
