import { assert } from "@postern/core";
import Type, { type Static } from "typebox";
import { ErrorDetail } from "../clue/envelope.ts";
import { LINK_CODES, NATIVE_CODES } from "../errors/index.ts";

/** What a claim may say beside v2's own codes. */
const CLAIM_CODES = ["claim_code_wrong", "claim_code_expired"] as const satisfies readonly (keyof typeof LINK_CODES)[];

/** RFC 9457, as every failure of v2 is answered. */
export const ProblemDocument = Type.Object(
  {
    type: Type.String({ description: "`urn:postern:problem:` and the code; an address of nothing." }),
    title: Type.String(),
    status: Type.Integer(),
    code: Type.String({ enum: [...Object.keys(NATIVE_CODES), ...CLAIM_CODES] }),
    detail: Type.Optional(Type.String({ description: "One sentence about this very occurrence." })),
    errors: Type.Optional(Type.Array(ErrorDetail, { description: "What was wrong, field by field." })),
  },
  { additionalProperties: false },
);
export type ProblemDocument = Static<typeof ProblemDocument>;

export function nativeCodeSummary(code: string): string {
  if (code in NATIVE_CODES) return specOf(NATIVE_CODES, code).summary;
  return specOf(LINK_CODES, code).summary;
}

export function specOf<Spec>(table: Readonly<Record<string, Spec>>, code: string): Spec {
  const spec = table[code];
  assert(spec !== undefined, "a described code stands in its table");
  return spec;
}
