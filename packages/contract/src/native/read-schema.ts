import Type, { type Static, type TSchema } from "typebox";
import { Compile } from "typebox/compile";
import { queryMembers } from "../clue/query.ts";
import { type Read, Spot } from "../clue/spot.ts";
import { explain } from "./explain-schema.ts";

/** Reads an untyped value as a schema says, naming everything wrong with it in words a person understands. Members nobody knows are a mistake. */
export type SchemaReader<Schema extends TSchema> = (value: unknown) => Read<Static<Schema>>;

/** For bodies. */
export function bodyReader<Schema extends TSchema>(schema: Schema): SchemaReader<Schema> {
  const compiled = Compile(schema);
  return (value) => {
    const spot = Spot.root();
    const isOfShape = compiled.Check(value);
    explain(schema, value, spot);
    if (spot.problems.length > 0) return { ok: false, problems: spot.problems };
    if (!isOfShape) return { ok: false, problems: [{ field: "body", message: "does not have the form of this request" }] };
    // biome-ignore lint/nursery/noUnsafeTypeAssertion: checked above; the check narrows to an equal type under another name.
    return { ok: true, value: value as Static<Schema> };
  };
}

/** For the parameters of a path or a query, which come as texts: numbers, booleans and comma lists are read from them first. */
export function parametersReader<Schema extends TSchema>(schema: Schema): SchemaReader<Schema> {
  const read = bodyReader(schema);
  return (value) => {
    const given: Record<string, unknown> = {};
    const members = queryMembers(value, Spot.root());
    for (const name of Object.keys(value ?? {})) {
      const text = members.optional(name, (one) => one);
      if (text !== undefined) given[name] = fromText(propertyOf(schema, name), text);
    }
    return read(given);
  };
}

function propertyOf(schema: TSchema, name: string): TSchema | undefined {
  return Type.IsObject(schema) && Object.hasOwn(schema.properties, name) ? schema.properties[name] : undefined;
}

const WHOLE_NUMBER = /^-?\d{1,16}$/;

/** What the text means where the schema wants something else; the text itself where it does not say so, for the schema to refuse. */
function fromText(schema: TSchema | undefined, text: unknown): unknown {
  if (schema === undefined || typeof text !== "string") return text;
  if (Type.IsInteger(schema)) return WHOLE_NUMBER.test(text) ? Number(text) : text;
  if (Type.IsBoolean(schema)) return text === "true" ? true : text === "false" ? false : text;
  if (Type.IsArray(schema)) return text.split(",").map((item) => fromText(schema.items, item.trim()));
  return text;
}
