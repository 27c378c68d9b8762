import type { JsonObject } from "./open-api.ts";

/** The one call beside both surfaces. */
export const HEALTH_PATH = "/healthz";

const health = {
  type: "object",
  required: ["status", "nowMs", "version", "parts"],
  properties: {
    status: { type: "string", enum: ["ok", "unready"] },
    nowMs: { type: "integer", description: "Epoch milliseconds." },
    version: { type: "string" },
    insecure: { type: "boolean", description: "There when the server listens openly by its operator's wish." },
    parts: { type: "object", additionalProperties: { type: "string", enum: ["up", "down"] } },
  },
};
const answer = (description: string): JsonObject => ({ description, content: { "application/json": { schema: health } } });

/** At the root of the server, not under the prefix of v2. */
export const HEALTH_PATH_ITEM = {
  servers: [{ url: "/", description: "This server." }],
  get: {
    operationId: "readHealth",
    tags: ["health"],
    summary: "Say whether every part is up",
    security: [],
    responses: { 200: answer("Every part is up."), 503: answer("A part is down; the answer names it.") },
  },
} as const;
