import { assert } from "@postern/core";
import { type CustomTypesConfig, types } from "pg";

const INT8_OID = 20;
const INT8_ARRAY_OID = 1016;

/** `bigint` as a number. Ids, sequences and milliseconds stay far below 2^53; a value beyond is our bug, never rounded. */
export function parseInt8(text: string): number {
  const value = Number(text);
  assert(Number.isSafeInteger(value), "a bigint from the database is a safe integer");
  return value;
}

function parseInt8Array(text: string): (number | null)[] {
  assert(!text.startsWith("{{"), "a bigint array from the database has one dimension");
  if (text === "{}") return [];
  return text
    .slice(1, -1)
    .split(",")
    .map((item) => (item === "NULL" ? null : parseInt8(item)));
}

/** The driver's parsers with ours before them. `numeric` (also `sum` over `bigint`) stays text: cast it in SQL. */
export const valueParsers: CustomTypesConfig = {
  getTypeParser: ((oid: number, format?: "text" | "binary") => {
    if (format !== "binary" && oid === INT8_OID) return parseInt8;
    if (format !== "binary" && oid === INT8_ARRAY_OID) return parseInt8Array;
    return types.getTypeParser(oid, format);
    // biome-ignore lint/nursery/noUnsafeTypeAssertion: one function stands for the driver's overloads.
  }) as typeof types.getTypeParser,
};
