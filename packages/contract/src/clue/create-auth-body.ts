import { CARD_NUMBER_LENGTH_MAX } from "@postern/core";
import { Type } from "typebox";
import {
  CARDS_COUNT_MAX,
  DOOR_IDS_COUNT_MAX,
  FACE_IMAGES_COUNT_MAX,
  FINGER_DATA_LENGTH_MAX,
  FINGERPRINTS_COUNT_MAX,
  MODES_COUNT_MAX,
  PIN_LENGTH_MAX,
  PIN_LENGTH_MIN,
  REGISTRATION_TOKEN_LENGTH_MAX,
  REGISTRATION_TOKENS_COUNT_MAX,
  UNIQUE_PIN_LENGTH_MIN,
  USER_KEY_LENGTH_MAX,
} from "./clue-limits.ts";
import { NAME_PATTERN } from "./read-credentials.ts";

/*
 * The create-user body as a client should write it (CLUe §1.2), for the published description of the API. Reading is more liberal than
 * this and judges rules between fields: see `readCreateAuth`.
 */

const Name = Type.String({ pattern: NAME_PATTERN });
const EpochMs = Type.Integer({ minimum: 0, description: "Epoch milliseconds" });
const Id = Type.Integer({ minimum: 1 });
const CardTextString = Type.String({ minLength: 1, maxLength: CARD_NUMBER_LENGTH_MAX });

const CardBody = Type.Object({
  cardNumber: CardTextString,
  formatType: Type.Union([Type.Literal("CSN"), Type.Literal("WIEGAND")]),
  formatData: Type.Optional(CardTextString),
});

const FingerprintBody = Type.Object({
  fingerFormat: Type.Literal("TEMPLATE_FORMAT_SUPREMA"),
  fingerFlag: Type.Literal("NONE"),
  fingerData: Type.String({ pattern: "^[A-Za-z0-9+/]+={0,2}$", maxLength: FINGER_DATA_LENGTH_MAX, description: "Base64" }),
});

const CredentialsBody = Type.Object({
  name: Type.Optional(Name),
  cards: Type.Optional(Type.Array(CardBody, { maxItems: CARDS_COUNT_MAX })),
  faceImages: Type.Optional(
    Type.Array(Type.String({ minLength: 1, description: "Base64 of a JPEG or PNG" }), { maxItems: FACE_IMAGES_COUNT_MAX }),
  ),
  fingerprints: Type.Optional(Type.Array(FingerprintBody, { maxItems: FINGERPRINTS_COUNT_MAX })),
  pin: Type.Optional(Type.String({ pattern: `^[0-9]{${PIN_LENGTH_MIN},${PIN_LENGTH_MAX}}$` })),
  uniquePin: Type.Optional(Type.String({ pattern: `^[0-9]{${UNIQUE_PIN_LENGTH_MIN},${PIN_LENGTH_MAX}}$` })),
  phone: Type.Optional(Type.String({ pattern: "^\\+?[0-9][0-9 ().-]{0,30}$" })),
  modes: Type.Optional(Type.Array(Type.String(), { maxItems: MODES_COUNT_MAX })),
});

const RegistrationToken = Type.String({ pattern: "^[A-Za-z0-9_.-]+$", maxLength: REGISTRATION_TOKEN_LENGTH_MAX });

export const CreateAuthBody = Type.Object({
  user: Type.Object({
    key: Type.String({ pattern: `^[a-z0-9_@.-]{1,${USER_KEY_LENGTH_MAX}}$` }),
    name: Type.Optional(Name),
  }),
  auth: Type.Object({
    activeStatus: Type.Union([Type.Literal("ACTIVE"), Type.Literal("INACTIVE")]),
    startTime: EpochMs,
    endTime: EpochMs,
    doorAccessType: Type.Union([Type.Literal("ALL_DOOR"), Type.Literal("SPECIFIC")]),
    doorIds: Type.Optional(Type.Array(Id, { minItems: 1, maxItems: DOOR_IDS_COUNT_MAX, uniqueItems: true })),
    scheduleType: Type.Union([Type.Literal("ALWAYS"), Type.Literal("SPECIFIC")]),
    scheduleId: Type.Optional(Id),
    credentials: CredentialsBody,
    registrationTokens: Type.Optional(Type.Array(RegistrationToken, { maxItems: REGISTRATION_TOKENS_COUNT_MAX })),
  }),
});
