import Type, { type TSchema } from "typebox";
import type { JsonObject, JsonValue } from "./open-api.ts";

/** Writes schemas as a published description shows them. Objects that have a name are written once and referred to. */
export interface SchemaWriter {
  write(schema: TSchema): JsonObject;
  /** What was referred to so far, by name, in the order of the alphabet. */
  components(): JsonObject;
}

/** `named`: any values by their names, such as a module's exports; the object schemas among them give names. */
export function schemaWriter(named: Readonly<Record<string, unknown>>): SchemaWriter {
  const names = new Map<unknown, string>();
  for (const [name, value] of Object.entries(named)) if (Type.IsObject(value)) names.set(value, name);
  const written = new Map<string, JsonObject>();
  const write = (schema: TSchema): JsonObject => {
    const name = names.get(schema);
    if (name === undefined) return writePlain(schema, write);
    if (!written.has(name)) {
      written.set(name, {});
      written.set(name, writePlain(schema, write));
    }
    return { $ref: `#/components/schemas/${name}` };
  };
  return { write, components: () => Object.fromEntries([...written].sort(([one], [other]) => (one < other ? -1 : 1))) };
}

type Write = (schema: TSchema) => JsonObject;

function writePlain(schema: TSchema, write: Write): JsonObject {
  if (Type.IsUnion(schema)) return { ...annotations(schema), ...writeUnion(schema.anyOf, write) };
  if (Type.IsIntersect(schema)) return { ...annotations(schema), allOf: schema.allOf.map(write) };
  if (Type.IsArray(schema)) return { ...keywords(schema), items: write(schema.items) };
  if (Type.IsObject(schema)) return { ...keywords(schema), properties: mapValues(schema.properties, write) };
  if (Type.IsRecord(schema)) return { ...keywords(schema), patternProperties: mapValues(schema.patternProperties, write) };
  return keywords(schema);
}

/** Choices of texts are an `enum`; null beside a plain type joins its `type`. */
function writeUnion(branches: readonly TSchema[], write: Write): JsonObject {
  const others = branches.filter((branch) => !Type.IsNull(branch));
  const isNullable = others.length < branches.length;
  if (others.length > 1 && others.every((branch) => Type.IsLiteral(branch) && typeof branch.const === "string")) {
    const choices = others.map((branch) => literalOf(branch));
    return isNullable ? { type: ["string", "null"], enum: [...choices, null] } : { type: "string", enum: choices };
  }
  const written = others.map(write);
  const [only] = written;
  if (!isNullable) return { anyOf: written };
  if (only !== undefined && written.length === 1 && typeof only["type"] === "string" && only["const"] === undefined)
    return { ...only, type: [only["type"], "null"] };
  return { anyOf: [...written, { type: "null" }] };
}

function literalOf(schema: TSchema): JsonValue {
  return Type.IsLiteral(schema) && typeof schema.const === "string" ? schema.const : null;
}

/** Our own marks stay inside; a pattern's rule in words stands in for a description. */
function keywords(schema: TSchema): JsonObject {
  const { "x-private": _private, "x-rule": rule, ...rest }: Record<string, unknown> = { ...schema };
  if (typeof rule === "string" && rest["description"] === undefined)
    rest["description"] = `${rule.charAt(0).toUpperCase()}${rule.slice(1)}.`;
  // A schema is plain data but for patterns, which may be expressions, and members that are undefined.
  return JSON.parse(JSON.stringify(rest, (_name, value: unknown) => (value instanceof RegExp ? value.source : value)));
}

function annotations(schema: TSchema): JsonObject {
  const { description } = keywords(schema);
  return description === undefined ? {} : { description };
}

function mapValues(schemas: Readonly<Record<string, TSchema>>, write: Write): JsonObject {
  return Object.fromEntries(Object.entries(schemas).map(([name, schema]) => [name, write(schema)]));
}
