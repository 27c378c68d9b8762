import * as clue from "../clue/index.ts";
import { CLUE_CODES, type ClueCode } from "../errors/index.ts";
import * as bodies from "./clue-bodies.ts";
import type { ClueOperationSpec } from "./clue-operation.ts";
import {
  type DescribedOperation,
  DOORS_HEADERS,
  documentParts,
  groupByStatus,
  headerParameter,
  PREFER_WAIT,
  type RefusalForm,
  type RefusalGroup,
} from "./document-parts.ts";
import type { JsonObject, OpenApiDocument } from "./open-api.ts";
import { specOf } from "./problem-document.ts";

const FORM: RefusalForm = {
  mediaType: "application/json",
  schema: clue.FailureEnvelope,
  summaryOf: (code) => specOf(CLUE_CODES, code).summary,
};

const DESCRIPTION = `The calls that CLUe documents, and a few of ours beside them, each marked. A client written for CLUe needs another host and another key.

Success is HTTP 200 with \`{code:200, status:true, message:"OK", total?, data?}\`; failure is 400, 401 for the key itself, or 500 for our own faults, with
\`{errors:[{code, message, details?}]}\`. Reading is liberal: unknown members are ignored, numbers may come as texts and lists as one value. Times are epoch
milliseconds. The schemas say what a client should write.`;

/** The description of v1 (OpenAPI 3.1), of the operations given and no others. */
export function clueDocument(served: Readonly<Record<string, ClueOperationSpec>>, version: string): OpenApiDocument {
  const parts = documentParts({ ...clue, ...bodies }, FORM);
  const paths: Record<string, JsonObject> = {};
  const tags = new Set<string>();
  for (const [operationId, spec] of Object.entries(served)) {
    tags.add(spec.tag);
    paths[spec.path] = {
      ...paths[spec.path],
      [spec.method.toLowerCase()]: { ...parts.operation(described(operationId, spec)), "x-source": spec.source },
    };
  }
  return {
    openapi: "3.1.1",
    info: {
      title: "Postern v1: CLUe's calls",
      version,
      description: DESCRIPTION,
      license: { name: "Apache-2.0", identifier: "Apache-2.0" },
    },
    servers: ["/v1", "/v1/be", "/api/v1", "/api/v1/be"].map((url) => ({ url, description: "This server; all four answer alike." })),
    tags: [...tags].map((name) => ({ name })),
    paths,
    components: parts.components({
      key: {
        type: "http",
        scheme: "bearer",
        bearerFormat: "JWT",
        description: "A key of a place group; the word `Bearer` may be left out.",
      },
    }),
  };
}

function described(operationId: string, spec: ClueOperationSpec): DescribedOperation {
  const { tag, summary, params, query, body, answer, source, access } = spec;
  const scopes = `Needs scope ${access.map((scope) => `\`${scope}\``).join(" or ")}.`;
  const idempotencyKey = headerParameter("Idempotency-Key", "A repeat with the same key within 24 hours answers the same auth.");
  return {
    ...{ operationId, tag, summary, params, query, answer, status: 200 },
    answerHeaders: spec.awaitsDoors === true ? DOORS_HEADERS : {},
    description: [spec.description, `Source: ${source}.`, scopes].filter((line) => line !== undefined).join("\n\n"),
    security: access.map((scope) => ({ key: [scope] })),
    headers: [...(spec.isIdempotent === true ? [idempotencyKey] : []), ...(spec.awaitsDoors === true ? [PREFER_WAIT] : [])],
    body: body === null ? null : { schema: body, isOptional: false },
    refusals: refusalsOf(spec),
  };
}

/** 401 has a code of its own status: `e1001` is 400 where the key is good and not enough (CLUe §7). */
function refusalsOf({ body, errors }: ClueOperationSpec): readonly RefusalGroup[] {
  const codes: ClueCode[] = ["e1001", "e1005", ...(body === null ? [] : (["e1003", "e1004"] as const)), ...errors, "e1010", "e1000"];
  const [mistakes, ...ours] = groupByStatus([...new Set(codes)].sort(), (code) => specOf(CLUE_CODES, code).status);
  return mistakes === undefined ? ours : [mistakes, { status: 401, codes: ["e1001"] }, ...ours];
}
