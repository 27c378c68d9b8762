import { createConfig, lintFromString } from "@redocly/openapi-core";

/** Small and strict: each is an error. That paths be told apart by their form is not among them: CLUe's own `/places/auths/{authId}` cannot be. */
const RULES = [
  "struct",
  "spec-components-invalid-map-name",
  "no-unresolved-refs",
  "no-unused-components",
  "no-schema-type-mismatch",
  "no-enum-type-mismatch",
  "no-identical-paths",
  "no-path-trailing-slash",
  "path-declaration-must-exist",
  "path-not-include-query",
  "path-parameters-defined",
  "operation-operationId",
  "operation-operationId-unique",
  "operation-operationId-url-safe",
  "operation-parameters-unique",
  "operation-summary",
  "operation-tag-defined",
  "operation-2xx-response",
  "no-http-verbs-in-paths",
  "no-server-trailing-slash",
  "security-defined",
  "info-license",
] as const;

/** What is wrong with an OpenAPI or AsyncAPI document, each with where it stands. Asks no network: a document refers to itself alone. */
export async function lintDescription(text: string): Promise<readonly string[]> {
  const config = await createConfig({ rules: Object.fromEntries(RULES.map((rule) => [rule, "error"])) });
  const problems = await lintFromString({ source: text, absoluteRef: "description.json", config });
  return problems.map(({ ruleId, message, location }) => `${ruleId}: ${message} (${location.map((each) => each.pointer ?? "").join(" ")})`);
}
