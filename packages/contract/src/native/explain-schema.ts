import Type, { type TSchema } from "typebox";
import type { Spot } from "../clue/spot.ts";

/** Marks a schema whose values no answer may repeat: credentials, keys, codes. */
export const PRIVATE = { "x-private": true } as const;

/**
 * Notes at its path everything wrong with a value by the schemas we write: objects, most without unknown members, lists, texts, whole numbers, booleans,
 * literals and unions of them. A schema of another kind is not explained here.
 */
export function explain(schema: TSchema, value: unknown, spot: Spot): void {
  const judged = { schema, value, spot };
  if (Type.IsObject(schema)) explainObject(schema, value, spot);
  else if (Type.IsArray(schema)) explainList(schema, value, spot);
  else if (Type.IsUnion(schema)) explainUnion(schema.anyOf, value, spot);
  else if (Type.IsString(schema)) refuseFor(textProblem(schema, value), judged);
  else if (Type.IsInteger(schema)) refuseFor(numberProblem(schema, value), judged);
  else if (Type.IsBoolean(schema)) refuseFor(typeof value === "boolean" ? null : "must be true or false", judged);
  else if (Type.IsLiteral(schema)) refuseFor(value === schema.const ? null : `must be ${String(schema.const)}`, judged);
  else if (Type.IsNull(schema)) refuseFor(value === null ? null : "must be null", judged);
}

interface Judged {
  readonly schema: TSchema;
  readonly value: unknown;
  readonly spot: Spot;
}

function refuseFor(problem: string | null, { schema, value, spot }: Judged): void {
  if (problem === null) return;
  if ("x-private" in schema) spot.refuse(problem);
  else spot.refuseValue(problem, value);
}

type ObjectSchema = TSchema & {
  readonly properties: Readonly<Record<string, TSchema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: unknown;
};

function explainObject(schema: ObjectSchema, value: unknown, spot: Spot): void {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    spot.refuse("must be an object");
    return;
  }
  for (const name of schema.required ?? []) if (!Object.hasOwn(value, name)) spot.member(name).refuse("is required");
  for (const [name, member] of Object.entries(value)) {
    const known = Object.hasOwn(schema.properties, name) ? schema.properties[name] : undefined;
    if (known !== undefined) explain(known, member, spot.member(name));
    else if (schema.additionalProperties === false)
      spot.member(shown(name)).refuse(`is not known here; there are ${Object.keys(schema.properties).join(", ") || "no members"}`);
  }
}

/** A member's name as it may stand in an answer. */
function shown(name: string): string {
  return name.slice(0, 64).toWellFormed().replaceAll("\0", "");
}

type ListSchema = TSchema & {
  readonly items: TSchema;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly uniqueItems?: boolean;
};

function explainList(schema: ListSchema, value: unknown, spot: Spot): void {
  const problem = listProblem(schema, value);
  if (problem !== null) spot.refuse(problem);
  else if (Array.isArray(value)) for (const [index, item] of value.entries()) explain(schema.items, item, spot.item(index));
}

function listProblem({ minItems = 0, maxItems = Number.POSITIVE_INFINITY, uniqueItems }: ListSchema, value: unknown): string | null {
  if (!Array.isArray(value)) return "must be a list";
  if (value.length < minItems) return minItems === 1 ? "must not be empty" : `must have at least ${minItems} items`;
  if (value.length > maxItems) return `must have at most ${maxItems} items`;
  const isRepeated = uniqueItems === true && new Set(value.map((item) => JSON.stringify(item))).size < value.length;
  return isRepeated ? "must name each item once" : null;
}

function explainUnion(branches: readonly TSchema[], value: unknown, spot: Spot): void {
  const literals = branches.filter((branch) => Type.IsLiteral(branch));
  const fitting = branches.find((branch) => isOfKind(branch, value));
  if (fitting !== undefined) explain(fitting, value, spot);
  else if (literals.length === branches.length) spot.refuseValue(`must be ${literals.map((one) => String(one.const)).join(" or ")}`, value);
  else spot.refuse(`must be ${branches.map(kindText).join(" or ")}`);
}

function isOfKind(branch: TSchema, value: unknown): boolean {
  if (Type.IsNull(branch)) return value === null;
  if (Type.IsLiteral(branch)) return branch.const === value;
  if (Type.IsArray(branch)) return Array.isArray(value);
  if (Type.IsObject(branch)) return typeof value === "object" && value !== null && !Array.isArray(value);
  if (Type.IsInteger(branch)) return typeof value === "number";
  if (Type.IsBoolean(branch)) return typeof value === "boolean";
  return Type.IsString(branch) && typeof value === "string";
}

function kindText(branch: TSchema): string {
  if (Type.IsNull(branch)) return "null";
  if (Type.IsLiteral(branch)) return JSON.stringify(branch.const);
  if (Type.IsArray(branch)) return "a list";
  if (Type.IsObject(branch)) return "an object";
  if (Type.IsInteger(branch)) return "a whole number";
  return Type.IsBoolean(branch) ? "true or false" : "a text";
}

type TextSchema = TSchema & {
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly pattern?: string | RegExp;
  /** The pattern in words. */
  readonly "x-rule"?: string;
};

function textProblem(schema: TextSchema, value: unknown): string | null {
  if (typeof value !== "string") return "must be a text";
  if (value.includes("\0")) return "must not contain the character NUL";
  if (!value.isWellFormed()) return "must be well-formed Unicode, without lone surrogates";
  const { minLength = 0, maxLength = Number.POSITIVE_INFINITY, pattern, "x-rule": rule } = schema;
  if (value.length < minLength) return minLength === 1 ? "must not be empty" : `must have at least ${minLength} characters`;
  if (value.length > maxLength) return `must have at most ${maxLength} characters`;
  return pattern === undefined || new RegExp(pattern, "u").test(value) ? null : (rule ?? `must match ${String(pattern)}`);
}

type NumberSchema = TSchema & { readonly minimum?: number; readonly maximum?: number };

function numberProblem(
  { minimum = Number.MIN_SAFE_INTEGER, maximum = Number.MAX_SAFE_INTEGER }: NumberSchema,
  value: unknown,
): string | null {
  if (typeof value !== "number" || !Number.isSafeInteger(value)) return "must be a whole number";
  return value >= minimum && value <= maximum ? null : `must be from ${minimum} to ${maximum}`;
}
