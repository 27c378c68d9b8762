import { NAME_PATTERN } from "@postern/contract";
import fc from "fast-check";
import Type, { type TSchema } from "typebox";

/**
 * Values for members of these names, wherever they stand: ids that exist, times near now. A name with `!` stands for the whole member, whatever its
 * schema, one with `?` where it may be left out alone, one without either for a number or a text, by itself or in a list of that name.
 */
export type Hints = Readonly<Record<string, fc.Arbitrary<unknown>>>;

/** Of a field in a request to a customer's server. */
const FIELD_KEY = "^\\p{L}[^\\p{Cc}]*$";

const NAME_TEXT = /^[^\p{Cc}\s](?:[^\p{Cc}]*[^\p{Cc}\s])?$/u.source;

/** Of one to four bytes, some that join what stands beside them, or turn it around. */
const LETTER = fc.constantFrom(..."aZ0 9-_.@'%\\é漢ｱ", "e\u0301", "\u{1f600}", "\u{1f468}\u200d\u{1f469}", "\u202e", "\u00a0", "\ufb01");

/** Patterns whose features fast-check cannot make texts for: each with texts of its own. */
const TEXTS_OF_PATTERN: Readonly<Record<string, fc.Arbitrary<string>>> = {
  [NAME_PATTERN]: fc
    .array(fc.string({ unit: fc.constantFrom(..."aZ09-ー_・ｱ é漢"), minLength: 1, maxLength: 8 }), { minLength: 1, maxLength: 5 })
    .map(
      (words) =>
        words
          .map((word) => word.replaceAll(" ", ""))
          .filter((word) => word !== "")
          .join(" ") || "n",
    ),
  [FIELD_KEY]: fc.string({ unit: LETTER, maxLength: 20 }).map((text) => `k${text}`),
  [NAME_TEXT]: fc.string({ unit: LETTER, minLength: 1, maxLength: 20 }).map((text) => text.trim() || "thing"),
};

/** Values of a schema. Lists stay short and texts mostly so, for the sake of speed; now and then one is as long as it may be. */
export function validOf(schema: TSchema, hints: Hints = {}, name = ""): fc.Arbitrary<unknown> {
  const whole = Object.hasOwn(hints, `${name}!`) ? hints[`${name}!`] : undefined;
  if (whole !== undefined) return fc.oneof({ weight: 9, arbitrary: whole }, { weight: 1, arbitrary: plainOf(schema, hints, name) });
  const hint = Object.hasOwn(hints, name) ? hints[name] : undefined;
  if (hint !== undefined && isPlain(schema)) {
    const own = plainOf(schema, hints, name);
    return fc.oneof({ weight: 9, arbitrary: Type.IsUnion(schema) ? fc.oneof(hint, own) : hint }, { weight: 1, arbitrary: own });
  }
  return plainOf(schema, hints, name);
}

/** A number, a text, or one of them or null: a list or an object of the name has its hints within. */
function isPlain(schema: TSchema): boolean {
  if (Type.IsUnion(schema)) return schema.anyOf.every((branch) => Type.IsNull(branch) || isPlain(branch));
  return Type.IsInteger(schema) || Type.IsString(schema);
}

function plainOf(schema: TSchema, hints: Hints, name: string): fc.Arbitrary<unknown> {
  if (Type.IsUnion(schema)) return fc.oneof(...schema.anyOf.map((branch) => validOf(branch, hints, name)));
  if (Type.IsLiteral(schema)) return fc.constant(schema.const);
  if (Type.IsNull(schema)) return fc.constant(null);
  if (Type.IsBoolean(schema)) return fc.boolean();
  if (Type.IsInteger(schema)) return integerOf(schema);
  if (Type.IsString(schema)) return textOf(schema);
  if (Type.IsArray(schema)) return listOf(schema, hints, name);
  if (Type.IsObject(schema)) return objectOf(schema, hints);
  throw new TypeError(`no values are made for ${JSON.stringify(schema)}`);
}

interface NumberRules {
  readonly minimum?: number;
  readonly maximum?: number;
}

function integerOf(schema: TSchema): fc.Arbitrary<number> {
  const { minimum: min = -(2 ** 31), maximum: max = 2 ** 31 }: NumberRules = schema;
  return fc.oneof(
    { weight: 6, arbitrary: fc.integer({ min, max: Math.min(max, min + 2_000) }) },
    fc.integer({ min, max }),
    fc.constantFrom(min, max),
  );
}

interface TextRules {
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly pattern?: string | RegExp;
  readonly enum?: readonly unknown[];
}

/** Each takes a while to make. */
const matching = new Map<string, fc.Arbitrary<string>>();

function textOf(schema: TSchema): fc.Arbitrary<unknown> {
  const { minLength = 0, maxLength = 200, pattern, enum: choices }: TextRules = schema;
  if (choices !== undefined) return fc.constantFrom(...choices);
  if (pattern === undefined) {
    const short = fc
      .string({ unit: LETTER, minLength, maxLength: Math.min(maxLength, minLength + 20) })
      .map((text) => text.slice(0, maxLength));
    return fc
      .oneof({ weight: 9, arbitrary: short }, fc.constant("m".repeat(maxLength)))
      .map((text) => text.replaceAll("\0", "0").toWellFormed());
  }
  const source = typeof pattern === "string" ? pattern : pattern.source;
  const expression = new RegExp(source, "u");
  const known = matching.get(source);
  if (known !== undefined) return known;
  const made = (TEXTS_OF_PATTERN[source] ?? fc.stringMatching(expression, { maxLength })).filter((text) => expression.test(text));
  matching.set(source, made);
  return made;
}

interface ListRules {
  readonly items: TSchema;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly uniqueItems?: boolean;
}

function listOf({ items, minItems = 0, maxItems = 5, uniqueItems }: ListRules, hints: Hints, name: string): fc.Arbitrary<unknown> {
  // `doorIds` holds what `doorId` names; so does `doors`.
  const itemName = Object.hasOwn(hints, name) ? name : name.replace(/s$/, "");
  const item = validOf(items, hints, Object.hasOwn(hints, itemName) ? itemName : `${itemName}Id`);
  const lengths = { minLength: minItems, maxLength: Math.min(maxItems, minItems + 4) };
  return uniqueItems === true ? fc.uniqueArray(item, { ...lengths, selector: (each) => JSON.stringify(each) }) : fc.array(item, lengths);
}

function objectOf(
  schema: TSchema & { readonly properties: Readonly<Record<string, TSchema>>; readonly required?: readonly string[] },
  hints: Hints,
) {
  const isNeeded = (name: string): boolean => schema.required?.includes(name) === true;
  const members = Object.fromEntries(
    Object.entries(schema.properties).map(([name, property]) => {
      const hint = isNeeded(name) ? undefined : hints[`${name}?`];
      return [name, hint ?? validOf(property, hints, name)];
    }),
  );
  return fc.record(members, { requiredKeys: Object.keys(members).filter(isNeeded) });
}
