import assert from "node:assert/strict";
import { test } from "node:test";
import { CLOCK_OFF_MS_MAX, PhoneClock } from "../page/phone-clock.ts";
import { type Heard, type KeptQr, type PhoneQr, phoneView } from "../page/phone-view.ts";
import { clockWarning, wordsOf } from "../page/phone-words.ts";

const FROM_MS = 1_000_000;
const TO_MS = 2_000_000;
const NOW_MS = 1_500_000;

const kept: KeptQr = { mark: "mine", validFrom: FROM_MS, validTo: TO_MS, isWithdrawn: false };
const away: Heard = { kind: "away" };
const gone: Heard = { kind: "gone" };

function heard(changes: Partial<PhoneQr> = {}): Heard {
  return { kind: "qr", qr: { validFrom: FROM_MS, validTo: TO_MS, boundTo: "mine", ...changes }, serverMs: NOW_MS };
}

function kindAt(nowMs: number, facts: { kept: KeptQr | null; heard: Heard }): string {
  return phoneView({ ...facts, nowMs }).kind;
}

test("a QR that nobody has bound is one tap away, whatever key was made here before", () => {
  assert.equal(kindAt(NOW_MS, { kept: null, heard: heard({ boundTo: null }) }), "tap");
  assert.equal(kindAt(NOW_MS, { kept, heard: heard({ boundTo: null }) }), "tap");
  assert.equal(kindAt(FROM_MS - 1, { kept: null, heard: heard({ boundTo: null }) }), "tap");
});

test("only the phone whose key the server names shows a code", () => {
  assert.equal(kindAt(NOW_MS, { kept, heard: heard() }), "live");
  assert.equal(kindAt(NOW_MS, { kept: null, heard: heard() }), "other_phone");
  assert.equal(kindAt(NOW_MS, { kept, heard: heard({ boundTo: "theirs" }) }), "other_phone");
});

test("a code is shown within its period alone, its end exclusive, with a network and without", () => {
  for (const one of [heard(), away]) {
    assert.deepEqual(
      [FROM_MS - 1, FROM_MS, TO_MS - 1, TO_MS].map((nowMs) => kindAt(nowMs, { kept, heard: one })),
      ["not_yet", "live", "live", "ended"],
    );
  }
  assert.equal(kindAt(TO_MS, { kept: null, heard: heard({ boundTo: null }) }), "ended", "nothing is bound to what has ended");
});

test("the server's word on the period counts before what is kept", () => {
  assert.equal(kindAt(NOW_MS, { kept, heard: heard({ validTo: NOW_MS }) }), "ended");
});

test("what was taken back stays so without a network, and a link that nobody knows shows nothing", () => {
  assert.equal(kindAt(NOW_MS, { kept, heard: gone }), "withdrawn");
  assert.equal(kindAt(NOW_MS, { kept: { ...kept, isWithdrawn: true }, heard: away }), "withdrawn");
  assert.equal(kindAt(NOW_MS, { kept: null, heard: gone }), "wrong_link");
  assert.equal(kindAt(NOW_MS, { kept: null, heard: away }), "away");
});

test("whatever is shown is said in words, and a button is there where there is something to do", () => {
  const views = [
    ...([
      { kind: "live", toMs: 1 },
      { kind: "tap", toMs: 1 },
      { kind: "not_yet", fromMs: 1 },
      { kind: "ended", atMs: 1 },
    ] as const),
    ...([{ kind: "withdrawn" }, { kind: "other_phone" }, { kind: "away" }, { kind: "wrong_link" }] as const),
  ];
  const withButton = views.filter((view) => {
    const words = wordsOf(view, (ms) => `T${ms}`);
    assert.ok(words.title !== "" && words.text.length > 10, view.kind);
    return words.button !== null;
  });
  assert.deepEqual(
    withButton.map(({ kind }) => kind),
    ["tap", "away"],
  );
});

test("a phone's clock that is wrong is corrected by the server's, and told of", () => {
  const time = { wallMs: 5_000_000, monotonicMs: 100 };
  const clock = new PhoneClock({ nowMs: () => time.wallMs, monotonicMs: () => time.monotonicMs });
  assert.equal(clock.nowMs(), 5_000_000);
  assert.equal(clock.aheadMs(), null, "the server has not been heard");
  clock.heard(5_042_000, 200);
  assert.equal(clock.nowMs(), 5_042_100);
  assert.equal(clock.aheadMs(), -42_100);
  time.monotonicMs += 1_000;
  time.wallMs += 1_000;
  assert.equal(clock.nowMs(), 5_043_100);
  // Somebody sets the phone's clock right.
  time.wallMs = 5_043_100 + CLOCK_OFF_MS_MAX;
  assert.equal(clock.aheadMs(), null);
  time.wallMs += 1;
  assert.equal(clock.aheadMs(), CLOCK_OFF_MS_MAX + 1);
  clock.slept();
  assert.equal(clock.nowMs(), time.wallMs, "a phone that slept counted no time");
  assert.match(clockWarning(-42_100), /42 seconds behind/);
  assert.match(clockWarning(3_600_000 * 9), /9 hours ahead/);
  assert.match(clockWarning(180_000), /3 minutes ahead/);
});
