import type { OperationSpec } from "@postern/contract";
import type { TSchema } from "typebox";
import { membersOf } from "./kinds.ts";
import type { Verb } from "./noun.ts";

/** An option of a verb, and where its value stands in the call. */
export interface VerbOption {
  /** As commander names it: `unlockMs` for `--unlock-ms`. */
  readonly name: string;
  readonly flag: string;
  readonly schema: TSchema;
  readonly part: "query" | "body";
  /** `["settings", "unlockMs"]`. */
  readonly path: readonly string[];
}

/** Filled by the command line itself. */
const OWN_QUERY = new Set(["after", "limit", "placeId"]);

/** Every member of the query and of the body under its own name; those of the objects that the verb spreads too. */
export function optionsOf(verb: Verb, { query, body }: OperationSpec): readonly VerbOption[] {
  const asked = Object.entries(membersOf(query) ?? {}).filter(([name]) => !OWN_QUERY.has(name));
  const options = asked.map(([name, schema]) => optionOf(name, schema, "query", [name]));
  for (const [name, schema] of Object.entries(membersOf(body) ?? {})) {
    const inner = verb.spread?.includes(name) === true ? membersOf(schema) : null;
    if (inner === null) options.push(optionOf(name, schema, "body", [name]));
    else for (const [part, of] of Object.entries(inner)) options.push(optionOf(part, of, "body", [name, part]));
  }
  return options;
}

function optionOf(name: string, schema: TSchema, part: VerbOption["part"], path: readonly string[]): VerbOption {
  return { name, flag: flagOf(name), schema, part, path };
}

/** `--unlock-ms` for `unlockMs`. */
export function flagOf(name: string): string {
  return `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}

/** What the path of the call names, but for the place that the other options name. */
export function namedBy({ path }: OperationSpec): readonly string[] {
  const names = [...path.matchAll(/\{(\w+)\}/g)].map((match) => match[1] ?? "");
  return names.filter((name) => name !== "placeId" || path.endsWith("{placeId}"));
}
