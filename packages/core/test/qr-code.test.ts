import assert from "node:assert/strict";
import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject, sign } from "node:crypto";
import { test } from "node:test";
import fc from "fast-check";
import {
  judgeQr,
  QR_STEP_MS,
  type QrCode,
  type QrFacts,
  type QrItem,
  qrSigned,
  qrStepAt,
  readQrCode,
  readQrKey,
  writeQrCode,
} from "../src/index.ts";

const QID = "0c8a4e1e-6a3c-4a0e-9d0b-1f2a3b4c5d6e";
const NOW_MS = 1_700_000_002_000;
const phone = generateKeyPairSync("ec", { namedCurve: "P-256" });

const spki = (key: KeyObject): string => key.export({ format: "der", type: "spki" }).toString("base64");

function itemWith(changes: Partial<QrItem> = {}): QrItem {
  const period = { fromMs: NOW_MS - 60_000, toMs: NOW_MS + 60_000 };
  return { kind: "qr", id: 1_000, qid: QID, publicKey: spki(phone.publicKey), ...period, userId: 1_001, ...changes };
}

/** As a phone makes it. */
function codeAt(step: number, { qid = QID, key = phone.privateKey }: { qid?: string; key?: KeyObject } = {}): QrCode {
  const signature = sign("sha256", qrSigned({ qid, step }), { key, dsaEncoding: "ieee-p1363" });
  return { qid, step, signature: Uint8Array.from(signature) };
}

function judge(changes: Partial<QrFacts> = {}): string {
  return judgeQr({ item: itemWith(), code: codeAt(qrStepAt(NOW_MS)), nowMs: NOW_MS, usedStep: null, ...changes });
}

const code = fc.record({
  qid: fc.uuid(),
  step: fc.integer({ min: 0, max: 2 ** 40 - 1 }),
  signature: fc.uint8Array({ minLength: 64, maxLength: 64 }).map((bytes) => Uint8Array.from(bytes)),
});

test("a code is read as it was written, and is 140 characters of a QR's denser alphabet", () => {
  fc.assert(
    fc.property(code, (written) => {
      const text = writeQrCode(written);
      assert.match(text, /^PQ1:[0-9A-V]{136}$/);
      assert.deepEqual(readQrCode(text), { ...written });
    }),
  );
});

test("whatever else begins like a code of ours, is cut, longer, in small letters or of another version is none", () => {
  const text = writeQrCode(codeAt(1));
  for (const other of ["", "PQ1:", text.slice(0, -1), `${text}0`, `${text}\n`, ` ${text}`, text.toLowerCase(), text.replace("PQ1", "PQ2")])
    assert.equal(readQrCode(other), null, other);
  assert.equal(readQrCode(`PQ1:${"W".repeat(136)}`), null);
  fc.assert(
    fc.property(fc.string({ maxLength: 200 }), (any) => {
      assert.equal(readQrCode(any), null);
    }),
  );
});

test("a code is good in its own step, the one before and the one after, and in no other", () => {
  const step = qrStepAt(NOW_MS);
  const verdicts = [-2, -1, 0, 1, 2].map((off) => judge({ code: codeAt(step + off) }));
  assert.deepEqual(verdicts, ["qr_stale", "good", "good", "good", "qr_stale"]);
  // A photograph of it is worth nothing three steps later at most.
  assert.equal(judge({ nowMs: (step + 2) * QR_STEP_MS - 1 }), "good");
  assert.equal(judge({ nowMs: (step + 2) * QR_STEP_MS }), "qr_stale");
});

test("a code that its own phone did not sign is forged, whatever else is right about it", () => {
  const step = qrStepAt(NOW_MS);
  const stranger = generateKeyPairSync("ec", { namedCurve: "P-256" });
  assert.equal(judge({ code: codeAt(step, { key: stranger.privateKey }) }), "qr_forged");
  const good = codeAt(step);
  assert.equal(judge({ code: { ...good, step: step + 1 } }), "qr_forged", "the signature of another step");
  assert.equal(judge({ code: { ...good, signature: good.signature.map((byte, index) => (index === 7 ? byte ^ 1 : byte)) } }), "qr_forged");
  assert.equal(judge({ code: { ...good, signature: new Uint8Array(64) } }), "qr_forged");
  const other = "11111111-1111-4111-8111-111111111111";
  assert.equal(judge({ code: codeAt(step, { qid: other }) }), "qr_forged", "another QR's code");
  assert.equal(
    judge({ code: codeAt(step, { qid: other }), item: itemWith({ qid: other, publicKey: "" }) }),
    "qr_forged",
    "a key that is none",
  );
});

test("what this phone's key signed for another purpose is no code", () => {
  const step = qrStepAt(NOW_MS);
  const bare = sign("sha256", Buffer.from(`${QID}\n${step}`), { key: phone.privateKey, dsaEncoding: "ieee-p1363" });
  assert.equal(judge({ code: { qid: QID, step, signature: Uint8Array.from(bare) } }), "qr_forged");
});

test("a code opens within its QR's period alone, the end exclusive, and never without a clock", () => {
  assert.equal(judge({ nowMs: null }), "no_clock");
  assert.equal(judge({ nowMs: Number.NaN }), "not_started");
  assert.equal(judge({ item: itemWith({ fromMs: NOW_MS }) }), "good");
  assert.equal(judge({ item: itemWith({ fromMs: NOW_MS + 1 }) }), "not_started");
  assert.equal(judge({ item: itemWith({ toMs: NOW_MS + 1 }) }), "good");
  assert.equal(judge({ item: itemWith({ toMs: NOW_MS }) }), "ended");
});

test("a step that has opened, and every one before it, opens no more", () => {
  const step = qrStepAt(NOW_MS);
  assert.equal(judge({ usedStep: step - 1 }), "good");
  assert.equal(judge({ usedStep: step }), "qr_used");
  assert.equal(judge({ usedStep: step + 1 }), "qr_used");
});

test("a phone's key is a public one of P-256 in the one form that we write", () => {
  assert.ok(readQrKey(spki(phone.publicKey)) !== null);
  const compressed = createPublicKey({ key: phone.publicKey.export({ format: "jwk" }), format: "jwk" });
  assert.equal(spki(compressed), spki(phone.publicKey));
  const others = [
    generateKeyPairSync("ec", { namedCurve: "P-384" }).publicKey,
    generateKeyPairSync("ec", { namedCurve: "secp256k1" }).publicKey,
    generateKeyPairSync("ed25519").publicKey,
  ];
  for (const key of others) assert.equal(readQrKey(spki(key)), null);
  assert.equal(readQrKey(phone.privateKey.export({ format: "der", type: "pkcs8" }).toString("base64")), null, "a private key");
  assert.equal(readQrKey(`${spki(phone.publicKey).slice(0, 60)}\n${spki(phone.publicKey).slice(60)}`), null, "in lines");
  assert.ok(createPrivateKey(phone.privateKey.export({ format: "pem", type: "pkcs8" })));
});
