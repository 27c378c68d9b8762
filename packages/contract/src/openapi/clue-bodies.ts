import Type from "typebox";
import { PIN_LENGTH_MAX, UNIQUE_PIN_LENGTH_MIN } from "../clue/clue-limits.ts";
import { CreateAuthBody } from "../clue/create-auth-body.ts";
import { DOOR_COMMANDS } from "../clue/read-publish.ts";

/*
 * Bodies and answers of v1 beside create-user's, for the published description alone: as a client should write them, and exactly as we do.
 */

const { credentials, ...right } = CreateAuthBody.properties.auth.properties;
const orNull = <Property extends Type.TSchema>(property: Property) => Type.Optional(Type.Union([property, Type.Null()]));

/** CLUe §1.3, PATCH: what is absent stays; null takes a credential away. */
export const ChangeAuthBody = Type.Partial(
  Type.Object({
    ...right,
    credentials: Type.Object(
      Object.fromEntries(Object.entries(credentials.properties).map(([name, property]) => [name, orNull(property)])),
    ),
  }),
);

/** CLUe §1.3, PUT: credentials are overwritten whole. */
export const ReplaceAuthBody = Type.Object({ ...Type.Partial(Type.Object(right)).properties, credentials });

export const UniquePinBody = Type.Object({
  uniquePin: Type.String({ pattern: `^[0-9]{${UNIQUE_PIN_LENGTH_MIN},${PIN_LENGTH_MAX}}$` }),
});
export const UniquePinAnswer = Type.Object({ available: Type.Boolean() }, { additionalProperties: false });

const publishFields = {
  eventTime: Type.Integer({ minimum: 0, description: "When to act, epoch milliseconds." }),
  command: Type.Union(DOOR_COMMANDS.map((command) => Type.Literal(command))),
};
/** CLUe §1.5. */
export const PublishDoorBody = Type.Object(publishFields);
const published = Type.Object(publishFields, { additionalProperties: false });

/** Both at the top, as the newest samples have them, and under `data`, as everywhere else. */
export const PublishDoorAnswer = Type.Object(
  { code: Type.Literal(200), status: Type.Literal(true), message: Type.Literal("OK"), ...publishFields, data: published },
  { additionalProperties: false },
);

/** The bare envelope, as DELETE answers. */
export const BareSuccess = Type.Object(
  { code: Type.Literal(200), status: Type.Literal(true), message: Type.Literal("OK") },
  { additionalProperties: false },
);
