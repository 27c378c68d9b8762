import type { TSchema } from "typebox";
import * as link from "../link/index.ts";
import { FollowedEvent, WebhookMessage } from "../native/index.ts";
import type { JsonObject } from "../openapi/open-api.ts";
import { schemaWriter } from "../openapi/schema-writer.ts";
import { type DescribedFrame, DOWN_FRAMES, UP_FRAMES } from "./async-messages.ts";

const DESCRIPTION = `What Postern sends and is sent beside its calls: the link between the server and the controllers at the doors (MQTT 3.1.1), webhooks, and the
stream of events. The state machines of the link and what they promise stand in \`packages/contract/src/link/SPEC.md\`; its frames are read as written here,
members that a reader does not know are left out of account, and a later version adds members alone.`;

const SERIAL = { description: "The controller's serial, which is its client id and user name too." };

const WEBHOOK_HEADERS = {
  type: "object",
  required: ["webhook-id", "webhook-timestamp", "webhook-signature"],
  properties: {
    "webhook-id": { type: "string", description: "The same for every attempt at one message." },
    "webhook-timestamp": { type: "string", description: "Epoch seconds of the attempt." },
    "webhook-signature": {
      type: "string",
      description:
        "`v1,` and the HMAC-SHA-256 of id, timestamp and body joined by dots, in base64 (Standard Webhooks); two with a space between them while a secret is replaced.",
    },
  },
};

/** The description of what goes over the link, to webhooks and on the stream (AsyncAPI 3.0). */
export function asyncDocument(version: string): JsonObject {
  const writer = schemaWriter({ ...link, FollowedEvent, WebhookMessage });
  const messages: Record<string, JsonObject> = {};
  const message = (name: string, summary: string, payload: TSchema, more: JsonObject = {}): void => {
    messages[name] = { name, summary, contentType: "application/json", payload: writer.write(payload), ...more };
  };
  const channels: Record<string, JsonObject> = {};
  const operations: Record<string, JsonObject> = {};
  const addFrames = (direction: "up" | "down", frames: Readonly<Record<string, DescribedFrame>>): void => {
    for (const [kind, { summary, payload }] of Object.entries(frames)) {
      message(kind, summary, payload);
      channels[`link.${direction}.${kind}`] = {
        address: `postern/1/{serial}/${direction}/${kind}`,
        servers: [reference("servers", "link")],
        parameters: { serial: SERIAL },
        messages: { [kind]: reference("components/messages", kind) },
      };
      const action = direction === "up" ? "receive" : "send";
      operations[`${action}.${kind}`] = {
        action,
        channel: reference("channels", `link.${direction}.${kind}`),
        summary,
        bindings: { mqtt: { qos: 1 } },
      };
    }
  };
  addFrames("up", UP_FRAMES);
  addFrames("down", DOWN_FRAMES);
  message("webhook", "Up to a hundred events of one place, in the order of its ledger, or none when it is a test.", WebhookMessage, {
    headers: WEBHOOK_HEADERS,
  });
  message("event", "One event; the stream's `id` beside it resumes exactly there.", FollowedEvent);
  channels["webhook"] = {
    title: "The address of a webhook",
    description: "Any 2xx within 15 seconds takes it; anything else is tried again for three days, then it is parked.",
    messages: { webhook: reference("components/messages", "webhook") },
    bindings: { http: {} },
  };
  operations["send.webhook"] = {
    action: "send",
    channel: reference("channels", "webhook"),
    summary: "Events of a place as they are appended, each at least once, in order.",
    bindings: { http: { method: "POST" } },
  };
  channels["stream"] = {
    address: "/v2/events/stream",
    servers: [reference("servers", "http")],
    description: "Server-sent events; see the OpenAPI of v2 for its parameters.",
    messages: { event: reference("components/messages", "event") },
  };
  operations["send.event"] = {
    action: "send",
    channel: reference("channels", "stream"),
    summary: "Events of many places as they are appended.",
    bindings: { http: { method: "GET" } },
  };
  return {
    asyncapi: "3.0.0",
    info: { title: "Postern: link, webhooks, stream", version, description: DESCRIPTION, license: { name: "Apache-2.0" } },
    defaultContentType: "application/json",
    servers: SERVERS,
    channels,
    operations,
    components: { messages, schemas: writer.components(), securitySchemes: SECURITY },
  };
}

function reference(group: string, name: string): JsonObject {
  return { $ref: `#/${group}/${name}` };
}

const SERVERS = {
  link: {
    host: "127.0.0.1:1883",
    protocol: "mqtt",
    protocolVersion: "3.1.1",
    description: "The link, over TCP, or TLS where the server has a certificate.",
    security: [reference("components/securitySchemes", "controller")],
  },
  http: {
    host: "127.0.0.1:8080",
    protocol: "http",
    description: "The server's calls.",
    security: [reference("components/securitySchemes", "key")],
  },
};

const SECURITY = {
  controller: {
    type: "userPassword",
    description:
      "User name: the serial. Password: a JWT of at most 60 seconds, signed with the controller's Ed25519 key (SPEC.md, Joining).",
  },
  key: { type: "http", scheme: "bearer", bearerFormat: "JWT", description: "A key of a place group with scope `events`." },
};
