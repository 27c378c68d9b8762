import {
  ApiKey,
  ControllerResource,
  KEY_ID_LENGTH_MAX,
  KEYS_PAGE_SIZE_MAX,
  MintedApiKey,
  NATIVE_OPERATIONS,
  type OperationSpec,
} from "@postern/contract";
import Type from "typebox";

/*
 * Calls of v2 that are served by routes of their own, from before the table: the same paths, and answers of an older form. Each leaves this file when
 * its operation is served from `NATIVE_OPERATIONS`.
 */

const closed = { additionalProperties: false } as const;
const { placeGroupId: _group, ...keyFields } = ApiKey.properties;
const EarlierKey = Type.Object(keyFields, closed);
const { placeId: _place, lostAt: _lost, ...controllerFields } = ControllerResource.properties;
const EarlierController = Type.Object(controllerFields, closed);
const NoQuery = Type.Object({}, closed);

export const EARLIER_OPERATIONS: Readonly<Record<string, OperationSpec>> = {
  listControllers: {
    ...NATIVE_OPERATIONS.listControllers,
    query: NoQuery,
    answer: Type.Object({ controllers: Type.Array(EarlierController) }, closed),
  },
  createController: { ...without(NATIVE_OPERATIONS.createController), answer: EarlierController },
  issueClaimCode: NATIVE_OPERATIONS.issueClaimCode,
  claimController: NATIVE_OPERATIONS.claimController,
  listKeys: {
    ...NATIVE_OPERATIONS.listKeys,
    query: Type.Object(
      {
        after: Type.Optional(Type.String({ minLength: 1, maxLength: KEY_ID_LENGTH_MAX, description: "`after` of the page before." })),
        size: Type.Optional(Type.Integer({ minimum: 1, maximum: KEYS_PAGE_SIZE_MAX })),
      },
      closed,
    ),
    answer: Type.Object({ keys: Type.Array(EarlierKey), after: Type.Optional(Type.String()) }, closed),
  },
  mintKey: { ...NATIVE_OPERATIONS.mintKey, answer: Type.Object({ ...keyFields, key: MintedApiKey.properties.key }, closed) },
  revokeKey: NATIVE_OPERATIONS.revokeKey,
};

/** The earlier routes know no `Idempotency-Key`. */
function without({ isIdempotent: _, ...spec }: OperationSpec): OperationSpec {
  return spec;
}
