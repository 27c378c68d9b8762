import Type, { type Static } from "typebox";
import {
  AUTH_END_MS_LIMIT,
  CARDS_COUNT_MAX,
  FACE_IMAGE_LENGTH_MAX,
  FACE_IMAGES_COUNT_MAX,
  FINGER_DATA_LENGTH_MAX,
  FINGERPRINTS_COUNT_MAX,
  MODES_COUNT_MAX,
  PHONE_LENGTH_MAX,
} from "../clue/clue-limits.ts";
import { NAME_PATTERN } from "../clue/read-credentials.ts";
import { ModeText } from "./door.ts";
import { PRIVATE } from "./explain-schema.ts";
import { CONSENT_TEXT_VERSION_LENGTH_MAX, GROUPS_PER_AUTH_MAX } from "./native-limits.ts";
import { operations } from "./operation.ts";
import {
  Count,
  closed,
  DoorSet,
  EpochMs,
  Id,
  NoQuery,
  OptionalEpochMs,
  OptionalId,
  PlaceParams,
  pageFields,
  pageOf,
  SearchText,
} from "./parts.ts";
import { RegistrationTokens } from "./scan-token.ts";

export const UserKey = Type.String({
  pattern: "^[a-z0-9_@.-]{1,64}$",
  "x-rule": "must have 1 to 64 lowercase letters, digits, or - _ @ .",
  ...PRIVATE,
});
const PersonName = Type.String({
  pattern: NAME_PATTERN,
  "x-rule": "must have 1 to 50 letters, digits, - _ ー or ・, with single spaces between them",
});
const ActiveStatus = Type.Union([Type.Literal("ACTIVE"), Type.Literal("INACTIVE")]);
const EndAt = Type.Integer({
  minimum: 0,
  maximum: AUTH_END_MS_LIMIT - 1,
  description: "Epoch milliseconds, exclusive; before 2038-02-01T00:00:00Z.",
});

const CardFormat = Type.Union([Type.Literal("CSN"), Type.Literal("WIEGAND")]);
const CardWrite = Type.Object(
  {
    cardNumber: Type.String({ minLength: 1, maxLength: 64, ...PRIVATE }),
    formatType: CardFormat,
    formatData: Type.Optional(Type.String({ minLength: 1, maxLength: 64 })),
  },
  closed,
);
const digits = (lengthMin: number) =>
  Type.String({ pattern: `^[0-9]{${lengthMin},14}$`, "x-rule": `must have ${lengthMin} to 14 digits`, ...PRIVATE });
const FingerprintWrite = Type.Object(
  {
    fingerFormat: Type.Literal("TEMPLATE_FORMAT_SUPREMA"),
    fingerFlag: Type.Literal("NONE"),
    fingerData: Type.String({
      minLength: 1,
      maxLength: FINGER_DATA_LENGTH_MAX,
      pattern: "^[A-Za-z0-9+/]+={0,2}$",
      "x-rule": "must be base64",
      ...PRIVATE,
    }),
  },
  closed,
);

const FaceImage = Type.String({
  minLength: 1,
  maxLength: FACE_IMAGE_LENGTH_MAX,
  contentEncoding: "base64",
  contentMediaType: "image/*",
  description: "JPEG, PNG or WebP in base64, with one face.",
  ...PRIVATE,
});

/** Each left out: none on create, as it was on change. null takes it away. */
export const CredentialsWrite = Type.Object(
  {
    cards: Type.Optional(Type.Array(CardWrite, { maxItems: CARDS_COUNT_MAX })),
    pin: Type.Optional(Type.Union([digits(4), Type.Null()])),
    uniquePin: Type.Optional(Type.Union([digits(6), Type.Null()])),
    fingerprints: Type.Optional(Type.Array(FingerprintWrite, { maxItems: FINGERPRINTS_COUNT_MAX })),
    faceImages: Type.Optional(Type.Array(FaceImage, { maxItems: FACE_IMAGES_COUNT_MAX, description: "Made into templates and dropped." })),
    phone: Type.Optional(Type.Union([Type.String({ minLength: 1, maxLength: PHONE_LENGTH_MAX, ...PRIVATE }), Type.Null()])),
    modes: Type.Optional(Type.Union([Type.Array(ModeText, { maxItems: MODES_COUNT_MAX }), Type.Null()])),
  },
  closed,
);
export type CredentialsWrite = Static<typeof CredentialsWrite>;

/** That somebody agreed to their face being used, as it was recorded: who asked keeps the text, and names it here. */
const FaceConsent = Type.Object(
  {
    textVersion: Type.String({
      minLength: 1,
      maxLength: CONSENT_TEXT_VERSION_LENGTH_MAX,
      pattern: "^[A-Za-z0-9][A-Za-z0-9 ._/:+-]*$",
      "x-rule": "must be letters, digits, spaces or . _ / : + -",
      description: "Of the text that was agreed to.",
    }),
    givenAt: EpochMs,
    endsAt: Type.Optional(
      Type.Union([EpochMs, Type.Null()], { description: "Exclusive. The face ends with it. null: until it is taken back." }),
    ),
  },
  closed,
);
export type FaceConsent = Static<typeof FaceConsent>;
const OptionalConsent = Type.Union([FaceConsent, Type.Null()], { description: "null takes it back, and the face with it." });

const GroupIds = Type.Array(Id, { maxItems: GROUPS_PER_AUTH_MAX, uniqueItems: true });

const NewAuth = Type.Object(
  {
    userKey: UserKey,
    name: Type.Optional(PersonName),
    status: Type.Optional(ActiveStatus),
    startAt: EpochMs,
    endAt: EndAt,
    doors: DoorSet,
    scheduleId: Type.Optional(OptionalId),
    groupIds: Type.Optional(GroupIds),
    faceConsent: Type.Optional(OptionalConsent),
    credentials: Type.Optional(CredentialsWrite),
    registrationTokens: Type.Optional(RegistrationTokens),
  },
  closed,
);
export type NewAuth = Static<typeof NewAuth>;

export const AuthChange = Type.Object(
  {
    name: Type.Optional(PersonName),
    status: Type.Optional(ActiveStatus),
    startAt: Type.Optional(EpochMs),
    endAt: Type.Optional(EndAt),
    doors: Type.Optional(DoorSet),
    scheduleId: Type.Optional(OptionalId),
    groupIds: Type.Optional(GroupIds),
    faceConsent: Type.Optional(OptionalConsent),
    credentials: Type.Optional(CredentialsWrite),
    registrationTokens: Type.Optional(RegistrationTokens),
  },
  closed,
);
export type AuthChange = Static<typeof AuthChange>;

/** PINs, fingerprints and faces are never told, only that they are there. */
export const Auth = Type.Object(
  {
    authId: Id,
    placeId: Id,
    userId: Id,
    userKey: Type.String(),
    name: Type.String(),
    status: ActiveStatus,
    startAt: EpochMs,
    endAt: EpochMs,
    doors: DoorSet,
    scheduleId: OptionalId,
    groupIds: Type.Array(Id),
    faceConsent: OptionalConsent,
    credentials: Type.Object(
      {
        cards: Type.Array(
          Type.Object({ cardNumber: Type.String(), formatType: CardFormat, formatData: Type.Optional(Type.String()) }, closed),
        ),
        hasPin: Type.Boolean(),
        hasUniquePin: Type.Boolean(),
        fingerprintCount: Count,
        faceCount: Count,
        phone: Type.Union([Type.String(), Type.Null()]),
        modes: Type.Array(Type.String()),
      },
      closed,
    ),
    madeAt: EpochMs,
    lastModifiedAt: EpochMs,
  },
  closed,
);
export type Auth = Static<typeof Auth>;

export const Person = Type.Object(
  {
    userId: Id,
    userKey: Type.String(),
    madeAt: EpochMs,
    /** Those within the key's reach. */
    auths: Type.Array(
      Type.Object({ authId: Id, placeId: Id, name: Type.String(), status: ActiveStatus, startAt: EpochMs, endAt: EpochMs }, closed),
    ),
  },
  closed,
);
export type Person = Static<typeof Person>;

/** All that is kept about a person, in one document: what a person may ask for (GDPR article 15). PINs and templates are named, not told. */
export const PersonExport = Type.Object(
  {
    exportedAt: EpochMs,
    userId: Id,
    userKey: Type.String(),
    madeAt: EpochMs,
    /** Ended ones too. */
    auths: Type.Array(Type.Object({ ...Auth.properties, deletedAt: OptionalEpochMs }, closed)),
    events: Type.Array(
      Type.Object(
        {
          logId: Type.String(),
          placeId: Id,
          eventAt: EpochMs,
          eventType: Type.String(),
          doorId: OptionalId,
          deviceId: OptionalId,
          authId: OptionalId,
        },
        closed,
      ),
    ),
    dynamicQrs: Type.Array(Type.Object({ validFrom: EpochMs, validTo: EpochMs, madeAt: EpochMs, boundAt: OptionalEpochMs }, closed)),
    areEventsWhole: Type.Boolean({ description: "False: there are more than fit; read the rest by the events call." }),
  },
  closed,
);
export type PersonExport = Static<typeof PersonExport>;

export const Erasure = Type.Object(
  {
    userId: Id,
    erasedAt: EpochMs,
    /** The place's roster revision with which each of the person's places lost them: equal or later confirmed means the doors have. */
    places: Type.Array(Type.Object({ placeId: Id, revision: Count }, closed)),
  },
  closed,
);
export type Erasure = Static<typeof Erasure>;

const FacesOfAuth = Type.Object(
  {
    faces: Type.Array(
      Type.Object(
        {
          packId: Type.String({ description: "The models that its template was made with." }),
          packVersion: Id,
          crop: Type.Union([Type.String(), Type.Null()], { description: "JPEG of 112 pixels in base64; null where the place keeps none." }),
        },
        closed,
      ),
    ),
  },
  closed,
);

const AuthParams = Type.Object({ authId: Id }, closed);
const UserParams = Type.Object({ userId: Id }, closed);
const AuthsQuery = Type.Object(
  {
    ...pageFields,
    q: Type.Optional(SearchText),
    status: Type.Optional(ActiveStatus),
    groupId: Type.Optional(Id),
    doorId: Type.Optional(Id),
  },
  closed,
);
const PeopleQuery = Type.Object({ ...pageFields, q: Type.Optional(SearchText), userKey: Type.Optional(UserKey) }, closed);

export const personOperations = operations({
  listAuths: {
    method: "GET",
    path: "/places/{placeId}/auths",
    access: ["people"],
    tag: "auths",
    summary: "List the auths of a place",
    params: PlaceParams,
    query: AuthsQuery,
    body: null,
    answer: pageOf(Auth),
    status: 200,
    errors: ["not_found"],
  },
  createAuth: {
    method: "POST",
    path: "/places/{placeId}/auths",
    access: ["people"],
    tag: "auths",
    summary: "Give a person a right at a place",
    params: PlaceParams,
    query: NoQuery,
    body: NewAuth,
    answer: Auth,
    status: 201,
    errors: ["not_found", "conflict"],
    isIdempotent: true,
    awaitsDoors: true,
  },
  readAuth: {
    method: "GET",
    path: "/auths/{authId}",
    access: ["people"],
    tag: "auths",
    summary: "Read an auth",
    params: AuthParams,
    query: NoQuery,
    body: null,
    answer: Auth,
    status: 200,
    errors: ["not_found"],
    isVersioned: true,
  },
  changeAuth: {
    method: "PATCH",
    path: "/auths/{authId}",
    access: ["people"],
    tag: "auths",
    summary: "Change an auth",
    params: AuthParams,
    query: NoQuery,
    body: AuthChange,
    answer: Auth,
    status: 200,
    errors: ["not_found", "conflict", "changed_meanwhile"],
    isVersioned: true,
    awaitsDoors: true,
  },
  deleteAuth: {
    method: "DELETE",
    path: "/auths/{authId}",
    access: ["people"],
    tag: "auths",
    summary: "Take a right away; the person keeps id and key",
    params: AuthParams,
    query: NoQuery,
    body: null,
    answer: null,
    status: 204,
    errors: ["not_found", "changed_meanwhile"],
    isVersioned: true,
    awaitsDoors: true,
  },
  readFaces: {
    method: "GET",
    path: "/auths/{authId}/faces",
    access: ["people"],
    tag: "auths",
    summary: "Read which faces an auth holds, with their crops where the place keeps them; templates are never told",
    params: AuthParams,
    query: NoQuery,
    body: null,
    answer: FacesOfAuth,
    status: 200,
    errors: ["not_found"],
  },
  deleteFaces: {
    method: "DELETE",
    path: "/auths/{authId}/faces",
    access: ["people"],
    tag: "auths",
    summary: "Take the faces of an auth away; it keeps its other credentials",
    params: AuthParams,
    query: NoQuery,
    body: null,
    answer: null,
    status: 204,
    errors: ["not_found"],
    awaitsDoors: true,
  },
  matchFace: {
    method: "POST",
    path: "/places/{placeId}/face-matches",
    access: ["people"],
    tag: "auths",
    summary: "Ask who of a place has a face like this one; nothing is enrolled",
    params: PlaceParams,
    query: NoQuery,
    body: Type.Object({ faceImage: FaceImage }, { ...closed, description: "The photo is compared and dropped." }),
    answer: Type.Object({ authIds: Type.Array(Id, { description: "The nearest first, at most ten." }) }, closed),
    status: 200,
    errors: ["not_found"],
  },
  listPeople: {
    method: "GET",
    path: "/people",
    access: ["people"],
    tag: "people",
    summary: "List the people who have, or had, an auth within the key's reach; a key of the whole group reaches all",
    params: Type.Object({}, closed),
    query: PeopleQuery,
    body: null,
    answer: pageOf(Person),
    status: 200,
    errors: [],
  },
  readPerson: {
    method: "GET",
    path: "/people/{userId}",
    access: ["people"],
    tag: "people",
    summary: "Read a person with their auths",
    params: UserParams,
    query: NoQuery,
    body: null,
    answer: Person,
    status: 200,
    errors: ["not_found"],
  },
  exportPerson: {
    method: "GET",
    path: "/people/{userId}/export",
    access: ["people"],
    tag: "people",
    summary: "Everything kept about a person, in one document",
    params: UserParams,
    query: NoQuery,
    body: null,
    answer: PersonExport,
    status: 200,
    errors: ["not_found"],
  },
  erasePerson: {
    method: "DELETE",
    path: "/people/{userId}",
    access: ["people"],
    tag: "people",
    summary:
      "Erase a person: rights, credentials and name are gone, their key is destroyed, events stay without them; needs a key that reaches all their places",
    params: UserParams,
    query: NoQuery,
    body: null,
    answer: Erasure,
    status: 200,
    errors: ["not_found"],
  },
});
