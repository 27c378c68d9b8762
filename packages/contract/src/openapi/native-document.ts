import type { NativeCode } from "../errors/index.ts";
import { NATIVE_CODES } from "../errors/index.ts";
import type { NativeOperationId, OperationSpec } from "../native/index.ts";
import * as native from "../native/index.ts";
import {
  answerHeader,
  type DescribedOperation,
  DOORS_HEADERS,
  documentParts,
  groupByStatus,
  headerParameter,
  PREFER_WAIT,
  type RefusalForm,
  type RefusalGroup,
} from "./document-parts.ts";
import { HEALTH_PATH, HEALTH_PATH_ITEM } from "./health-path.ts";
import type { JsonObject, OpenApiDocument } from "./open-api.ts";
import { nativeCodeSummary, ProblemDocument, specOf } from "./problem-document.ts";

/** Operations by their ids, as one server serves them. */
export type ServedOperations = Partial<Readonly<Record<NativeOperationId, OperationSpec>>>;

const FORM: RefusalForm = { mediaType: "application/problem+json", schema: ProblemDocument, summaryOf: nativeCodeSummary };

const DESCRIPTION = `Postern's own calls: plain HTTP statuses, problem details (RFC 9457), cursors, \`Idempotency-Key\`, \`ETag\` and \`If-Match\`.

Times are epoch milliseconds. Members that a call does not know are refused, by name. A thing that does not exist and one out of the key's reach
answer alike. A list goes on with \`after\` set to the page's \`next\`, until there is none.`;

/** The description of v2 (OpenAPI 3.1), of the operations given and no others. */
export function nativeDocument(served: ServedOperations, version: string): OpenApiDocument {
  const parts = documentParts({ ...native, ProblemDocument }, FORM);
  const paths: Record<string, JsonObject> = {};
  const tags = new Set<string>();
  for (const [operationId, spec] of Object.entries(served)) {
    tags.add(spec.tag);
    paths[spec.path] = { ...paths[spec.path], [spec.method.toLowerCase()]: parts.operation(described(operationId, spec)) };
  }
  return {
    openapi: "3.1.1",
    info: { title: "Postern v2", version, description: DESCRIPTION, license: { name: "Apache-2.0", identifier: "Apache-2.0" } },
    servers: [{ url: "/v2", description: "This server." }],
    tags: [...tags, "health"].map((name) => ({ name })),
    paths: { ...paths, [HEALTH_PATH]: HEALTH_PATH_ITEM },
    components: parts.components({
      key: { type: "http", scheme: "bearer", bearerFormat: "JWT", description: "A key of a place group, with scopes, places and an end." },
      ...(Object.values(served).some(({ access }) => access === "operator") ? { operator: OPERATOR } : {}),
    }),
  };
}

const OPERATOR = { type: "http", scheme: "bearer", description: "The operator's key, from `operator.key` in the data directory." };

function described(operationId: string, spec: OperationSpec): DescribedOperation {
  const { tag, summary, params, query, body, status, answer } = spec;
  return {
    ...{ operationId, tag, summary, params, query, status, answer },
    answerMedia: spec.answerMedia,
    isInLines: spec.lines !== undefined,
    description: descriptionOf(spec),
    security: securityOf(spec),
    headers: headersOf(spec),
    body: body === null ? null : { schema: body, isOptional: spec.bodyIs === "optional" },
    bodyMedia: spec.bodyMedia,
    answerHeaders: {
      ...(spec.isVersioned === true && answer !== null ? { ETag: answerHeader("The version of what was answered.") } : {}),
      ...(spec.awaitsDoors === true ? DOORS_HEADERS : {}),
      ...(spec.lines === undefined ? {} : { "Postern-Next": answerHeader("Of an answer in lines: where to go on.") }),
    },
    refusals: refusalsOf(spec),
  };
}

function descriptionOf({ access, description }: OperationSpec): string | null {
  const scopes = Array.isArray(access) ? `Needs scope ${access.map((scope) => `\`${scope}\``).join(" or ")}.` : null;
  const lines = [description, scopes].filter((line) => line !== undefined && line !== null);
  return lines.length === 0 ? null : lines.join("\n\n");
}

/** Any one of several scopes will do: each is a way of its own. */
function securityOf({ access }: OperationSpec): readonly JsonObject[] {
  if (access === "public") return [];
  if (access === "operator") return [{ operator: [] }];
  return access === "any" ? [{ key: [] }] : access.map((scope) => ({ key: [scope] }));
}

function headersOf({ method, isIdempotent, isVersioned, awaitsDoors, headers: own = {} }: OperationSpec): readonly JsonObject[] {
  const headers: JsonObject[] = awaitsDoors === true ? [PREFER_WAIT] : [];
  headers.push(...Object.entries(own).map(([name, meaning]) => headerParameter(name, meaning)));
  if (isIdempotent === true)
    headers.push(headerParameter("Idempotency-Key", "A repeat with the same key within 24 hours answers what the first one made."));
  if (isVersioned !== true) return headers;
  if (method === "GET")
    headers.push(headerParameter("If-None-Match", "An `ETag`: when it is still true, the answer is 304 without a body."));
  else headers.push(headerParameter("If-Match", "An `ETag`: when it is no longer true, nothing is changed."));
  return headers;
}

function refusalsOf({ access, body, bodyMedia, errors, method, isIdempotent, isVersioned }: OperationSpec): readonly RefusalGroup[] {
  const codes: NativeCode[] = ["argument_invalid"];
  if (body !== null || bodyMedia !== undefined) codes.push("body_malformed", "body_too_large", "media_type_unsupported");
  if (access !== "public") codes.push("key_refused");
  if (Array.isArray(access)) codes.push("not_permitted");
  if (isIdempotent === true) codes.push("conflict");
  if (isVersioned === true && method !== "GET") codes.push("changed_meanwhile");
  codes.push(...errors, "too_many_requests", "database_away", "stopping", "internal");
  return groupByStatus(codes, (code) => specOf(NATIVE_CODES, code).status);
}
