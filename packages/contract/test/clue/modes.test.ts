import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { chainToMode, defaultModes, type HeldCredentials, modeToChain } from "../../src/clue/index.ts";
import { NAMED_CHAINS } from "../events/clue-event-names.ts";

const NOTHING: HeldCredentials = { cards: [], faceImages: [], fingerprints: [], pin: null, uniquePin: null };

test("every combination that CLUe names is a mode, and comes back as it was", () => {
  for (const mode of NAMED_CHAINS) {
    const chain = modeToChain(mode);
    assert.ok(chain !== null, mode);
    assert.equal(chainToMode(chain), mode);
  }
  assert.deepEqual(modeToChain("CARD_THEN_PIN"), ["CARD", "PIN"]);
  assert.deepEqual(modeToChain("UNIQUE_PIN"), ["UNIQUE_PIN"]);
});

test("a mode never opens on a typed user id alone or on a PIN that says nobody", () => {
  for (const mode of ["CODE", "PIN", "PIN_THEN_CARD", "CARD_THEN_CODE"]) assert.equal(modeToChain(mode), null, mode);
});

test("unknown words, repeated factors and long combinations are no modes", () => {
  for (const mode of [
    "",
    "card",
    "KEY",
    "CARD_THEN_",
    "_THEN_CARD",
    "CARD_THEN_CARD",
    "toString",
    "CARD_THEN_FACE_THEN_FINGERPRINT_THEN_PIN",
  ]) {
    assert.equal(modeToChain(mode), null, mode);
  }
});

test("whatever is read as a mode is written back alike", () => {
  const words = fc.constantFrom("CARD", "CODE", "FACE", "FINGERPRINT", "PIN", "QR", "UNIQUE_PIN", "MOBILE", "");
  fc.assert(
    fc.property(fc.array(words, { maxLength: 5 }), (list) => {
      const mode = list.join("_THEN_");
      const chain = modeToChain(mode);
      if (chain !== null) assert.equal(chainToMode(chain), mode);
    }),
  );
});

test("by default each factor that is held opens alone, and a PIN after its holder's user id", () => {
  assert.deepEqual(defaultModes(NOTHING), []);
  assert.deepEqual(defaultModes({ ...NOTHING, cards: ["x"], pin: "1234" }), ["CARD", "CODE_THEN_PIN"]);
  const all = { cards: ["x"], faceImages: ["x"], fingerprints: ["x"], pin: "1234", uniquePin: "123456" };
  assert.deepEqual(defaultModes(all), ["FACE", "CARD", "FINGERPRINT", "CODE_THEN_PIN", "UNIQUE_PIN"]);
});

test("every default mode is a mode", () => {
  const all = { cards: ["x"], faceImages: ["x"], fingerprints: ["x"], pin: "1234", uniquePin: "123456" };
  for (const mode of defaultModes(all)) assert.notEqual(modeToChain(mode), null, mode);
});
