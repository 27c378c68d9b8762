import type { OperationSpec } from "@postern/contract";
import Type, { type TSchema } from "typebox";

/** How a member is written on the command line and in a table, as its schema says. */
export type Kind = "time" | "number" | "boolean" | "choice" | "text" | "texts" | "numbers" | "doors" | "photo" | "photos" | Shape | "json";
export type Shape = "windows" | "holidays" | "cards" | "card" | "grants" | "ranges";

/** Things that have a short form of their own, known by the members they have. */
const SHAPES: readonly { readonly shape: Shape; readonly isList: boolean; readonly members: readonly string[] }[] = [
  // Before windows, which have a part of these members.
  { shape: "ranges", isList: true, members: ["generation", "from", "to"] },
  { shape: "windows", isList: true, members: ["from", "to"] },
  { shape: "holidays", isList: true, members: ["date", "windows"] },
  { shape: "cards", isList: true, members: ["cardNumber"] },
  { shape: "card", isList: false, members: ["cardNumber"] },
  { shape: "grants", isList: true, members: ["doors", "scheduleId"] },
];

export function kindOf(schema: TSchema): Kind {
  if (Type.IsUnion(schema)) return unionKind(schema.anyOf);
  if (Type.IsInteger(schema)) return isTime(schema) ? "time" : "number";
  if (Type.IsBoolean(schema)) return "boolean";
  if (Type.IsLiteral(schema)) return "choice";
  if (Type.IsString(schema)) return "contentMediaType" in schema && schema.contentMediaType === "image/*" ? "photo" : "text";
  if (Type.IsArray(schema)) return listKind(schema.items);
  return shapeOf(schema, false) ?? "json";
}

/** The contract writes the unit of every time in its description. */
function isTime(schema: TSchema): boolean {
  return "description" in schema && String(schema.description).startsWith("Epoch milliseconds");
}

function unionKind(branches: readonly TSchema[]): Kind {
  const some = branches.filter((branch) => !Type.IsNull(branch));
  const [first] = some;
  if (first === undefined) return "json";
  if (some.length === 1) return kindOf(first);
  if (some.every((branch) => Type.IsLiteral(branch))) return "choice";
  return some.length === 2 && some.some((branch) => Type.IsLiteral(branch) && branch.const === "all") ? "doors" : "json";
}

function listKind(items: TSchema): Kind {
  const kind = kindOf(items);
  if (kind === "number") return "numbers";
  if (kind === "photo") return "photos";
  if (kind === "text" || kind === "choice") return "texts";
  return shapeOf(items, true) ?? "json";
}

function shapeOf(schema: TSchema, isList: boolean): Shape | null {
  if (!Type.IsObject(schema)) return null;
  const { properties } = schema;
  const found = SHAPES.find((one) => one.isList === isList && one.members.every((member) => member in properties));
  return found?.shape ?? null;
}

export function choicesOf(schema: TSchema): readonly string[] {
  if (Type.IsUnion(schema)) return schema.anyOf.flatMap(choicesOf);
  return Type.IsLiteral(schema) ? [String(schema.const)] : [];
}

export function mayBeNull(schema: TSchema): boolean {
  return Type.IsUnion(schema) && schema.anyOf.some((branch) => Type.IsNull(branch));
}

/** The members of an object, also where null may stand in its place. */
export function membersOf(schema: TSchema | null | undefined): Readonly<Record<string, TSchema>> | null {
  if (schema === null || schema === undefined) return null;
  if (Type.IsUnion(schema)) return schema.anyOf.map(membersOf).find((members) => members !== null) ?? null;
  return Type.IsObject(schema) ? schema.properties : null;
}

/** The schema of one item of a list's answer, or null when the operation answers no list. */
export function itemSchemaOf({ answer }: OperationSpec): TSchema | null {
  const items = membersOf(answer)?.["items"];
  return items !== undefined && Type.IsArray(items) ? items.items : null;
}
