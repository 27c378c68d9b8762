import Type, { type Static, type TSchema } from "typebox";
import { PRIVATE } from "./explain-schema.ts";
import * as limits from "./native-limits.ts";
import { closed, Id, ThingName } from "./parts.ts";

function literals<Value extends string>(values: readonly Value[], description?: string) {
  const literal = values.map((value) => Type.Literal(value));
  return Type.Unsafe<Value>(Type.Union(literal, description === undefined ? {} : { description }));
}

/** What a customer's server may be asked about (CLUe §3): `qr` is CLUe's own code, `customer_qr` the customer's. */
export const VENDOR_CREDENTIALS = ["face", "fingerprint", "card", "unique_pin", "qr", "customer_qr"] as const;
export type VendorCredential = (typeof VENDOR_CREDENTIALS)[number];
export const VendorCredential = literals(VENDOR_CREDENTIALS, "The type of credential that is asked about. It cannot be changed later.");

/** CLUe's Access type of a place group. */
export const ACCESS_TYPES = ["NONE", "VENDOR", "MEMBERSHIP", "MIXED"] as const;
export type AccessType = (typeof ACCESS_TYPES)[number];
export const AccessType = literals(
  ACCESS_TYPES,
  "Whether the customer's own server confirms: with VENDOR and MIXED, for each type of credential that is mapped to an API; with NONE and MEMBERSHIP never. The same for every place of a group.",
);

/** What stands for itself in a request until somebody asks (CLUe §3). */
export const VENDOR_PLACEHOLDERS = ["{{DEVICE_SERIAL}}", "{{USER_KEY}}", "{{CARD_NUMBER}}", "{{UNIQUE_PIN}}", "{{QR_CODE}}"] as const;
export type VendorPlaceholder = (typeof VENDOR_PLACEHOLDERS)[number];

/** The one of a credential's own that its APIs may be sent, beside the device's serial. */
export const PLACEHOLDER_OF_CREDENTIAL: Readonly<Record<VendorCredential, VendorPlaceholder>> = {
  face: "{{USER_KEY}}",
  fingerprint: "{{USER_KEY}}",
  qr: "{{USER_KEY}}",
  card: "{{CARD_NUMBER}}",
  unique_pin: "{{UNIQUE_PIN}}",
  customer_qr: "{{QR_CODE}}",
};

const FieldKey = Type.String({
  minLength: 1,
  maxLength: limits.VENDOR_FIELD_KEY_LENGTH_MAX,
  pattern: "^\\p{L}[^\\p{Cc}]*$",
  "x-rule": "must begin with a letter and hold no control characters",
});

export const VendorAutoField = Type.Object({ key: FieldKey, placeholder: literals(VENDOR_PLACEHOLDERS) }, closed);
export type VendorAutoField = Static<typeof VendorAutoField>;

export const VENDOR_VALUE_TYPES = ["STRING", "NUMBER", "BOOLEAN"] as const;
export type VendorValueType = (typeof VENDOR_VALUE_TYPES)[number];

/** A constant: its type, and its value as a text. */
const constant = {
  type: literals(VENDOR_VALUE_TYPES),
  value: Type.String({
    maxLength: limits.VENDOR_CONSTANT_LENGTH_MAX,
    description: "As a text, whatever its type: `7` of NUMBER is sent and compared as the number, `true` of BOOLEAN as the boolean.",
  }),
};
export const VendorManualField = Type.Object({ key: FieldKey, ...constant }, closed);
export type VendorManualField = Static<typeof VendorManualField>;

const AnswerPath = Type.String({
  minLength: 1,
  maxLength: limits.VENDOR_PATH_LENGTH_MAX,
  description: "`$.data.items[0]['is allowed']`: names and indexes.",
});

export const VendorResult = Type.Object({ key: AnswerPath, ...constant }, closed);
export type VendorResult = Static<typeof VendorResult>;

const HeaderName = Type.String({
  minLength: 1,
  maxLength: limits.VENDOR_HEADER_NAME_LENGTH_MAX,
  pattern: "^[!#$%&'*+.^_`|~0-9A-Za-z-]+$",
  "x-rule": "must be the name of a header",
});
const HeaderValue = Type.String({
  minLength: 1,
  maxLength: limits.VENDOR_HEADER_VALUE_LENGTH_MAX,
  pattern: "^[!-~](?:[ -~]*[!-~])?$",
  "x-rule": "must have printable ASCII characters, and neither begin nor end with blanks",
  description: "Never shown again.",
  ...PRIVATE,
});

const Url = Type.String({
  minLength: 1,
  maxLength: limits.VENDOR_URL_LENGTH_MAX,
  pattern: "^https?://[^\\s]+$",
  "x-rule": "must be an address that begins with https://",
});

function orNull<Schema extends TSchema>(schema: Schema, description: string) {
  return Type.Union([schema, Type.Null()], { description });
}

const StatusCodes = Type.Array(Type.Integer({ minimum: 100, maximum: 399 }), {
  maxItems: limits.VENDOR_STATUS_CODES_COUNT_MAX,
  uniqueItems: true,
  description: "Statuses that allow. With a result too, both are needed; with none, the result alone counts, whatever the status.",
});
const Result = orNull(VendorResult, "What the answer must hold to allow: a value of the same type of JSON.");
const SuccessMessage = orNull(AnswerPath, "Where the answer has a text for the device when it allows.");
const FailureMessage = orNull(AnswerPath, "The same when it does not.");

/** What is told of an API: everything but the values of its headers. */
export const vendorApiFields = {
  name: ThingName,
  url: Type.String(),
  headers: Type.Array(
    Type.Object({ name: Type.String() }, { ...closed, description: "A header that is set; its value is told to nobody." }),
  ),
  autoFields: Type.Array(VendorAutoField),
  manualFields: Type.Array(VendorManualField),
  statusCodes: StatusCodes,
  result: Result,
  successMessage: SuccessMessage,
  failureMessage: FailureMessage,
};

const fields = {
  autoFields: Type.Array(VendorAutoField, {
    maxItems: limits.VENDOR_FIELDS_COUNT_MAX,
    description:
      "What is sent of who asks: the device's serial, and the credential's own: `{{USER_KEY}}` of a face, finger or CLUe's QR, `{{CARD_NUMBER}}`, `{{UNIQUE_PIN}}` or `{{QR_CODE}}`.",
  }),
  manualFields: Type.Array(VendorManualField, { maxItems: limits.VENDOR_FIELDS_COUNT_MAX, description: "Constants that are sent too." }),
  statusCodes: StatusCodes,
  result: Result,
  successMessage: SuccessMessage,
  failureMessage: FailureMessage,
};
const optionalFields = Type.Partial(Type.Object(fields)).properties;

const NewHeaders = Type.Array(Type.Object({ name: HeaderName, value: HeaderValue }, closed), { maxItems: limits.VENDOR_HEADERS_COUNT_MAX });
const ChangedHeaders = Type.Array(Type.Object({ name: HeaderName, value: Type.Optional(HeaderValue) }, closed), {
  maxItems: limits.VENDOR_HEADERS_COUNT_MAX,
  description: "All of them; one without a value keeps the one it has, as long as the address stays at the same server.",
});

/** An API as it is first written. */
export const newVendorApi = {
  name: ThingName,
  credential: VendorCredential,
  url: Url,
  headers: Type.Optional(NewHeaders),
  ...optionalFields,
};
const NewVendorApi = Type.Object(newVendorApi, closed);
export type NewVendorApi = Static<typeof NewVendorApi>;

/** What may be changed of one: each member as a whole. */
export const changedVendorApi = {
  name: Type.Optional(ThingName),
  url: Type.Optional(Url),
  headers: Type.Optional(ChangedHeaders),
  ...optionalFields,
};
const ChangedVendorApi = Type.Object(changedVendorApi, closed);
export type ChangedVendorApi = Static<typeof ChangedVendorApi>;

const typed = { minLength: 1, maxLength: limits.VENDOR_SAMPLE_LENGTH_MAX, ...PRIVATE };

/** What a test sends in place of what somebody presents. */
export const VendorSample = Type.Object(
  {
    deviceSerial: Type.String({ pattern: "^[0-9]{9,12}$", "x-rule": "must have 9 to 12 digits" }),
    userKey: Type.Optional(
      Type.String({ pattern: "^[A-Za-z0-9_@.-]{1,64}$", "x-rule": "must have 1 to 64 letters, digits and - _ @ .", ...PRIVATE }),
    ),
    cardNumber: Type.Optional(Type.String(typed)),
    uniquePin: Type.Optional(Type.String(typed)),
    qrCode: Type.Optional(Type.String(typed)),
  },
  closed,
);
export type VendorSample = Static<typeof VendorSample>;

const Choice = Type.Union([Id, Type.Null()]);

/** For each type of credential the API that is asked; null: none. */
export const vendorChoice = {
  face: Choice,
  fingerprint: Choice,
  card: Choice,
  uniquePin: Choice,
  qr: Choice,
  customerQr: Choice,
};
export type VendorChoiceMember = keyof typeof vendorChoice;

/** The member of a choice that is about a credential. */
export const CHOICE_MEMBER: Readonly<Record<VendorCredential, VendorChoiceMember>> = {
  face: "face",
  fingerprint: "fingerprint",
  card: "card",
  unique_pin: "uniquePin",
  qr: "qr",
  customer_qr: "customerQr",
};
