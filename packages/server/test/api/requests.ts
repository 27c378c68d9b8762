import { type ClueOperationSpec, ImportRow, type OperationSpec } from "@postern/contract";
import fc from "fast-check";
import type { TSchema } from "typebox";
import { V1_PREFIXES, V2_PREFIX } from "../../src/platform/http/surface.ts";
import { type Hints, validOf } from "./arbitrary-of-schema.ts";
import { nearlyValidOf } from "./nearly-valid.ts";

/** One operation of either surface. */
export interface Operation {
  readonly id: string;
  readonly surface: "v1" | "v2";
  readonly spec: ClueOperationSpec | OperationSpec;
}

export interface FuzzedRequest {
  readonly operation: Operation;
  readonly url: string;
  /** As it is sent; undefined: no body. */
  readonly text: string | undefined;
  readonly headers: Readonly<Record<string, string>>;
}

/** Requests for one operation: half of them as its schemas say, half of them not quite. */
export function requestsOf(operation: Operation, hints: Hints): fc.Arbitrary<FuzzedRequest> {
  const { params, query, body } = operation.spec;
  const isInRows = "bodyMedia" in operation.spec && operation.spec.bodyMedia !== undefined;
  const whole = fc.record({
    params: validOf(params, hints),
    query: validOf(query, hints),
    text: isInRows ? rowsOf(hints) : body === null ? fc.constant(undefined) : validOf(body, hints).map(written),
    headers: isInRows ? ROW_HEADERS : headersOf(operation),
  });
  const astray = fc.oneof(
    { weight: body === null ? 0 : 6, arbitrary: fc.record({ text: body === null ? fc.constant(undefined) : astrayBody(body, hints) }) },
    { weight: isInRows ? 6 : 0, arbitrary: fc.record({ text: astrayRows(hints) }) },
    { weight: 2, arbitrary: fc.record({ query: nearlyValidOf(query, hints) }) },
    { weight: 1, arbitrary: fc.record({ params: nearlyValidOf(params, hints) }) },
    { weight: 1, arbitrary: fc.record({ headers: STRANGE_HEADERS }) },
  );
  const prefixes = operation.surface === "v2" ? [V2_PREFIX] : V1_PREFIXES;
  return fc.tuple(whole, fc.option(astray, { freq: 1 }), fc.constantFrom(...prefixes)).map(([right, wrong, prefix]) => {
    const asked = { ...right, ...wrong };
    return {
      operation,
      url: prefix + pathOf(operation.spec.path, asked.params) + queryOf(asked.query),
      text: asked.text,
      headers: asked.headers,
    };
  });
}

const ROW_HEADERS = fc.constantFrom({ "content-type": "application/x-ndjson" }, { "content-type": "text/csv" });

/** Lines of JSON, or a CSV file: what the header says of them may be wrong. */
function rowsOf(hints: Hints): fc.Arbitrary<string> {
  const lines = fc.array(validOf(ImportRow, hints), { maxLength: 4 }).map((rows) => rows.map((row) => `${written(row)}\n`).join(""));
  const cells = fc.array(fc.constantFrom("person-1,2026-01-01,2027-01-01,all,12", "person-2,0,1,none,", '"person-3",,,234 235,none'));
  return fc.oneof(
    lines,
    cells.map((rows) => ["userKey,startAt,endAt,doors,cards", ...rows].join("\n")),
  );
}

function astrayRows(hints: Hints): fc.Arbitrary<string> {
  return fc.oneof(
    fc.array(nearlyValidOf(ImportRow, hints), { maxLength: 4 }).map((rows) => rows.map((row) => `${written(row)}\n`).join("")),
    fc.constantFrom("", "\n\n", "userKey", "userKey,what\n", 'userKey\n"', "\ufeffuserKey;name\na;b", "{", "[]\nnull\n0\n", "\u0000"),
  );
}

function astrayBody(body: TSchema, hints: Hints): fc.Arbitrary<string | undefined> {
  const right = validOf(body, hints).map(written);
  return fc.oneof(
    { weight: 20, arbitrary: nearlyValidOf(body, hints).map(written) },
    { weight: 1, arbitrary: fc.constant(undefined) },
    {
      weight: 1,
      arbitrary: fc.constantFrom(
        "",
        " ",
        "{",
        "[]",
        "null",
        '"text"',
        "0",
        "{}",
        '{"a":1,"a":2}',
        "[".repeat(200),
        `{"a":${"[".repeat(40)}${"]".repeat(40)}}`,
      ),
    },
    { weight: 1, arbitrary: right.map((text) => text?.slice(0, -1)) },
    { weight: 1, arbitrary: right.map((text) => `\ufeff${text}`) },
  );
}

function written(value: unknown): string | undefined {
  return JSON.stringify(value);
}

/** Few enough that some come twice. */
function headersOf({ spec }: Operation): fc.Arbitrary<Readonly<Record<string, string>>> {
  const tags = fc.constantFrom('"AAAAAAAAAAAAAAAAAAAAAA"', "*", 'W/"x", "y"', "");
  const names = {
    ...("isIdempotent" in spec ? { "idempotency-key": fc.constantFrom("a", "b", "c", "") } : {}),
    ...("isVersioned" in spec ? { "if-match": tags, "if-none-match": tags } : {}),
  };
  return fc.oneof({ weight: 4, arbitrary: fc.constant({}) }, { weight: 1, arbitrary: fc.record(names, { requiredKeys: [] }) });
}

const STRANGE_HEADERS: fc.Arbitrary<Readonly<Record<string, string>>> = fc.constantFrom<Readonly<Record<string, string>>>(
  { "idempotency-key": "k".repeat(256) },
  { "idempotency-key": "\u00e9" },
  { "content-type": "text/plain" },
  { "content-type": "application/json; charset=klingon" },
  { "content-type": "application/json; charset=utf-16" },
  { "if-match": "x".repeat(5_000) },
  { expect: "the unexpected" },
  { "x-forwarded-for": "1.2.3.4, what" },
);

/** An empty part would be another path. */
function pathOf(path: string, params: unknown): string {
  const given = typeof params === "object" && params !== null ? (params as Readonly<Record<string, unknown>>) : {};
  return path.replace(/\{(\w+)\}/g, (_whole, name: string) => encodeURIComponent(textOf(given[name] ?? "") || "-"));
}

function queryOf(query: unknown): string {
  if (typeof query !== "object" || query === null) return query === undefined ? "" : `?${encodeURIComponent(textOf(query))}`;
  const parameters = Object.entries(query).map(([name, value]) => {
    const text = Array.isArray(value) ? value.map(textOf).join(",") : textOf(value);
    // Nobody's waiting is waited for: it would only make the run slow.
    return `${encodeURIComponent(name)}=${encodeURIComponent(name === "wait" && /^\d+$/.test(text) && Number(text) <= 30 ? "0" : text)}`;
  });
  return parameters.length === 0 ? "" : `?${parameters.join("&")}`;
}

function textOf(value: unknown): string {
  const text = typeof value === "object" && value !== null ? JSON.stringify(value) : String(value);
  return text.toWellFormed().slice(0, 2_000);
}
