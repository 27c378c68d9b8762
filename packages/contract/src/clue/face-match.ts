import { type Static, Type } from "typebox";
import { FACE_IMAGE_LENGTH_MAX } from "./clue-limits.ts";
import { queryMembers } from "./query.ts";
import { readId } from "./read-create-auth.ts";
import { readImage } from "./read-credentials.ts";
import { members, text } from "./readers.ts";
import { type Read, Spot } from "./spot.ts";

const closed = { additionalProperties: false };

/** A device that compares faces (CLUe §1.7). */
export const FaceMatchableDevice = Type.Object(
  { deviceId: Type.Integer(), deviceName: Type.String(), deviceSerial: Type.String(), deviceType: Type.String() },
  closed,
);
export type FaceMatchableDevice = Static<typeof FaceMatchableDevice>;

export const MatchFaceBody = Type.Object({ base64Image: Type.String({ minLength: 1, maxLength: FACE_IMAGE_LENGTH_MAX }) });

export const MatchFaceAnswer = Type.Object({ taskUuid: Type.String() }, closed);

export const MatchFaceTask = Type.Object(
  {
    taskId: Type.String(),
    taskType: Type.Literal("MATCH_FACE"),
    status: Type.Literal("COMPLETED"),
    duplicatedAuthIds: Type.Array(Type.Integer()),
    createdAt: Type.Integer(),
    /** Five seconds after. */
    expiredAt: Type.Integer(),
  },
  closed,
);
export type MatchFaceTask = Static<typeof MatchFaceTask>;

/** `placeId`; null where it is absent or empty. */
export function readFaceMatchableQuery(query: unknown): Read<number | null> {
  const spot = Spot.root();
  const placeId = queryMembers(query, spot).optional("placeId", readId) ?? null;
  return spot.problems.length > 0 ? { ok: false, problems: spot.problems } : { ok: true, value: placeId };
}

/** `{base64Image}`, with or without a data URL's prefix; what is read has none. */
export function readMatchFaceBody(body: unknown): Read<string> {
  const spot = Spot.root();
  const image = members(body, spot)?.required("base64Image", readImage);
  return image === undefined ? { ok: false, problems: spot.problems } : { ok: true, value: image };
}

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;
const readUuid = text({ lengthMax: 36, pattern: { expression: UUID, message: "must be a UUID" } });

/** `:taskUuid` of a path. */
export function readTaskUuid(value: unknown): Read<string> {
  return readPathUuid("taskUuid", value);
}

/** A UUID of a path, in small letters. */
export function readPathUuid(name: string, value: unknown): Read<string> {
  const spot = Spot.root();
  const uuid = readUuid(value, spot.member(name));
  return uuid === undefined ? { ok: false, problems: spot.problems } : { ok: true, value: uuid.toLowerCase() };
}
