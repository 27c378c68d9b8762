import { type Static, Type } from "typebox";
import { DYNAMIC_QR_AGE_MS_MAX, DYNAMIC_QR_LENGTH_MS_MAX, PAGE_SIZE_MAX, USER_KEY_LENGTH_MAX } from "./clue-limits.ts";
import { type Order, order, type Page, queryMembers, readPage } from "./query.ts";
import { readEpochMs, readId } from "./read-create-auth.ts";
import { members, text } from "./readers.ts";
import { type Read, type Reader, Spot } from "./spot.ts";

/** CLUe §3: what its own test of a confirmation takes for a user key. It may name somebody whom only the customer knows. */
export const UNIQUE_KEY_PATTERN = `^[A-Za-z0-9_@.-]{1,${USER_KEY_LENGTH_MAX}}$`;

/** CLUe §1.9, as we write it. */
export const ClueDynamicQr = Type.Object(
  {
    dynamicQrId: Type.String(),
    uniqueKey: Type.String(),
    placeGroupId: Type.Integer(),
    validFrom: Type.Integer(),
    validTo: Type.Integer(),
    dynamicQrUrl: Type.String({
      description: "For the person's phone: where it is opened first, by a tap, its codes are made from then on.",
    }),
  },
  { additionalProperties: false },
);
export type ClueDynamicQr = Static<typeof ClueDynamicQr>;

export const CreateDynamicQrBody = Type.Object({
  placeGroupId: Type.Integer({ minimum: 1, description: "The key's own." }),
  uniqueKey: Type.String({ pattern: UNIQUE_KEY_PATTERN, description: "Of a person here, or of one whom your own server knows." }),
  validFrom: Type.Integer({ minimum: 0, description: "Epoch milliseconds, at most 90 days ago." }),
  validTo: Type.Integer({ minimum: 0, description: "Exclusive, at most 90 days after `validFrom`." }),
});

export interface CreateDynamicQr {
  readonly placeGroupId: number;
  readonly uniqueKey: string;
  readonly validFromMs: number;
  readonly validToMs: number;
}

export interface DynamicQrsOf {
  readonly placeGroupId: number;
  readonly uniqueKey: string;
}

export interface DynamicQrsQuery extends Page {
  /** null: the key's own. */
  readonly placeGroupId: number | null;
  readonly uniqueKey: string | null;
  readonly order: Order<"createdAt">;
}

const readUniqueKey: Reader<string> = text({
  lengthMax: USER_KEY_LENGTH_MAX,
  pattern: { expression: new RegExp(UNIQUE_KEY_PATTERN), message: "must have 1 to 64 letters, digits, or - _ @ ." },
  isPrivate: true,
});

/** Never throws; all mistakes are told. */
export function readCreateDynamicQr(body: unknown, nowMs: number): Read<CreateDynamicQr> {
  const spot = Spot.root();
  const root = members(body, spot);
  const placeGroupId = root?.required("placeGroupId", readId);
  const uniqueKey = root?.required("uniqueKey", readUniqueKey);
  const validFromMs = root?.required("validFrom", readEpochMs);
  const validToMs = root?.required("validTo", readEpochMs);
  if (validFromMs !== undefined && validToMs !== undefined)
    for (const { field, message } of periodProblems({ validFromMs, validToMs }, nowMs))
      spot.member(field).refuseValue(message, field === "validFrom" ? validFromMs : validToMs);
  if (spot.problems.length > 0 || placeGroupId === undefined || uniqueKey === undefined) return { ok: false, problems: spot.problems };
  if (validFromMs === undefined || validToMs === undefined) return { ok: false, problems: spot.problems };
  return { ok: true, value: { placeGroupId, uniqueKey, validFromMs, validToMs } };
}

/** CLUe §1.9: from 90 days before now on, for 90 days at most. */
export function periodProblems(
  { validFromMs, validToMs }: Pick<CreateDynamicQr, "validFromMs" | "validToMs">,
  nowMs: number,
): { readonly field: "validFrom" | "validTo"; readonly message: string }[] {
  if (validFromMs < nowMs - DYNAMIC_QR_AGE_MS_MAX) return [{ field: "validFrom", message: "must be at most 90 days ago" }];
  if (validToMs <= validFromMs) return [{ field: "validTo", message: "must be after validFrom" }];
  if (validToMs > validFromMs + DYNAMIC_QR_LENGTH_MS_MAX) return [{ field: "validTo", message: "must be at most 90 days after validFrom" }];
  return [];
}

/** The query of the list, of which all may be left out. */
export function readDynamicQrsQuery(query: unknown): Read<DynamicQrsQuery> {
  const spot = Spot.root();
  const parameters = queryMembers(query, spot);
  const value: DynamicQrsQuery = {
    placeGroupId: parameters.optional("placeGroupId", readId) ?? null,
    uniqueKey: parameters.optional("uniqueKey", readUniqueKey) ?? null,
    order: parameters.optional("sort", order(["createdAt"])) ?? { by: "createdAt", direction: "desc" },
    ...readPage(parameters, PAGE_SIZE_MAX),
  };
  return spot.problems.length > 0 ? { ok: false, problems: spot.problems } : { ok: true, value };
}

/** The query of DELETE by key: both are needed, so that nobody's are taken away by a name left out. */
export function readDynamicQrsOf(query: unknown): Read<DynamicQrsOf> {
  const spot = Spot.root();
  const parameters = queryMembers(query, spot);
  const placeGroupId = parameters.required("placeGroupId", readId);
  const uniqueKey = parameters.required("uniqueKey", readUniqueKey);
  if (placeGroupId === undefined || uniqueKey === undefined) return { ok: false, problems: spot.problems };
  return { ok: true, value: { placeGroupId, uniqueKey } };
}
