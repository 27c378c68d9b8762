import type { TObject, TSchema } from "typebox";
import type { JsonObject, JsonValue, OpenApiDocument } from "./open-api.ts";
import { type SchemaWriter, schemaWriter } from "./schema-writer.ts";

/** What one way to fail looks like: the codes that share an HTTP status. */
export interface RefusalGroup {
  readonly status: number;
  readonly codes: readonly string[];
}

/** How a surface writes its failures. */
export interface RefusalForm {
  readonly mediaType: string;
  readonly schema: TSchema;
  readonly summaryOf: (code: string) => string;
}

/** What both surfaces say alike of a call. */
export interface DescribedOperation {
  readonly operationId: string;
  readonly tag: string;
  readonly summary: string;
  readonly description: string | null;
  readonly security: readonly JsonObject[];
  readonly params: TObject;
  readonly query: TObject;
  readonly headers: readonly JsonObject[];
  readonly body: { readonly schema: TSchema; readonly isOptional: boolean } | null;
  /** Of a body that is no JSON. */
  readonly bodyMedia?: readonly string[] | undefined;
  readonly status: number;
  readonly answer: TSchema | null;
  /** Of an answer that is no JSON. */
  readonly answerMedia?: string | undefined;
  /** It can be had in lines too. */
  readonly isInLines?: boolean;
  readonly answerHeaders: JsonObject;
  readonly refusals: readonly RefusalGroup[];
}

/** Collects what a document's operations share. */
export interface DocumentParts {
  operation(operation: DescribedOperation): JsonObject;
  components(securitySchemes: JsonObject): OpenApiDocument["components"];
}

export function documentParts(named: Readonly<Record<string, unknown>>, form: RefusalForm): DocumentParts {
  const writer = schemaWriter(named);
  const responses = new Map<string, JsonObject>();
  const refusal = (group: RefusalGroup): JsonObject => {
    const name = group.codes.map(pascal).join("Or");
    responses.set(name, writeRefusal(group, form, writer));
    return { $ref: `#/components/responses/${name}` };
  };
  return {
    operation: (operation) => writeOperation(operation, writer, refusal),
    components: (securitySchemes) => ({
      schemas: writer.components(),
      responses: Object.fromEntries([...responses].sort(([one], [other]) => (one < other ? -1 : 1))),
      securitySchemes,
    }),
  };
}

function writeOperation(operation: DescribedOperation, writer: SchemaWriter, refusal: (group: RefusalGroup) => JsonObject): JsonObject {
  const { operationId, tag, summary, description, security, headers, body, status } = operation;
  const parameters = [
    ...writeParameters("path", operation.params, writer),
    ...writeParameters("query", operation.query, writer),
    ...headers,
  ];
  return {
    operationId,
    tags: [tag],
    summary,
    ...(description === null ? {} : { description }),
    security: [...security],
    ...(parameters.length === 0 ? {} : { parameters }),
    ...(body === null ? {} : { requestBody: { required: !body.isOptional, content: json(writer.write(body.schema)) } }),
    ...(operation.bodyMedia === undefined ? {} : { requestBody: { required: true, content: texts(operation.bodyMedia) } }),
    responses: {
      [status]: writeAnswer(operation, writer),
      ...Object.fromEntries(operation.refusals.map((group) => [group.status, refusal(group)])),
    },
  };
}

function writeAnswer({ answer, answerMedia, isInLines, answerHeaders }: DescribedOperation, writer: SchemaWriter): JsonObject {
  const headers = Object.keys(answerHeaders).length === 0 ? {} : { headers: answerHeaders };
  if (answerMedia !== undefined)
    return { description: "As it comes.", ...headers, content: { [answerMedia]: { schema: { type: "string" } } } };
  if (answer !== null && isInLines === true)
    return {
      description: "Done.",
      ...headers,
      content: { ...json(writer.write(answer)), "application/x-ndjson": { schema: { type: "string" } } },
    };
  if (answer === null) return { description: "Done; no body.", ...headers };
  return { description: "Done.", ...headers, content: json(writer.write(answer)) };
}

function writeRefusal({ codes }: RefusalGroup, { mediaType, schema, summaryOf }: RefusalForm, writer: SchemaWriter): JsonObject {
  return {
    description: codes.map((code) => `\`${code}\`: ${summaryOf(code)}`).join("\n\n"),
    content: { [mediaType]: { schema: writer.write(schema) } },
  };
}

/** Lists of a query are written with commas between. */
function writeParameters(place: "path" | "query", { properties, required }: TObject, writer: SchemaWriter): readonly JsonObject[] {
  return Object.entries(properties).map(([name, property]) => {
    const { description, ...schema } = writer.write(property);
    const isList = schema["type"] === "array";
    return {
      name,
      in: place,
      required: place === "path" || required?.includes(name) === true,
      ...(description === undefined ? {} : { description }),
      ...(isList ? { style: "form", explode: false } : {}),
      schema,
    };
  });
}

export function headerParameter(name: string, description: string): JsonObject {
  return { name, in: "header", required: false, description, schema: { type: "string" } };
}

/** Of a call that takes `Prefer: wait` (RFC 7240 §4.3). */
export const PREFER_WAIT = headerParameter(
  "Prefer",
  "`wait=5`: answer once all connected controllers have confirmed the change, at the latest after so many seconds, at most 30; then `Postern-Doors` says which have.",
);

export const DOORS_HEADERS: JsonObject = {
  "Preference-Applied": answerHeader("The wait that was applied."),
  "Postern-Doors": answerHeader(
    "`revision=42, confirmed=(1000 1001), waiting=(), failed=(), away=(1002)`: ids of controllers by what they are (RFC 9651). A list of more than 50 is cut and carries `;count=`.",
  ),
};

export function answerHeader(description: string): JsonObject {
  return { description, schema: { type: "string" } };
}

function json(schema: JsonObject): { readonly [mediaType: string]: JsonValue } {
  return { "application/json": { schema } };
}

function texts(mediaTypes: readonly string[]): { readonly [mediaType: string]: JsonValue } {
  return Object.fromEntries(mediaTypes.map((mediaType) => [mediaType, { schema: { type: "string" } }]));
}

function pascal(code: string): string {
  return code
    .split("_")
    .map((word) => word.charAt(0).toUpperCase() + word.slice(1))
    .join("");
}

/** Codes by their status, lowest first. */
export function groupByStatus(codes: readonly string[], statusOf: (code: string) => number): readonly RefusalGroup[] {
  const groups = new Map<number, Set<string>>();
  for (const code of codes) {
    const status = statusOf(code);
    groups.set(status, (groups.get(status) ?? new Set()).add(code));
  }
  return [...groups].sort(([one], [other]) => one - other).map(([status, group]) => ({ status, codes: [...group] }));
}
