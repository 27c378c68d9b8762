import Type, { type Static } from "typebox";
import { KEY_PLACES_COUNT_MAX, KEY_SCOPES_COUNT_MAX } from "./native-limits.ts";
import { operations } from "./operation.ts";
import { closed, EpochMs, Id, NoParams, NoQuery, OptionalEpochMs, PageQuery, pageOf, ThingName } from "./parts.ts";
import { SCOPES, type Scope } from "./scopes.ts";

const KeyId = Type.String({ pattern: "^[A-Za-z0-9_-]{1,64}$", "x-rule": "must be the id of a key" });
/** A union made by `map` has no static type of its own. */
const ScopeName = Type.Unsafe<Scope>(Type.Union(SCOPES.map((scope) => Type.Literal(scope))));
const Scopes = Type.Array(ScopeName, { minItems: 1, maxItems: KEY_SCOPES_COUNT_MAX, uniqueItems: true });
const PlaceIds = Type.Array(Id, { minItems: 1, maxItems: KEY_PLACES_COUNT_MAX, uniqueItems: true });

const keyFields = {
  keyId: Type.String(),
  placeGroupId: Id,
  parentId: Type.Union([Type.String(), Type.Null()]),
  name: Type.String(),
  scopes: Type.Array(ScopeName),
  placeIds: Type.Union([Type.Array(Id), Type.Null()], { description: "null: every place of the group." }),
  madeAt: EpochMs,
  expiresAt: EpochMs,
  revokedAt: OptionalEpochMs,
};
export const ApiKey = Type.Object(keyFields, closed);
export type ApiKey = Static<typeof ApiKey>;
export const MintedApiKey = Type.Object({ ...keyFields, key: Type.String({ description: "Shown once and kept nowhere." }) }, closed);
export type MintedApiKey = Static<typeof MintedApiKey>;

const MintKey = Type.Object(
  { name: ThingName, scopes: Scopes, placeIds: Type.Optional(PlaceIds), expiresAt: Type.Optional(EpochMs) },
  closed,
);
export type MintKey = Static<typeof MintKey>;

const KeyParams = Type.Object({ keyId: KeyId }, closed);

export const keyOperations = operations({
  listKeys: {
    method: "GET",
    path: "/keys",
    access: ["keys"],
    tag: "keys",
    summary: "List this key and those minted below it",
    params: NoParams,
    query: PageQuery,
    body: null,
    answer: pageOf(ApiKey),
    status: 200,
    errors: [],
  },
  mintKey: {
    method: "POST",
    path: "/keys",
    access: ["keys"],
    tag: "keys",
    summary: "Mint a key within this one's scopes, places and time; it dies with this one",
    params: NoParams,
    query: NoQuery,
    body: MintKey,
    answer: MintedApiKey,
    status: 201,
    errors: ["conflict"],
  },
  mintRootKey: {
    method: "POST",
    path: "/place-groups/{placeGroupId}/keys",
    access: "operator",
    tag: "keys",
    summary: "Mint the first key of a place group",
    params: Type.Object({ placeGroupId: Id }, closed),
    query: NoQuery,
    body: MintKey,
    answer: MintedApiKey,
    status: 201,
    errors: ["not_found", "conflict"],
  },
  readKey: {
    method: "GET",
    path: "/keys/{keyId}",
    access: ["keys"],
    tag: "keys",
    summary: "Read this key or one below it; its text is never told again",
    params: KeyParams,
    query: NoQuery,
    body: null,
    answer: ApiKey,
    status: 200,
    errors: ["not_found"],
  },
  revokeKey: {
    method: "DELETE",
    path: "/keys/{keyId}",
    access: ["keys"],
    tag: "keys",
    summary: "Revoke this key or one below it, with all that were minted from it; acts within a second",
    params: KeyParams,
    query: NoQuery,
    body: null,
    answer: null,
    status: 204,
    errors: ["not_found"],
  },
});
