import Type, { type Static } from "typebox";
import { PRIVATE } from "./explain-schema.ts";
import { VENDOR_PROOF_LENGTH_MAX, WEBHOOK_SECRET_KEPT_MS_MAX } from "./native-limits.ts";
import { operations } from "./operation.ts";
import { closed, EpochMs, Id, NoParams, NoQuery, OptionalEpochMs, PageQuery, PlaceParams, pageOf } from "./parts.ts";
import {
  AccessType,
  type ChangedVendorApi,
  changedVendorApi,
  type NewVendorApi,
  newVendorApi,
  VENDOR_CREDENTIALS,
  VendorCredential,
  VendorSample,
  vendorApiFields,
  vendorChoice,
} from "./vendor-fields.ts";

const apiFields = {
  vendorApiId: Id,
  placeGroupId: Id,
  credential: VendorCredential,
  ...vendorApiFields,
  previousSecretUntil: Type.Union([EpochMs, Type.Null()], {
    description: "Until then requests are signed with the secret before the present one too.",
  }),
  madeAt: EpochMs,
  madeBy: Type.Union([Type.String(), Type.Null()], { description: "The key that made it." }),
};
export const VendorApi = Type.Object(apiFields, closed);
export type VendorApi = Static<typeof VendorApi>;

const Secret = Type.String({ description: "`whsec_…`: shown once. It verifies the signatures of Standard Webhooks." });
export const MadeVendorApi = Type.Object({ ...apiFields, secret: Secret }, closed);
export type MadeVendorApi = Static<typeof MadeVendorApi>;

const Proof = Type.String({
  minLength: 1,
  maxLength: VENDOR_PROOF_LENGTH_MAX,
  description: "`proof` of a successful test of the very same API within the last 15 minutes; its name aside.",
  ...PRIVATE,
});
const CreateVendorApi = Type.Object({ ...newVendorApi, proof: Proof }, closed);
const ChangeVendorApi = Type.Object({ ...changedVendorApi, proof: Type.Optional(Proof) }, closed);
const TestNewVendorApi = Type.Object({ ...newVendorApi, sample: VendorSample }, closed);
const TestVendorApi = Type.Object({ ...changedVendorApi, sample: VendorSample }, closed);
export type CreateVendorApi = NewVendorApi & { readonly proof: string };
export type ChangeVendorApi = ChangedVendorApi & { readonly proof?: string | undefined };

/** What came of a test. */
export const VendorTest = Type.Object(
  {
    success: Type.Boolean({ description: "JSON came back, whatever its status: the API may be saved." }),
    status: Type.Union([Type.Integer(), Type.Null()], { description: "What the other side answered; null: nothing." }),
    body: Type.Union([Type.String(), Type.Null()], { description: "The answer as it came, up to 16 KiB." }),
    isCut: Type.Boolean({ description: "There was more of it." }),
    durationMs: Type.Integer({ minimum: 0 }),
    error: Type.Union([Type.String(), Type.Null()], {
      description:
        "Why there is nothing to judge: `timeout`, `unreachable`, `tls`, `address_refused`, `redirected`, `too_large`, `wrong_type` or `not_json`.",
    }),
    allowed: Type.Union([Type.Boolean(), Type.Null()], {
      description: "What a door would have been told; null: nothing, its policy decides.",
    }),
    because: Type.Union([Type.String(), Type.Null()], { description: "Why, in a word." }),
    message: Type.Union([Type.String(), Type.Null()], { description: "What the device would have shown." }),
    proof: Type.Union([Type.String(), Type.Null()], { description: "Of a success: saving wants it." }),
    proofExpiresAt: OptionalEpochMs,
  },
  closed,
);
export type VendorTest = Static<typeof VendorTest>;

const RotateVendorSecret = Type.Object(
  {
    keepPreviousMs: Type.Optional(
      Type.Integer({
        minimum: 0,
        maximum: WEBHOOK_SECRET_KEPT_MS_MAX,
        description: "For so long requests carry a signature of the secret before too; a day when left out.",
      }),
    ),
  },
  closed,
);

/** Who is asked about what, where a place does not say otherwise. */
export const VendorMapping = Type.Object({ placeGroupId: Id, accessType: AccessType, ...vendorChoice }, closed);
export type VendorMapping = Static<typeof VendorMapping>;

const optionalChoice = Type.Partial(Type.Object(vendorChoice)).properties;
const ChangeVendorMapping = Type.Object({ accessType: Type.Optional(AccessType), ...optionalChoice }, closed);
export type ChangeVendorMapping = Static<typeof ChangeVendorMapping>;
const ChangePlaceVendorMapping = Type.Object(optionalChoice, closed);
export type ChangePlaceVendorMapping = Static<typeof ChangePlaceVendorMapping>;

export const PlaceVendorMapping = Type.Object(
  {
    placeId: Id,
    accessType: AccessType,
    ...vendorChoice,
    chosenHere: Type.Array(Type.Unsafe<keyof typeof vendorChoice>(Type.String()), {
      description: "Those that the place chose itself; the others are as its group has them.",
    }),
    choices: Type.Array(Type.Object({ vendorApiId: Id, credential: VendorCredential, name: Type.String() }, closed), {
      description: "What the group has to choose from.",
    }),
  },
  closed,
);
export type PlaceVendorMapping = Static<typeof PlaceVendorMapping>;

const ApiParams = Type.Object({ vendorApiId: Id }, closed);
const common = { access: ["doors:configure"], tag: "vendor APIs", params: NoParams, query: NoQuery, status: 200 } as const;
const WHOLE_GROUP = "Takes a key that reaches every place of its group.";
const ALL_TYPES = VENDOR_CREDENTIALS.join(", ");

export const vendorOperations = operations({
  listVendorApis: {
    ...common,
    method: "GET",
    path: "/vendor-apis",
    summary: "List the customer's APIs that confirm at doors",
    description: WHOLE_GROUP,
    query: PageQuery,
    body: null,
    answer: pageOf(VendorApi),
    errors: [],
  },
  testNewVendorApi: {
    ...common,
    method: "POST",
    path: "/vendor-apis/test",
    summary: "Ask an API that is still to be made, and tell what was answered and what a door would make of it",
    description: `${WHOLE_GROUP} The request is not signed, since there is no secret yet. A successful test has the \`proof\` that making the API wants.`,
    body: TestNewVendorApi,
    answer: VendorTest,
    errors: [],
  },
  createVendorApi: {
    ...common,
    method: "POST",
    path: "/vendor-apis",
    summary: "Register an API of the customer for one type of credential",
    description: `${WHOLE_GROUP} Types are ${ALL_TYPES}; three of each at most. Nothing is asked before the API is mapped. The secret is shown in this answer alone.`,
    body: CreateVendorApi,
    answer: MadeVendorApi,
    status: 201,
    errors: ["conflict"],
  },
  readVendorApi: {
    ...common,
    method: "GET",
    path: "/vendor-apis/{vendorApiId}",
    summary: "Read an API; the values of its headers and its secret are never told",
    params: ApiParams,
    body: null,
    answer: VendorApi,
    errors: ["not_found"],
    isVersioned: true,
  },
  changeVendorApi: {
    ...common,
    method: "PATCH",
    path: "/vendor-apis/{vendorApiId}",
    summary: "Change an API; all but its name takes a test of what it shall be",
    params: ApiParams,
    body: ChangeVendorApi,
    answer: VendorApi,
    errors: ["not_found", "conflict", "changed_meanwhile"],
    isVersioned: true,
  },
  deleteVendorApi: {
    ...common,
    method: "DELETE",
    path: "/vendor-apis/{vendorApiId}",
    summary: "Take an API away; where it was asked, the doors decide alone at once",
    params: ApiParams,
    body: null,
    answer: null,
    status: 204,
    errors: ["not_found"],
  },
  testVendorApi: {
    ...common,
    method: "POST",
    path: "/vendor-apis/{vendorApiId}/test",
    summary: "Ask an API as it is, or as it would be with these changes, and tell what was answered and what a door would make of it",
    params: ApiParams,
    body: TestVendorApi,
    answer: VendorTest,
    errors: ["not_found", "conflict"],
  },
  rotateVendorSecret: {
    ...common,
    method: "POST",
    path: "/vendor-apis/{vendorApiId}/rotate-secret",
    summary: "Give an API a new secret; for a while requests are signed with both",
    params: ApiParams,
    body: RotateVendorSecret,
    bodyIs: "optional",
    answer: MadeVendorApi,
    errors: ["not_found"],
  },
  readVendorMapping: {
    ...common,
    method: "GET",
    path: "/vendor-mapping",
    summary: "Which API is asked about which type of credential, and the access type of the group",
    description: WHOLE_GROUP,
    body: null,
    answer: VendorMapping,
    errors: [],
    isVersioned: true,
  },
  changeVendorMapping: {
    ...common,
    method: "PATCH",
    path: "/vendor-mapping",
    summary:
      "Choose the group's access type, or the APIs that are asked; every place below follows at once, also where it had chosen otherwise",
    description: WHOLE_GROUP,
    body: ChangeVendorMapping,
    answer: VendorMapping,
    errors: ["changed_meanwhile"],
    isVersioned: true,
  },
  readPlaceVendorMapping: {
    ...common,
    method: "GET",
    path: "/places/{placeId}/vendor-mapping",
    summary: "Which API a place asks about which type of credential, and what it has to choose from",
    params: PlaceParams,
    body: null,
    answer: PlaceVendorMapping,
    errors: ["not_found"],
    isVersioned: true,
  },
  changePlaceVendorMapping: {
    ...common,
    method: "PATCH",
    path: "/places/{placeId}/vendor-mapping",
    summary: "Let one place ask another of the group's APIs about a type of credential, or none",
    params: PlaceParams,
    body: ChangePlaceVendorMapping,
    answer: PlaceVendorMapping,
    errors: ["not_found", "changed_meanwhile"],
    isVersioned: true,
  },
  resetPlaceVendorMapping: {
    ...common,
    method: "DELETE",
    path: "/places/{placeId}/vendor-mapping",
    summary: "Let a place ask what its group asks, whatever it had chosen",
    params: PlaceParams,
    body: null,
    answer: null,
    status: 204,
    errors: ["not_found"],
  },
});
