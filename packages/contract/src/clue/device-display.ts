import { DISPLAY_IMAGE_TYPES } from "@postern/core";
import { type Static, Type } from "typebox";
import {
  DISPLAY_FILE_NAME_LENGTH_MAX,
  DISPLAY_IMAGE_TEXT_LENGTH_MAX,
  DISPLAY_MESSAGE_LENGTH_MAX,
  DISPLAY_MESSAGE_LINE_LENGTH,
  DISPLAY_MESSAGE_LINES_MAX,
} from "./clue-limits.ts";
import { choice, members, text } from "./readers.ts";
import { type Read, type Reader, Spot } from "./spot.ts";

const closed = { additionalProperties: false };

/** CLUe §1.8. */
export const DisplayImageName = Type.Union([
  Type.Literal("DEFAULT"),
  Type.Literal("SUCCESS"),
  Type.Literal("FAILURE"),
  Type.Literal("UNLOCKED"),
  Type.Literal("LOCKED"),
]);
export type DisplayImageName = Static<typeof DisplayImageName>;

export const PutDeviceImageBody = Type.Object({
  fileName: Type.String({ minLength: 1, maxLength: DISPLAY_FILE_NAME_LENGTH_MAX }),
  fileData: Type.String({
    minLength: 1,
    maxLength: DISPLAY_IMAGE_TEXT_LENGTH_MAX,
    description: "Base64 of a JPEG or PNG of at most 4 MB.",
  }),
});

export const DeviceImageData = Type.Object(
  {
    imageId: Type.Integer(),
    fileName: Type.String(),
    key: Type.String(),
    imageUrl: Type.String(),
    type: DisplayImageName,
    lastModifiedAt: Type.Integer(),
  },
  closed,
);
export type DeviceImageData = Static<typeof DeviceImageData>;

const messageFields = {
  type: Type.Literal("HOME_NOTIFICATION"),
  message: Type.String({ maxLength: DISPLAY_MESSAGE_LENGTH_MAX }),
  useFlag: Type.Boolean(),
};
export const PutDeviceMessageBody = Type.Object(messageFields);
export const DeviceMessageData = Type.Object(messageFields, closed);
export type DeviceMessageData = Static<typeof DeviceMessageData>;

/** A picture as it was sent, not yet looked at. */
export interface SentPicture {
  readonly fileName: string;
  /** Base64 without a data URL's prefix. */
  readonly fileData: string;
}

const readFileName: Reader<string> = text({
  lengthMax: DISPLAY_FILE_NAME_LENGTH_MAX,
  pattern: { expression: /^[^\p{Cc}/\\]+$/u, message: `must be a file's name of at most ${DISPLAY_FILE_NAME_LENGTH_MAX} characters` },
});
const readFileText = text({ lengthMax: DISPLAY_IMAGE_TEXT_LENGTH_MAX, isPrivate: true });
/** With or without a data URL's prefix, in one line or several. Whether it is a picture is for whoever looks at it. */
const readFileData: Reader<string> = (value, spot) =>
  readFileText(value, spot)
    ?.replace(/^data:[a-z0-9.+/;=-]{0,100},/i, "")
    .replace(/\s+/g, "");

/** `{fileName, fileData}` (CLUe §1.8). */
export function readPutDeviceImage(body: unknown): Read<SentPicture> {
  const spot = Spot.root();
  const root = members(body, spot);
  const fileName = root?.required("fileName", readFileName);
  const fileData = root?.required("fileData", readFileData);
  if (fileName === undefined || fileData === undefined) return { ok: false, problems: spot.problems };
  return { ok: true, value: { fileName, fileData } };
}

/** `:type` of a path. */
export function readImageType(value: unknown): Read<DisplayImageName> {
  const spot = Spot.root();
  const type = choice(DISPLAY_IMAGE_TYPES)(value, spot.member("type"));
  return type === undefined ? { ok: false, problems: spot.problems } : { ok: true, value: type };
}

/** A notice for a device's home screen. */
export interface DeviceMessage {
  /** Lines end in a line feed alone. */
  readonly message: string;
  readonly isUsed: boolean;
}

const readFlag: Reader<boolean> = (value, spot) => {
  if (value === true || value === "true") return true;
  return value === false || value === "false" ? false : spot.refuseValue("must be true or false", value);
};
const readMessageText: Reader<string> = (value, spot) => {
  if (value === "") return "";
  const written = text({ lengthMax: 2 * DISPLAY_MESSAGE_LENGTH_MAX })(value, spot);
  const problem = written === undefined ? null : messageProblem(written);
  return problem === null ? written?.replaceAll("\r\n", "\n") : spot.refuse(problem);
};

/** Why a device could not show a message whole; null: it can. */
export function messageProblem(message: string): string | null {
  const lines = message.split(/\r\n|\n/);
  if (lines.some((line) => /\p{Cc}/u.test(line))) return "must not hold control characters but line feeds";
  const lineCount = lines.reduce((count, line) => count + Math.max(1, Math.ceil([...line].length / DISPLAY_MESSAGE_LINE_LENGTH)), 0);
  if (lineCount <= DISPLAY_MESSAGE_LINES_MAX) return null;
  return `must have at most ${DISPLAY_MESSAGE_LINES_MAX} lines of ${DISPLAY_MESSAGE_LINE_LENGTH} characters`;
}

/** `{type:"HOME_NOTIFICATION", message, useFlag}` (CLUe §1.8). */
export function readPutDeviceMessage(body: unknown): Read<DeviceMessage> {
  const spot = Spot.root();
  const root = members(body, spot);
  root?.required("type", choice(["HOME_NOTIFICATION"]));
  const message = root?.required("message", readMessageText);
  const isUsed = root?.required("useFlag", readFlag);
  if (spot.problems.length > 0 || message === undefined || isUsed === undefined) return { ok: false, problems: spot.problems };
  return { ok: true, value: { message, isUsed } };
}
