import Type, { type Static } from "typebox";
import { DISPLAY_FILE_NAME_LENGTH_MAX, DISPLAY_IMAGE_TEXT_LENGTH_MAX, DISPLAY_MESSAGE_LENGTH_MAX } from "../clue/clue-limits.ts";
import { DisplayImageName } from "../clue/device-display.ts";
import { PRIVATE } from "./explain-schema.ts";
import { operations } from "./operation.ts";
import { Count, closed, EpochMs, Id, NoQuery } from "./parts.ts";

export const DisplayImage = Type.Object(
  {
    imageId: Id,
    type: DisplayImageName,
    fileName: Type.String(),
    mediaType: Type.Union([Type.Literal("image/jpeg"), Type.Literal("image/png")]),
    width: Count,
    height: Count,
    byteCount: Count,
    imageUrl: Type.String({ description: "Answers the picture to whoever knows it; another picture has another one." }),
    changedAt: EpochMs,
  },
  closed,
);
export type DisplayImage = Static<typeof DisplayImage>;

const DisplayMessage = Type.Object(
  { text: Type.String(), isUsed: Type.Boolean({ description: "False: it is kept and not shown." }), changedAt: EpochMs },
  closed,
);

/** What a device shows: its notice, and its picture for each of five moments. */
export const DeviceDisplay = Type.Object(
  {
    deviceId: Id,
    placeId: Id,
    screen: Type.Object(
      { width: Count, height: Count },
      { ...closed, description: "What pictures are fitted into, by the device's model; 1280 × 1280 where that is not known." },
    ),
    message: Type.Union([DisplayMessage, Type.Null()]),
    images: Type.Array(DisplayImage),
  },
  closed,
);
export type DeviceDisplay = Static<typeof DeviceDisplay>;

const DeviceParams = Type.Object({ deviceId: Id }, closed);
const ImageParams = Type.Object({ deviceId: Id, imageType: DisplayImageName }, closed);
const change = { access: ["devices"], tag: "displays", query: NoQuery, errors: ["not_found"] } as const;

export const displayOperations = operations({
  readDisplay: {
    ...change,
    method: "GET",
    path: "/devices/{deviceId}/display",
    summary: "Read what a device shows",
    params: DeviceParams,
    body: null,
    answer: DeviceDisplay,
    status: 200,
  },
  setDisplayMessage: {
    ...change,
    method: "PUT",
    path: "/devices/{deviceId}/display/message",
    summary: "Set the notice on a device's home screen: at most five lines of twenty characters",
    params: DeviceParams,
    body: Type.Object({ text: Type.String({ maxLength: DISPLAY_MESSAGE_LENGTH_MAX }), isUsed: Type.Optional(Type.Boolean()) }, closed),
    answer: DeviceDisplay,
    status: 200,
  },
  deleteDisplayMessage: {
    ...change,
    method: "DELETE",
    path: "/devices/{deviceId}/display/message",
    summary: "Take a device's notice away",
    params: DeviceParams,
    body: null,
    answer: null,
    status: 204,
  },
  setDisplayImage: {
    ...change,
    method: "PUT",
    path: "/devices/{deviceId}/display/images/{imageType}",
    summary: "Set the picture that a device shows at one moment",
    description:
      "A JPEG or PNG of at most 4 MB. One that is larger than the screen is made smaller, whole and in its proportions; none is made larger. What a camera wrote beside the picture is not kept.",
    params: ImageParams,
    body: Type.Object(
      {
        fileName: Type.String({
          minLength: 1,
          maxLength: DISPLAY_FILE_NAME_LENGTH_MAX,
          pattern: "^[^\\p{Cc}/\\\\]+$",
          "x-rule": "must be a file's name",
        }),
        fileData: Type.String({
          minLength: 1,
          maxLength: DISPLAY_IMAGE_TEXT_LENGTH_MAX,
          contentEncoding: "base64",
          contentMediaType: "image/*",
          ...PRIVATE,
        }),
      },
      closed,
    ),
    answer: DeviceDisplay,
    status: 200,
  },
  deleteDisplayImage: {
    ...change,
    method: "DELETE",
    path: "/devices/{deviceId}/display/images/{imageType}",
    summary: "Take a picture of a device away",
    params: ImageParams,
    body: null,
    answer: null,
    status: 204,
  },
  downloadDisplayImage: {
    method: "GET",
    path: "/display-images/{imageKey}",
    access: "public",
    tag: "displays",
    summary: "Fetch a picture by the key that its address names, as browsers and controllers do",
    params: Type.Object({ imageKey: Type.String({ pattern: "^[0-9a-f]{32}$", "x-rule": "is no key of a picture" }) }, closed),
    query: NoQuery,
    body: null,
    answer: null,
    answerMedia: "image/*",
    status: 200,
    errors: ["not_found"],
  },
});
