import fc from "fast-check";
import type { TSchema } from "typebox";
import { type Hints, validOf } from "./arbitrary-of-schema.ts";

/** What no schema wants where it stands, or only just. */
const STRANGE: fc.Arbitrary<unknown> = fc.oneof(
  fc.constantFrom<unknown>(null, true, false, 0, -1, 1, 1.5, -0, 1e300, 2 ** 53, 2 ** 31, 253_402_300_799_999, 253_402_300_800_000),
  fc.constantFrom<unknown>(
    "",
    " ",
    "0",
    "-1",
    "1e3",
    "NaN",
    "null",
    "\0",
    "a\0b",
    "\ud800",
    "a\udc00",
    "__proto__",
    "'; drop table auths; --",
    "%00",
    "\u202e",
    "\u{1f600}",
  ),
  fc.constantFrom<unknown>(
    [],
    {},
    [null],
    [[]],
    [{}],
    { __proto__x: 1 },
    { length: 1 },
    { toString: 1 },
    JSON.parse('{"__proto__":{"a":1}}'),
  ),
  fc.constantFrom(64, 65, 128, 129, 255, 256, 5_000).map((length) => "x".repeat(length)),
  fc.constantFrom(17, 33, 1_001).map((length) => Array.from({ length }, (_, index) => index + 1)),
  fc.integer(),
  fc.array(fc.nat({ max: 0xffff }), { maxLength: 8 }).map((units) => String.fromCharCode(...units)),
);

type Change = { readonly kind: "replace" | "add"; readonly value: unknown } | { readonly kind: "remove" } | { readonly kind: "repeat" };

const CHANGE: fc.Arbitrary<Change> = fc.oneof(
  { weight: 5, arbitrary: STRANGE.map((value): Change => ({ kind: "replace", value })) },
  { weight: 1, arbitrary: STRANGE.map((value): Change => ({ kind: "add", value })) },
  { weight: 2, arbitrary: fc.constant<Change>({ kind: "remove" }) },
  { weight: 1, arbitrary: fc.constant<Change>({ kind: "repeat" }) },
);

/** A value of the schema with one or two things changed at any depth: replaced by something strange, taken away, added or repeated. */
export function nearlyValidOf(schema: TSchema, hints: Hints = {}): fc.Arbitrary<unknown> {
  const changes = fc.array(fc.tuple(fc.nat(), CHANGE), { minLength: 1, maxLength: 2 });
  return fc
    .tuple(validOf(schema, hints), changes)
    .map(([value, all]) => all.reduce((present, [at, change]) => changed(present, at, change), value));
}

type Path = readonly (string | number)[];

function pathsOf(value: unknown, path: Path = []): readonly Path[] {
  if (typeof value !== "object" || value === null) return [path];
  const members = Array.isArray(value) ? value.map((each, index) => [index, each] as const) : Object.entries(value);
  return [path, ...members.flatMap(([name, member]) => pathsOf(member, [...path, name]))];
}

function changed(value: unknown, at: number, change: Change): unknown {
  const paths = pathsOf(value);
  return changedAt(value, paths[at % paths.length] ?? [], change);
}

function changedAt(value: unknown, path: Path, change: Change): unknown {
  const [name, ...rest] = path;
  if (name === undefined) return wholeChanged(value, change);
  if (Array.isArray(value)) {
    const items = [...value];
    if (rest.length === 0 && change.kind === "remove") items.splice(Number(name), 1);
    else items[Number(name)] = changedAt(items[Number(name)], rest, change);
    return items;
  }
  const { [name]: member, ...others } = value as Record<string, unknown>;
  return rest.length === 0 && change.kind === "remove" ? others : { ...others, [name]: changedAt(member, rest, change) };
}

function wholeChanged(value: unknown, change: Change): unknown {
  if (change.kind === "replace" || change.kind === "remove") return change.kind === "replace" ? change.value : undefined;
  if (Array.isArray(value)) return [...value, change.kind === "add" ? change.value : value[0]];
  if (typeof value === "object" && value !== null)
    return { ...value, [change.kind === "add" ? "surplus" : (Object.keys(value)[0] ?? "a")]: change.kind === "add" ? change.value : null };
  return change.kind === "add" ? change.value : [value, value];
}
