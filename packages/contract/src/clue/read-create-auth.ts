import {
  AUTH_END_MS_LIMIT,
  DOOR_IDS_COUNT_MAX,
  EPOCH_MS_MAX,
  REGISTRATION_TOKEN_LENGTH_MAX,
  REGISTRATION_TOKENS_COUNT_MAX,
  USER_KEY_LENGTH_MAX,
} from "./clue-limits.ts";
import type { CreateAuth } from "./create-auth.ts";
import { readCredentials, readName } from "./read-credentials.ts";
import { choice, list, type Members, members, text, wholeNumber } from "./readers.ts";
import { type Read, type Reader, Spot } from "./spot.ts";

/** Ids as CLUe hands them out: plain whole numbers. */
export const readId: Reader<number> = wholeNumber({ min: 1, max: Number.MAX_SAFE_INTEGER });

export const readEpochMs: Reader<number> = wholeNumber({ min: 0, max: EPOCH_MS_MAX });

/** Its own limit is lower and is told in words. */
export const readEndMs = wholeNumber({ min: 0, max: Number.MAX_SAFE_INTEGER });

/** CLUe §1.2. */
export const readUserKey: Reader<string> = text({
  lengthMax: USER_KEY_LENGTH_MAX,
  pattern: { expression: /^[a-z0-9\-_@.]+$/, message: "must have 1 to 64 lowercase letters, digits, or - _ @ ." },
  isPrivate: true,
});

export const readTokens = list(
  text({
    lengthMax: REGISTRATION_TOKEN_LENGTH_MAX,
    pattern: { expression: /^[\w.-]+$/, message: `must be a token of at most ${REGISTRATION_TOKEN_LENGTH_MAX} characters` },
    isPrivate: true,
  }),
  { countMax: REGISTRATION_TOKENS_COUNT_MAX },
);

/**
 * Reads the body of CLUe's create-user call (CLUe §1.2) by the rules of CLUe §7: unknown fields are ignored, null is absent, numbers may
 * come as strings and lists as one value. Never throws; on refusal all mistakes are told, up to `PROBLEMS_COUNT_MAX`.
 */
export function readCreateAuth(body: unknown): Read<CreateAuth> {
  const spot = Spot.root();
  const root = members(body, spot);
  const user = root?.required("user", members);
  const auth = root?.required("auth", members);
  const userKey = user?.required("key", readUserKey);
  const userName = user?.optional("name", readName);
  const right = auth === undefined ? undefined : readRight(auth);
  if (spot.problems.length > 0 || userKey === undefined || right === undefined) return { ok: false, problems: spot.problems };
  const { ownName, ...rest } = right;
  return { ok: true, value: { userKey, name: ownName ?? userName ?? userKey, ...rest } };
}

type Right = Omit<CreateAuth, "userKey" | "name"> & { readonly ownName: string | undefined };

function readRight(auth: Members): Right | undefined {
  const status = auth.required("activeStatus", choice(["ACTIVE", "INACTIVE"]));
  const period = readPeriod(auth);
  const doors = readDoors(auth);
  const scheduleId = readScheduleId(auth);
  const credentials = auth.required("credentials", members);
  const ownName = credentials?.optional("name", readName);
  const held = credentials === undefined ? undefined : readCredentials(credentials);
  const registrationTokens = auth.optional("registrationTokens", readTokens) ?? [];
  if (status === undefined || period === undefined || doors === undefined || scheduleId === undefined || held === undefined)
    return undefined;
  return { status, ...period, doors, scheduleId, credentials: held, registrationTokens, ownName };
}

function readPeriod(auth: Members): Pick<CreateAuth, "startMs" | "endMs"> | undefined {
  const startMs = auth.required("startTime", readEpochMs);
  const endMs = auth.required("endTime", readEndMs);
  if (endMs === undefined) return undefined;
  const end = auth.spot.member("endTime");
  if (endMs >= AUTH_END_MS_LIMIT) return end.refuseValue("must be before 2038-02-01T00:00:00Z", endMs);
  if (startMs === undefined) return undefined;
  if (endMs <= startMs) return end.refuseValue("must be after startTime", endMs);
  return { startMs, endMs };
}

function readDoors(auth: Members): CreateAuth["doors"] | undefined {
  const access = auth.required("doorAccessType", choice(["ALL_DOOR", "SPECIFIC"]));
  if (access !== "SPECIFIC") return access === undefined ? undefined : "all";
  const spot = auth.spot.member("doorIds");
  if (!auth.has("doorIds")) return spot.refuse("is required when doorAccessType is SPECIFIC");
  return readDoorIds(auth);
}

/** At least one id, in ascending order. */
export function readDoorIds(auth: Members): readonly number[] | undefined {
  const spot = auth.spot.member("doorIds");
  const doorIds = auth.required("doorIds", list(readId, { countMax: DOOR_IDS_COUNT_MAX }));
  if (doorIds === undefined) return undefined;
  if (doorIds.length === 0) return spot.refuse("must not be empty when doorAccessType is SPECIFIC");
  const ordered = [...doorIds].sort((left, right) => left - right);
  const repeated = ordered.find((doorId, index) => doorId === ordered[index - 1]);
  return repeated === undefined ? ordered : spot.refuseValue("must name each door once", repeated);
}

function readScheduleId(auth: Members): number | null | undefined {
  const type = auth.required("scheduleType", choice(["ALWAYS", "SPECIFIC"]));
  if (type !== "SPECIFIC") return type === undefined ? undefined : null;
  if (!auth.has("scheduleId")) return auth.spot.member("scheduleId").refuse("is required when scheduleType is SPECIFIC");
  return auth.required("scheduleId", readId);
}
