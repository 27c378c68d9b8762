/**
 * A parameter as the driver takes it. Lists of numbers are written here: the driver would quote and escape each of them, which costs an append more than
 * the hashes of its events do.
 */
export function statementValue(value: unknown): unknown {
  return Array.isArray(value) ? (numberList(value) ?? value) : value;
}

/** PostgreSQL's text of an array; null where something else than numbers is in it. */
function numberList(values: readonly unknown[]): string | null {
  let text = "";
  for (const value of values) {
    if (text !== "") text += ",";
    if (typeof value === "number") text += value;
    else if (value === null) text += "NULL";
    else return null;
  }
  return `{${text}}`;
}
