import Type from "typebox";
import { REGISTRATION_TOKEN_LENGTH_MAX, REGISTRATION_TOKENS_COUNT_MAX } from "../clue/clue-limits.ts";
import { PRIVATE } from "./explain-schema.ts";

/** What a scan on a device is named by. */
export const ScanToken = Type.String({
  minLength: 1,
  maxLength: REGISTRATION_TOKEN_LENGTH_MAX,
  pattern: "^[\\w.-]+$",
  "x-rule": "must be a token of a scan",
  ...PRIVATE,
});

/** Cards and fingers that were scanned on a device: each joins the auth's credentials, once. */
export const RegistrationTokens = Type.Array(ScanToken, { maxItems: REGISTRATION_TOKENS_COUNT_MAX });
