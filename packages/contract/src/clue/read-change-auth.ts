import type { ChangeAuth, WrittenChange } from "./change-auth.ts";
import { AUTH_END_MS_LIMIT } from "./clue-limits.ts";
import type { CreateAuth } from "./create-auth.ts";
import { readDoorIds, readEndMs, readEpochMs, readId, readTokens } from "./read-create-auth.ts";
import { readCredentials, readCredentialsChange, readName } from "./read-credentials.ts";
import { choice, type Members, members } from "./readers.ts";
import { type Read, type Reader, Spot } from "./spot.ts";

/** Fields of an auth as a change may name them; one of them beside an `auth` object makes it unclear which is meant. */
const FIELDS = [
  "activeStatus",
  "startTime",
  "endTime",
  "doorAccessType",
  "doorIds",
  "scheduleType",
  "scheduleId",
  "credentials",
  "registrationTokens",
] as const;

/**
 * Reads the body of PATCH (CLUe §1.3): any of an auth's fields, at the top or within `auth`. Absent fields stay; null clears a name, a credential
 * or the modes, and is refused where nothing can stand in its place. Otherwise as liberal as `readCreateAuth`.
 */
export function readChangeAuth(body: unknown): Read<WrittenChange> {
  return readWritten(body, (auth) => {
    if (auth.isNull("credentials")) return auth.spot.member("credentials").refuse("cannot be cleared whole: give null for each credential");
    const credentials = auth.optional("credentials", members);
    if (credentials === undefined) return { credentials: {} };
    return { name: credentials.clearable("name", readName), credentials: readCredentialsChange(credentials) };
  });
}

/** Reads the body of PUT (CLUe §1.3): as PATCH, but the credentials are overwritten whole, so that an absent one is taken away. */
export function readReplaceAuth(body: unknown): Read<WrittenChange> {
  return readWritten(body, (auth) => {
    const credentials = auth.required("credentials", members);
    if (credentials === undefined) return undefined;
    return { name: credentials.clearable("name", readName), credentials: readCredentials(credentials) };
  });
}

type ReadHeld = (auth: Members) => Pick<ChangeAuth, "name" | "credentials"> | undefined;

function readWritten(body: unknown, readHeld: ReadHeld): Read<WrittenChange> {
  const spot = Spot.root();
  const root = members(body, spot);
  const auth = root?.has("auth") === true ? root.required("auth", members) : root;
  const prefix = auth === root ? "" : "auth.";
  if (root !== undefined && prefix !== "") refuseBeside(root);
  const held = auth === undefined ? undefined : readHeld(auth);
  const change = auth === undefined ? undefined : readRight(auth);
  const registrationTokens = auth?.optional("registrationTokens", readTokens) ?? [];
  if (spot.problems.length > 0 || held === undefined || change === undefined) return { ok: false, problems: spot.problems };
  return { ok: true, value: { ...change, ...held, prefix, registrationTokens } };
}

function refuseBeside(root: Members): void {
  const beside = FIELDS.find((name) => root.has(name));
  if (beside !== undefined) root.spot.member(beside).refuse("must not stand beside `auth`: write all fields in one of the two places");
}

function readRight(auth: Members): Omit<ChangeAuth, "name" | "credentials"> {
  const status = stays(auth, "activeStatus", choice(["ACTIVE", "INACTIVE"]));
  const startMs = stays(auth, "startTime", readEpochMs);
  const endMs = stays(auth, "endTime", readEndBeforeLimit);
  return { status, startMs, endMs, doors: readDoors(auth), scheduleId: readScheduleId(auth) };
}

/** A field that every auth has: null has nothing to put in its place. */
function stays<Value>(auth: Members, name: string, read: Reader<Value>): Value | undefined {
  return auth.isNull(name) ? auth.spot.member(name).refuse("cannot be cleared") : auth.optional(name, read);
}

const readEndBeforeLimit: Reader<number> = (value, spot) => {
  const endMs = readEndMs(value, spot);
  if (endMs === undefined || endMs < AUTH_END_MS_LIMIT) return endMs;
  return spot.refuseValue("must be before 2038-02-01T00:00:00Z", endMs);
};

/** Doors without a `doorAccessType` mean these doors: reading it as less would leave more open than was asked. */
function readDoors(auth: Members): CreateAuth["doors"] | undefined {
  const access = stays(auth, "doorAccessType", choice(["ALL_DOOR", "SPECIFIC"]));
  if (access === "ALL_DOOR") return "all";
  const spot = auth.spot.member("doorIds");
  if (auth.isNull("doorIds")) return spot.refuse("cannot be cleared: ask for doorAccessType ALL_DOOR where all doors are meant");
  if (auth.has("doorIds")) return readDoorIds(auth);
  return access === "SPECIFIC" ? spot.refuse("is required when doorAccessType is SPECIFIC") : undefined;
}

function readScheduleId(auth: Members): number | null | undefined {
  const type = stays(auth, "scheduleType", choice(["ALWAYS", "SPECIFIC"]));
  if (type === "ALWAYS") return null;
  const spot = auth.spot.member("scheduleId");
  if (auth.isNull("scheduleId")) return spot.refuse("cannot be cleared: ask for scheduleType ALWAYS where no schedule is meant");
  if (auth.has("scheduleId")) return auth.required("scheduleId", readId);
  return type === "SPECIFIC" ? spot.refuse("is required when scheduleType is SPECIFIC") : undefined;
}
