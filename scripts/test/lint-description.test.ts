import assert from "node:assert/strict";
import { test } from "node:test";
import { lintDescription } from "../lint-description.ts";

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
  assert.deepEqual(await lintDescription(JSON.stringify(document)), []);
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
    const problems = await lintDescription(JSON.stringify({ ...document, paths: { "/things/{thingId}": { get: more } } }));
    assert.ok(
      problems.some((problem) => problem.startsWith(`${rule}: `)),
      problems.join("\n"),
    );
  });
}

const asynchronous = {
  asyncapi: "3.0.0",
  info: { title: "Things", version: "1", license: { name: "Apache-2.0" } },
  servers: { broker: { host: "127.0.0.1", protocol: "mqtt", security: [{ $ref: "#/components/securitySchemes/key" }] } },
  channels: { things: { address: "things", messages: { thing: { $ref: "#/components/messages/thing" } } } },
  operations: { sendThing: { action: "send", channel: { $ref: "#/channels/things" } } },
  components: { messages: { thing: { payload: { type: "object" } } }, securitySchemes: { key: { type: "userPassword" } } },
};

test("a good description of messages passes", async () => {
  assert.deepEqual(await lintDescription(JSON.stringify(asynchronous)), []);
});

for (const [name, rule, more] of [
  [
    "an operation on a channel that is not there",
    "no-unresolved-refs",
    { operations: { sendThing: { action: "send", channel: { $ref: "#/channels/gone" } } } },
  ],
  ["a member that AsyncAPI does not know", "struct", { chanels: {} }],
] as const) {
  test(`${name} is found`, async () => {
    const problems = await lintDescription(JSON.stringify({ ...asynchronous, ...more }));
    assert.ok(
      problems.some((problem) => problem.startsWith(`${rule}: `)),
      problems.join("\n"),
    );
  });
}
