import Type, { type Static } from "typebox";
import { operations } from "./operation.ts";
import { closed, EpochMs, Id, NoParams, NoQuery, PageQuery, PlaceParams, pageOf, ThingName } from "./parts.ts";
import { AccessType } from "./vendor-fields.ts";

const TimeZone = Type.String({ minLength: 1, maxLength: 64, description: "IANA name, such as Europe/Berlin." });

export const PlaceGroup = Type.Object({ placeGroupId: Id, name: ThingName, accessType: AccessType, madeAt: EpochMs }, closed);
export type PlaceGroup = Static<typeof PlaceGroup>;

const PlaceGroupParams = Type.Object({ placeGroupId: Id }, closed);
const PlaceGroupWrite = Type.Object({ name: ThingName }, closed);

/** What a place does about faces. */
const facePolicy = {
  faceDuplicates: Type.Union([Type.Literal("report"), Type.Literal("refuse")], {
    description: "What becomes of a face that looks like another person's of the place: an event and a header, or a refusal.",
  }),
  faceCrops: Type.Union([Type.Literal("dropped"), Type.Literal("kept")], {
    description: "Whether the aligned crop of 112 pixels is kept, under the person's key, and shown. Dropping takes away what was kept.",
  }),
  faceConsent: Type.Union([Type.Literal("elsewhere"), Type.Literal("required")], {
    description: "Whether a face is enrolled only with a consent recorded here; what was enrolled before stays.",
  }),
};

export const Place = Type.Object(
  { placeId: Id, placeGroupId: Id, name: ThingName, timeZone: TimeZone, accessType: AccessType, ...facePolicy, madeAt: EpochMs },
  closed,
);
export type Place = Static<typeof Place>;

const PlaceWrite = Type.Object({ name: ThingName, timeZone: TimeZone, ...Type.Partial(Type.Object(facePolicy)).properties }, closed);
export type PlaceWrite = Static<typeof PlaceWrite>;

export const placeOperations = operations({
  listPlaceGroups: {
    method: "GET",
    path: "/place-groups",
    access: "operator",
    tag: "place groups",
    summary: "List place groups",
    params: NoParams,
    query: PageQuery,
    body: null,
    answer: pageOf(PlaceGroup),
    status: 200,
    errors: [],
  },
  createPlaceGroup: {
    method: "POST",
    path: "/place-groups",
    access: "operator",
    tag: "place groups",
    summary: "Make a place group, which is a customer",
    params: NoParams,
    query: NoQuery,
    body: PlaceGroupWrite,
    answer: PlaceGroup,
    status: 201,
    errors: ["conflict"],
    isIdempotent: true,
  },
  readPlaceGroup: {
    method: "GET",
    path: "/place-groups/{placeGroupId}",
    access: "operator",
    tag: "place groups",
    summary: "Read a place group",
    params: PlaceGroupParams,
    query: NoQuery,
    body: null,
    answer: PlaceGroup,
    status: 200,
    errors: ["not_found"],
    isVersioned: true,
  },
  changePlaceGroup: {
    method: "PATCH",
    path: "/place-groups/{placeGroupId}",
    access: "operator",
    tag: "place groups",
    summary: "Rename a place group, or choose its access type, which the doors of all its places follow at once",
    params: PlaceGroupParams,
    query: NoQuery,
    body: Type.Object({ name: Type.Optional(ThingName), accessType: Type.Optional(AccessType) }, closed),
    answer: PlaceGroup,
    status: 200,
    errors: ["not_found", "changed_meanwhile"],
    isVersioned: true,
  },
  deletePlaceGroup: {
    method: "DELETE",
    path: "/place-groups/{placeGroupId}",
    access: "operator",
    tag: "place groups",
    summary: "Delete a place group that has no place any more",
    params: PlaceGroupParams,
    query: NoQuery,
    body: null,
    answer: null,
    status: 204,
    errors: ["not_found", "conflict"],
  },
  listPlaces: {
    method: "GET",
    path: "/places",
    access: "any",
    tag: "places",
    summary: "List the places within the key's reach",
    params: NoParams,
    query: PageQuery,
    body: null,
    answer: pageOf(Place),
    status: 200,
    errors: [],
  },
  createPlace: {
    method: "POST",
    path: "/places",
    access: ["doors:configure"],
    tag: "places",
    summary: "Make a place; needs a key that reaches every place of its group",
    params: NoParams,
    query: NoQuery,
    body: PlaceWrite,
    answer: Place,
    status: 201,
    errors: ["conflict"],
    isIdempotent: true,
  },
  readPlace: {
    method: "GET",
    path: "/places/{placeId}",
    access: "any",
    tag: "places",
    summary: "Read a place",
    params: PlaceParams,
    query: NoQuery,
    body: null,
    answer: Place,
    status: 200,
    errors: ["not_found"],
    isVersioned: true,
  },
  changePlace: {
    method: "PATCH",
    path: "/places/{placeId}",
    access: ["doors:configure"],
    tag: "places",
    summary: "Rename a place, move it to another time zone, which its doors follow, or change what it does about faces",
    params: PlaceParams,
    query: NoQuery,
    body: Type.Partial(PlaceWrite, closed),
    answer: Place,
    status: 200,
    errors: ["not_found", "changed_meanwhile"],
    isVersioned: true,
  },
  deletePlace: {
    method: "DELETE",
    path: "/places/{placeId}",
    access: ["doors:configure"],
    tag: "places",
    summary: "Delete a place that has no doors, controllers and people any more; its ledger stays until its retention ends",
    params: PlaceParams,
    query: NoQuery,
    body: null,
    answer: null,
    status: 204,
    errors: ["not_found", "conflict"],
  },
});
