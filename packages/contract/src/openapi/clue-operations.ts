import Type from "typebox";
import { AuditLogItem } from "../clue/audit-log-item.ts";
import { AuthData } from "../clue/auth-data.ts";
import {
  ELASTIC_PAGE_SIZE_MAX,
  FILTER_EVENTS_COUNT_MAX,
  FILTER_IDS_COUNT_MAX,
  PAGE_MAX,
  PAGE_SIZE_MAX,
  SEARCH_TEXT_LENGTH_MAX,
} from "../clue/clue-limits.ts";
import { CreateAuthBody } from "../clue/create-auth-body.ts";
import { RequestScanAnswer, RequestScanBody, ScanResult } from "../clue/credential-scan.ts";
import { DeviceImageData, DeviceMessageData, DisplayImageName, PutDeviceImageBody, PutDeviceMessageBody } from "../clue/device-display.ts";
import { ClueDoorItem } from "../clue/door-item.ts";
import { ClueDynamicQr, CreateDynamicQrBody, UNIQUE_KEY_PATTERN } from "../clue/dynamic-qr.ts";
import { successOf, successOfList } from "../clue/envelope.ts";
import { EventItem } from "../clue/event-item.ts";
import { FaceMatchableDevice, MatchFaceAnswer, MatchFaceBody, MatchFaceTask } from "../clue/face-match.ts";
import { EVENT_CATALOGUE } from "../events/index.ts";
import { Id } from "../native/parts.ts";
import { ScanToken } from "../native/scan-token.ts";
import * as bodies from "./clue-bodies.ts";
import type { ClueOperationSpec } from "./clue-operation.ts";

const NoQuery = Type.Object({});
const PlaceParams = Type.Object({ placeId: Id });
const AuthParams = Type.Object({ authId: Id });
const EpochMs = Type.Integer({ minimum: 0, description: "Epoch milliseconds, inclusive." });

const pageFields = (sizeMax: number) => ({
  page: Type.Optional(Type.Integer({ minimum: 0, maximum: PAGE_MAX, description: "From 0." })),
  size: Type.Optional(Type.Integer({ minimum: 1, maximum: sizeMax })),
});
const searchText = (description: string) => Type.Optional(Type.String({ minLength: 1, maxLength: SEARCH_TEXT_LENGTH_MAX, description }));
const sortedBy = (...fields: readonly string[]) =>
  Type.Optional(
    Type.String({ pattern: `^(${fields.join("|")})(,(asc|desc))?$`, description: `${fields.join(" or ")}, a comma, asc or desc.` }),
  );

const AuthsQuery = Type.Object({
  q: searchText("A part of the person's key or name, or a whole card number."),
  activeStatus: Type.Optional(Type.Union([Type.Literal("ACTIVE"), Type.Literal("INACTIVE")])),
  doorId: Type.Optional(Id),
  sort: sortedBy("id", "name", "lastModifiedAt"),
  ...pageFields(PAGE_SIZE_MAX),
});
const DoorsQuery = Type.Object({ q: searchText("A part of the door's name."), sort: sortedBy("id", "name"), ...pageFields(PAGE_SIZE_MAX) });

const EventName = Type.String({ enum: Object.keys(EVENT_CATALOGUE) });
const Ids = Type.Optional(Type.Array(Id, { maxItems: FILTER_IDS_COUNT_MAX }));
const eventFields = (sizeMax: number) => ({
  startTime: Type.Optional(EpochMs),
  endTime: Type.Optional(EpochMs),
  filterEvents: Type.Optional(Type.Array(EventName, { maxItems: FILTER_EVENTS_COUNT_MAX })),
  filterDoorIds: Ids,
  filterDeviceIds: Ids,
  q: searchText("A part of the person's key or name, or of the door's name."),
  sort: sortedBy("id", "eventAt"),
  ...pageFields(sizeMax),
});
const PlaceInQuery = { placeId: Type.Optional(Type.Integer({ minimum: 1, description: "May be left out by a key with one place." })) };
const UniqueKey = Type.String({ pattern: UNIQUE_KEY_PATTERN });
const DynamicQrParams = Type.Object({
  dynamicQrId: Type.String({ pattern: "^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$" }),
});
const dynamicQrs = {
  source: "CLUe §1.9",
  access: ["people"],
  tag: "dynamic QRs",
  params: Type.Object({}),
  query: NoQuery,
  body: null,
  errors: ["e1007"],
} as const;
const GROUP_KEY_NOTE = "Takes a key that reaches every place of its group.";
const EVENTS_NOTE = "Both ends are inclusive and less than eight days apart; without times, the whole ledger. `total` is exact.";

/** What a photo can be refused for. */
const PHOTO_CODES = ["f1000", "f1001", "f1002", "f1006", "f1900"] as const;
/** Beside that by the policies of the place that it is enrolled at. */
const ENROLLED_PHOTO_CODES = [...PHOTO_CODES, "f1901", "f1902"] as const;

const change = { access: ["people"], tag: "auths", params: AuthParams, query: NoQuery, awaitsDoors: true } as const;
const replaceAuth = {
  ...change,
  method: "PUT",
  summary: "Change a right, overwriting its credentials whole",
  body: bodies.ReplaceAuthBody,
  answer: successOf(AuthData),
  errors: ["e1002", "e1006", "e1007", ...ENROLLED_PHOTO_CODES],
} as const;
const deleteAuth = {
  ...change,
  method: "DELETE",
  summary: "Take a right away; the person keeps id and key",
  body: null,
  answer: bodies.BareSuccess,
  errors: ["e1007"],
} as const;

const deleteFaces = {
  ...change,
  method: "DELETE",
  summary: "Take the faces of a right away; it keeps its other credentials",
  body: null,
  answer: bodies.BareSuccess,
  errors: ["e1007"],
} as const;

/** Every call of v1. Those that a server does not serve are left out of its description. */
export const CLUE_OPERATIONS = {
  createAuth: {
    method: "POST",
    path: "/places/{placeId}/auths",
    source: "CLUe §1.2",
    access: ["people"],
    tag: "auths",
    summary: "Give a person a right at a place",
    description: "The same body again answers the same auth. A key that has another auth here is refused with its `authId` in `details`.",
    params: PlaceParams,
    query: NoQuery,
    body: CreateAuthBody,
    answer: successOf(AuthData),
    errors: ["e1002", "e1006", "e1007", ...ENROLLED_PHOTO_CODES],
    isIdempotent: true,
    awaitsDoors: true,
  },
  changeAuth: {
    ...change,
    method: "PATCH",
    path: "/auths/{authId}",
    source: "CLUe §1.3",
    summary: "Change a right: what is absent stays",
    description: "The fields may also stand within `auth`. null takes a credential away and gives a name or the modes back their default.",
    body: bodies.ChangeAuthBody,
    answer: successOf(AuthData),
    errors: ["e1002", "e1006", "e1007", ...ENROLLED_PHOTO_CODES],
  },
  replaceAuth: { ...replaceAuth, path: "/places/auths/{authId}", source: "CLUe §1.3" },
  replaceAuthShort: { ...replaceAuth, path: "/auths/{authId}", source: "ours" },
  deleteAuth: { ...deleteAuth, path: "/places/auths/{authId}", source: "CLUe §1.3" },
  deleteAuthShort: { ...deleteAuth, path: "/auths/{authId}", source: "ours" },
  deleteFaceLinks: { ...deleteFaces, path: "/auths/{authId}/face-links", source: "CLUe §1.10" },
  deleteFaces: { ...deleteFaces, path: "/auths/{authId}/faces", source: "ours" },
  readAuth: {
    ...change,
    method: "GET",
    path: "/auths/{authId}",
    source: "ours",
    summary: "Read a right",
    body: null,
    answer: successOf(AuthData),
    errors: ["e1007"],
  },
  listAuths: {
    method: "GET",
    path: "/places/{placeId}/auths",
    source: "ours",
    access: ["people"],
    tag: "auths",
    summary: "List and search the rights at a place",
    params: PlaceParams,
    query: AuthsQuery,
    body: null,
    answer: successOfList(AuthData),
    errors: ["e1007"],
  },
  isUniquePinAvailable: {
    method: "POST",
    path: "/places/{placeId}/unique-pins/available",
    source: "ours",
    access: ["people"],
    tag: "auths",
    summary: "Ask whether a unique PIN is free",
    description: "Each answer is a guess at somebody's PIN: 30 in ten minutes per key and place.",
    params: PlaceParams,
    query: NoQuery,
    body: bodies.UniquePinBody,
    answer: successOf(bodies.UniquePinAnswer),
    errors: ["e1007"],
  },
  listEvents: {
    method: "GET",
    path: "/events",
    source: "CLUe §1.4",
    access: ["events"],
    tag: "events",
    summary: "Read a page of events",
    description: EVENTS_NOTE,
    params: Type.Object({}),
    query: Type.Object({ ...PlaceInQuery, ...eventFields(PAGE_SIZE_MAX) }),
    body: null,
    answer: successOfList(EventItem),
    errors: ["e1007"],
  },
  listEventsElastic: {
    method: "GET",
    path: "/events/places/{placeId}/elastic",
    source: "CLUe §1.4",
    access: ["events"],
    tag: "events",
    summary: "Read a page of events, at most fifty",
    description: EVENTS_NOTE,
    params: PlaceParams,
    query: Type.Object(eventFields(ELASTIC_PAGE_SIZE_MAX)),
    body: null,
    answer: successOfList(EventItem),
    errors: ["e1007"],
  },
  listAuditLogs: {
    method: "GET",
    path: "/audit-logs",
    source: "CLUe §1.4",
    access: ["keys"],
    tag: "audit",
    summary: "Read who did what, the newest first",
    description:
      "CLUe's documents name the call and its parameters; the form of its rows is ours. Both ends are inclusive. `total` is exact.",
    params: Type.Object({}),
    query: Type.Object({
      placeId: Type.Optional(Type.Integer({ minimum: 1, description: "Left out: everything within the key's reach." })),
      startAt: Type.Optional(EpochMs),
      endAt: Type.Optional(EpochMs),
      ...pageFields(PAGE_SIZE_MAX),
    }),
    body: null,
    answer: successOfList(AuditLogItem),
    errors: ["e1007"],
  },
  listDoors: {
    method: "GET",
    path: "/places/{placeId}/doors",
    source: "CLUe §1.5",
    access: ["doors:operate", "doors:configure", "devices"],
    tag: "doors",
    summary: "List the doors of a place with their devices",
    params: PlaceParams,
    query: DoorsQuery,
    body: null,
    answer: successOfList(ClueDoorItem),
    errors: ["e1007"],
  },
  listFaceMatchable: {
    method: "GET",
    path: "/devices/face-matchable",
    source: "CLUe §1.7",
    access: ["people"],
    tag: "faces",
    summary: "List the devices that can be asked whom a face looks like: those that are connected",
    params: Type.Object({}),
    query: Type.Object(PlaceInQuery),
    body: null,
    answer: successOfList(FaceMatchableDevice),
    errors: ["e1007"],
  },
  matchFace: {
    method: "POST",
    path: "/devices/{deviceId}/match-face",
    source: "CLUe §1.7",
    access: ["people"],
    tag: "faces",
    summary: "Ask who of those who open a device's door has a face like this one",
    description:
      "The photo is dropped. A device that is not connected refuses (`e1006`). A photo that is no good one is refused here, and not by the task.",
    params: Type.Object({ deviceId: Id }),
    query: NoQuery,
    body: MatchFaceBody,
    answer: successOf(MatchFaceAnswer),
    errors: ["e1006", "e1007", ...PHOTO_CODES],
  },
  readMatchFaceTask: {
    method: "GET",
    path: "/msa/tasks/match-faces/{taskUuid}",
    source: "CLUe §1.7",
    access: ["people"],
    tag: "faces",
    summary: "Read whom a face was found to look like; kept for a minute",
    params: Type.Object({
      taskUuid: Type.String({ pattern: "^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$" }),
    }),
    query: NoQuery,
    body: null,
    answer: successOf(MatchFaceTask),
    errors: ["e1007"],
  },
  requestCredentialScan: {
    method: "POST",
    path: "/credential-scans/request",
    source: "CLUe §1.6",
    access: ["people"],
    tag: "scans",
    summary: "Ask a device for the next card or finger, which is told and not judged",
    description:
      "A device that is not connected refuses (`e1006`). One scan at a time goes on at a device: the older one ends as `PAST_REQUEST`. With `verifyToken` it must be the same " +
      "card or finger as an earlier scan's, or it fails as `VERIFY_FAIL`; CLUe does not say what that field is for.",
    params: Type.Object({}),
    query: NoQuery,
    body: RequestScanBody,
    answer: successOf(RequestScanAnswer),
    errors: ["e1006", "e1007"],
  },
  readCredentialScan: {
    method: "GET",
    path: "/credential-scans/{token}/result",
    source: "CLUe §1.6",
    access: ["people"],
    tag: "scans",
    summary: "Read what came of a scan; kept for ten minutes",
    params: Type.Object({ token: ScanToken }),
    query: NoQuery,
    body: null,
    answer: successOf(ScanResult),
    errors: ["e1007"],
  },
  putDeviceImage: {
    method: "PUT",
    path: "/devices/{deviceId}/images/{imageType}",
    source: "CLUe §1.8",
    access: ["devices"],
    tag: "displays",
    summary: "Set the picture that a device shows at one moment",
    description:
      "Of at most 4 MB. One that is larger than the device's screen (BioStation 3 1280 × 720, X-Station 2 480 × 800, BioLite N2 160 × 128, others within 1280 × 1280) is made " +
      "smaller, whole and in its proportions. `imageUrl` answers it to whoever knows that address.",
    params: Type.Object({ deviceId: Id, imageType: DisplayImageName }),
    query: NoQuery,
    body: PutDeviceImageBody,
    answer: successOf(DeviceImageData),
    errors: ["e1007"],
  },
  putDeviceMessage: {
    method: "PUT",
    path: "/devices/{deviceId}/messages",
    source: "CLUe §1.8",
    access: ["devices"],
    tag: "displays",
    summary: "Set the notice on a device's home screen: at most five lines of twenty characters",
    params: Type.Object({ deviceId: Id }),
    query: NoQuery,
    body: PutDeviceMessageBody,
    answer: successOf(DeviceMessageData),
    errors: ["e1007"],
  },
  publishDoor: {
    method: "POST",
    path: "/doors/{doorId}/shadow/publish",
    source: "CLUe §1.5",
    access: ["doors:operate"],
    tag: "doors",
    summary: "Open, hold or lock a door from afar",
    params: Type.Object({ doorId: Id }),
    query: NoQuery,
    body: bodies.PublishDoorBody,
    answer: bodies.PublishDoorAnswer,
    errors: ["e1006", "e1007"],
  },
  createDynamicQr: {
    ...dynamicQrs,
    method: "POST",
    path: "/dynamic-qrs",
    summary: "Issue a dynamic QR to a person, and get the link for their phone",
    description: `${GROUP_KEY_NOTE} The phone on which the link is tapped first is the one that makes its codes; another one needs another link.`,
    body: CreateDynamicQrBody,
    answer: successOf(ClueDynamicQr),
    errors: ["e1006", "e1007"],
  },
  listDynamicQrs: {
    ...dynamicQrs,
    method: "GET",
    path: "/dynamic-qrs",
    summary: "List the dynamic QRs of the key's group",
    query: Type.Object({
      placeGroupId: Type.Optional(Id),
      uniqueKey: Type.Optional(UniqueKey),
      sort: sortedBy("createdAt"),
      ...pageFields(PAGE_SIZE_MAX),
    }),
    answer: successOfList(ClueDynamicQr),
  },
  deleteDynamicQrs: {
    ...dynamicQrs,
    method: "DELETE",
    path: "/dynamic-qrs",
    summary: "Take away every dynamic QR of a person; the doors forget them at once",
    query: Type.Object({ placeGroupId: Id, uniqueKey: UniqueKey }),
    answer: bodies.BareSuccess,
  },
  readDynamicQr: {
    ...dynamicQrs,
    method: "GET",
    path: "/dynamic-qrs/{dynamicQrId}",
    summary: "Read a dynamic QR",
    params: DynamicQrParams,
    answer: successOf(ClueDynamicQr),
  },
  deleteDynamicQr: {
    ...dynamicQrs,
    method: "DELETE",
    path: "/dynamic-qrs/{dynamicQrId}",
    summary: "Take a dynamic QR away; the doors forget it at once",
    params: DynamicQrParams,
    answer: bodies.BareSuccess,
  },
} as const satisfies Readonly<Record<string, ClueOperationSpec>>;

export type ClueOperationId = keyof typeof CLUE_OPERATIONS;
