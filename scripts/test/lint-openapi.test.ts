import assert from "node:assert/strict";
import { test } from "node:test";
import { lintOpenApi } from "../lint-openapi.ts";

const operation = {
  operationId: "readThing",
  summary: "Read a thing",
  tags: ["things"],
  security: [],
  parameters: [{ name: "thingId", in: "path", required: true, schema: { type: "integer" } }],
  responses: { 200: { description: "Done." } },
};
const document = {
  openapi: "3.1.1",
  info: { title: "Things", version: "1", license: { name: "Apache-2.0", identifier: "Apache-2.0" } },
  servers: [{ url: "/v9" }],
  tags: [{ name: "things" }],
  paths: { "/things/{thingId}": { get: operation } },
};

test("a good document passes", async () => {
  assert.deepEqual(await lintOpenApi(JSON.stringify(document)), []);
});

for (const [name, rule, more] of [
  ["a parameter that the path does not have", "path-parameters-defined", { ...operation, parameters: [] }],
  ["a reference to nothing", "no-unresolved-refs", { ...operation, responses: { 200: { $ref: "#/components/responses/Gone" } } }],
  ["an operation without a name", "operation-operationId", { ...operation, operationId: undefined }],
  ["an operation that cannot succeed", "operation-2xx-response", { ...operation, responses: { 400: { description: "No." } } }],
  ["a tag that nobody declared", "operation-tag-defined", { ...operation, tags: ["gone"] }],
  ["a key of no known kind", "security-defined", { ...operation, security: [{ gone: [] }] }],
  ["a member that OpenAPI does not know", "struct", { ...operation, sumary: "Read" }],
] as const) {
  test(`${name} is found`, async () => {
    const problems = await lintOpenApi(JSON.stringify({ ...document, paths: { "/things/{thingId}": { get: more } } }));
    assert.ok(
      problems.some((problem) => problem.startsWith(`${rule}: `)),
      problems.join("\n"),
    );
  });
}
