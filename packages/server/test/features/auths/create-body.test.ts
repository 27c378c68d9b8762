import assert from "node:assert/strict";
import { test } from "node:test";
import { readCreateAuth } from "@postern/contract";
import { clueFields } from "../../../src/features/auths/auth-fields.ts";
import { createBodyHmac } from "../../../src/features/auths/create-body.ts";
import type { WantedAuth } from "../../../src/features/auths/wanted-auth.ts";
import { bodyOf, csn } from "../support/create-bodies.ts";

const KEY = Buffer.alloc(32, 1);

function read(body: unknown): WantedAuth {
  const result = readCreateAuth(body);
  assert.ok(result.ok, JSON.stringify(result));
  return { ...result.value, groupIds: [], faceConsent: null };
}

function hmac(body: unknown, key: Uint8Array = KEY): string {
  return Buffer.from(createBodyHmac(key, read(body))).toString("hex");
}

const PARTS = {
  auth: { doorAccessType: "SPECIFIC", doorIds: [1, 2], scheduleType: "SPECIFIC", scheduleId: 3 },
  credentials: { name: "Kim", cards: [csn("7")], phone: "123", modes: ["CARD"] },
} as const;

test("a body that asks for anything else has another HMAC", () => {
  const others: readonly [string, Parameters<typeof bodyOf>[1]][] = [
    ["key-2", {}],
    ["key", { auth: { activeStatus: "INACTIVE" } }],
    ["key", { auth: { startTime: 999 } }],
    ["key", { auth: { endTime: 2_001 } }],
    ["key", { auth: { doorIds: [1] } }],
    ["key", { auth: { doorAccessType: "ALL_DOOR" } }],
    ["key", { auth: { scheduleId: 4 } }],
    ["key", { auth: { scheduleType: "ALWAYS" } }],
    ["key", { credentials: { name: "Lee" } }],
    ["key", { credentials: { cards: [] } }],
    ["key", { credentials: { cards: [csn("8")] } }],
    ["key", { credentials: { cards: [{ cardNumber: "0-7", formatType: "WIEGAND" }] } }],
    ["key", { credentials: { cards: [{ cardNumber: "0-7", formatType: "WIEGAND", formatData: "34" }] } }],
    ["key", { credentials: { cards: [csn("7"), csn("8")] } }],
    ["key", { credentials: { phone: "124" } }],
    ["key", { credentials: { phone: null } }],
    ["key", { credentials: { modes: ["CARD", "FACE"] } }],
    ["key", { credentials: { modes: null } }],
    ["key", { credentials: { pin: "4711" } }],
    ["key", { credentials: { pin: "04711" } }],
    ["key", { credentials: { uniquePin: "471147" } }],
    ["key", { credentials: { fingerprints: [{ fingerFormat: "TEMPLATE_FORMAT_SUPREMA", fingerFlag: "NONE", fingerData: "AAAA" }] } }],
  ];
  const all = [
    bodyOf("key", PARTS),
    ...others.map(([key, parts]) =>
      bodyOf(key, { auth: { ...PARTS.auth, ...parts?.auth }, credentials: { ...PARTS.credentials, ...parts?.credentials } }),
    ),
  ];
  assert.equal(new Set(all.map((body) => hmac(body))).size, all.length);
});

test("without the server's key nobody can make the HMAC of a guessed body", () => {
  assert.notEqual(hmac(bodyOf("key"), Buffer.alloc(32, 2)), hmac(bodyOf("key")));
});

test("a door is named where it was written, as a number or a text, alone or in a list", () => {
  const doorField = (body: unknown): string => clueFields(body, "auth.").door(7);
  assert.equal(doorField({ auth: { doorIds: [5, "7"] } }), "auth.doorIds[1]");
  assert.equal(doorField({ auth: { doorIds: 7 } }), "auth.doorIds");
  for (const body of [null, [], { auth: null }, { auth: { doorIds: [] } }]) assert.equal(doorField(body), "auth.doorIds");
});
