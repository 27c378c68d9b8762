import assert from "node:assert/strict";
import { test } from "node:test";
import { AssertionFailure, type Factor } from "@postern/core";
import fc from "fast-check";
import { authEventType, EVENT_CATALOGUE, isEventType } from "../../src/events/index.ts";
import { NAMED_CHAINS } from "./clue-event-names.ts";

const FACTORS: readonly Factor[] = ["CARD", "CODE", "FACE", "FINGERPRINT", "PIN", "QR", "UNIQUE_PIN", "MOBILE"];
const isFactor = (text: string): text is Factor => FACTORS.some((factor) => factor === text);

test("a combination that CLUe names gets that name", () => {
  for (const chain of NAMED_CHAINS) {
    assert.equal(authEventType(chain.split("_THEN_").filter(isFactor), "success"), `DEV_${chain}_AUTH_SUCCESS`);
  }
});

test("a combination without a name gets that of its longest beginning, never of another order", () => {
  assert.equal(authEventType(["FACE", "CARD"], "success"), "DEV_FACE_AUTH_SUCCESS");
  assert.equal(authEventType(["CARD", "FACE", "QR"], "success"), "DEV_CARD_THEN_FACE_AUTH_SUCCESS");
  assert.equal(authEventType(["CARD", "PIN", "FACE"], "success"), "DEV_CARD_THEN_PIN_AUTH_SUCCESS");
});

test("a card on a phone succeeds as a card and fails as a mobile card", () => {
  assert.equal(authEventType(["MOBILE", "PIN"], "success"), "DEV_CARD_THEN_PIN_AUTH_SUCCESS");
  assert.equal(authEventType(["MOBILE"], "fail"), "DEV_MOBILE_CARD_AUTH_FAIL");
});

test("a PIN that stands first is a unique PIN, and a typed id alone is never called a proof", () => {
  assert.equal(authEventType(["PIN"], "success"), "DEV_UNIQUE_PIN_AUTH_SUCCESS");
  assert.equal(authEventType(["CODE"], "success"), "DEV_CODE_AUTH_SUCCESS");
  assert.equal(authEventType(["CODE", "PIN"], "success"), "DEV_CODE_THEN_PIN_AUTH_SUCCESS");
});

test("a failure is named after the factor that failed, whatever was proven before it", () => {
  assert.equal(authEventType(["CARD", "FACE", "PIN"], "fail"), "DEV_PIN_AUTH_FAIL");
  assert.equal(authEventType(["UNIQUE_PIN"], "fail"), "DEV_UNIQUE_PIN_AUTH_FAIL");
});

test("every chain of factors has a success and a failure, from those families alone", () => {
  fc.assert(
    fc.property(fc.array(fc.constantFrom(...FACTORS), { minLength: 1, maxLength: 5 }), (chain) => {
      for (const outcome of ["success", "fail"] as const) {
        const name = authEventType(chain, outcome);
        assert.ok(isEventType(name));
        assert.ok(name.endsWith(outcome === "success" ? "_AUTH_SUCCESS" : "_AUTH_FAIL"), name);
        assert.equal(EVENT_CATALOGUE[name].origin, "device");
      }
    }),
  );
});

test("nothing presented is no authentication", () => {
  assert.throws(() => authEventType([], "success"), AssertionFailure);
});
