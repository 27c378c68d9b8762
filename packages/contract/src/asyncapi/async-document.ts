import * as link from "../link/index.ts";
import { FollowedEvent, VENDOR_FIELDS_COUNT_MAX, WebhookMessage } from "../native/index.ts";
import type { JsonObject } from "../openapi/open-api.ts";
import { type SchemaWriter, schemaWriter } from "../openapi/schema-writer.ts";
import { type DescribedFrame, DOWN_FRAMES, UP_FRAMES } from "./async-messages.ts";

const DESCRIPTION = `What Postern sends and is sent beside its calls: the link between the server and the controllers at the doors (MQTT 3.1.1), webhooks, the
questions to customers' own servers, and the stream of events. The state machines of the link and what they promise stand in \`packages/contract/src/link/SPEC.md\`; its frames are read as written here,
members that a reader does not know are left out of account, and a later version adds members alone.`;

const SERIAL = { description: "The controller's serial, which is its client id and user name too." };

const SIGNED_HEADERS = {
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

/** The description of what goes over the link, to webhooks and customers' servers, and on the stream (AsyncAPI 3.0). */
export function asyncDocument(version: string): JsonObject {
  const writer = schemaWriter({ ...link, FollowedEvent, WebhookMessage });
  const parts: Parts = { writer, messages: {}, channels: {}, operations: {} };
  addFrames(parts, "up", UP_FRAMES);
  addFrames(parts, "down", DOWN_FRAMES);
  addWebhook(parts);
  addVendor(parts);
  addStream(parts);
  const { messages, channels, operations } = parts;
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

interface Parts {
  readonly writer: SchemaWriter;
  readonly messages: Record<string, JsonObject>;
  readonly channels: Record<string, JsonObject>;
  readonly operations: Record<string, JsonObject>;
}

function addMessage({ messages }: Parts, name: string, message: JsonObject): void {
  messages[name] = { name, contentType: "application/json", ...message };
}

function addFrames(parts: Parts, direction: "up" | "down", frames: Readonly<Record<string, DescribedFrame>>): void {
  const action = direction === "up" ? "receive" : "send";
  for (const [kind, { summary, payload }] of Object.entries(frames)) {
    addMessage(parts, kind, { summary, payload: parts.writer.write(payload) });
    parts.channels[`link.${direction}.${kind}`] = {
      address: `postern/1/{serial}/${direction}/${kind}`,
      servers: [reference("servers", "link")],
      parameters: { serial: SERIAL },
      messages: { [kind]: reference("components/messages", kind) },
    };
    parts.operations[`${action}.${kind}`] = {
      ...{ action, summary, bindings: { mqtt: { qos: 1 } } },
      channel: reference("channels", `link.${direction}.${kind}`),
    };
  }
}

function addWebhook(parts: Parts): void {
  addMessage(parts, "webhook", {
    summary: "Up to a hundred events of one place, in the order of its ledger, or none when it is a test.",
    headers: SIGNED_HEADERS,
    payload: parts.writer.write(WebhookMessage),
  });
  parts.channels["webhook"] = {
    title: "The address of a webhook",
    description: "Any 2xx within 15 seconds takes it; anything else is tried again for three days, then it is parked.",
    messages: { webhook: reference("components/messages", "webhook") },
    bindings: { http: {} },
  };
  parts.operations["send.webhook"] = {
    ...{ action: "send", summary: "Events of a place as they are appended, each at least once, in order." },
    channel: reference("channels", "webhook"),
    bindings: { http: { method: "POST" } },
  };
}

function addVendor(parts: Parts): void {
  addMessage(parts, "vendor", {
    summary: "A flat object of the fields that the API was registered with; what is answered is judged (CLUe §3).",
    headers: SIGNED_HEADERS,
    payload: { type: "object", maxProperties: VENDOR_FIELDS_COUNT_MAX, additionalProperties: { type: ["string", "number", "boolean"] } },
  });
  parts.channels["vendor"] = {
    title: "The address of a customer's own API",
    description: "Asked before a door opens. Its answer is JSON, within the door's time.",
    messages: { vendor: reference("components/messages", "vendor") },
    bindings: { http: {} },
  };
  parts.operations["send.vendor"] = {
    ...{ action: "send", summary: "Whether somebody may pass a door now." },
    channel: reference("channels", "vendor"),
    bindings: { http: { method: "POST" } },
  };
}

function addStream(parts: Parts): void {
  addMessage(parts, "event", {
    summary: "One event; the stream's `id` beside it resumes exactly there.",
    payload: parts.writer.write(FollowedEvent),
  });
  parts.channels["stream"] = {
    address: "/v2/events/stream",
    servers: [reference("servers", "http")],
    description: "Server-sent events; see the OpenAPI of v2 for its parameters.",
    messages: { event: reference("components/messages", "event") },
  };
  parts.operations["send.event"] = {
    ...{ action: "send", summary: "Events of many places as they are appended." },
    channel: reference("channels", "stream"),
    bindings: { http: { method: "GET" } },
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
