import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { Compile } from "typebox/compile";
import { CreateAuthBody, readCreateAuth } from "../../src/clue/index.ts";
import { bodyWith } from "./create-auth-fixture.ts";

const published = Compile(CreateAuthBody);

/** Mostly right values of one field, now and then a near miss. */
function mostly(right: readonly unknown[], wrong: readonly unknown[]): fc.Arbitrary<unknown> {
  return fc.oneof({ weight: 15, arbitrary: fc.constantFrom(...right) }, { weight: 1, arbitrary: fc.constantFrom(...wrong) });
}

const ABSENT = undefined;
const finger = { fingerFormat: "TEMPLATE_FORMAT_SUPREMA", fingerFlag: "NONE", fingerData: "RkZGRg==" };

const user = fc.record({
  key: mostly(["a", "x".repeat(64), "a_b@c.d-"], [ABSENT, "x".repeat(65), "A", "a b", ""]),
  name: mostly([ABSENT, "김 철수"], ["a  b", "x".repeat(51)]),
});
const auth = fc.record({
  activeStatus: mostly(["ACTIVE", "INACTIVE"], [ABSENT, "active"]),
  startTime: mostly([0, 1_999], [ABSENT, -1, 0.5]),
  doorAccessType: mostly(["ALL_DOOR"], [ABSENT, "ALL"]),
  scheduleType: mostly(["ALWAYS"], [ABSENT, "always"]),
  registrationTokens: mostly([ABSENT, [], ["0123abcd"]], [["a b"], ["x".repeat(129)]]),
});
const credentials = fc.record({
  name: mostly([ABSENT, "Kim", "x".repeat(50)], [" Kim", 5]),
  cards: mostly([ABSENT, [], [{ cardNumber: "1", formatType: "CSN" }]], [[{ cardNumber: "1" }], [{ cardNumber: "", formatType: "CSN" }]]),
  faceImages: mostly([ABSENT, [], ["abc"]], [["a", "b", "c"], [""]]),
  fingerprints: mostly([ABSENT, [], [finger]], [[{ ...finger, fingerData: "***" }], [{ ...finger, fingerFlag: ABSENT }]]),
  pin: mostly([ABSENT, "0000", "1".repeat(14)], ["123", "1".repeat(15), "12a4"]),
  uniquePin: mostly([ABSENT, "000000"], ["12345"]),
  phone: mostly([ABSENT, "+82 10-1234"], ["call me", "1".repeat(33)]),
});

test("reading takes what the published schema takes, and refuses what it refuses, rules between fields apart", () => {
  const seen = new Set<boolean>();
  fc.assert(
    fc.property(user, auth, credentials, (userFields, authFields, held) => {
      const written = bodyWith({ user: userFields, auth: { ...authFields, credentials: held } });
      const body: unknown = JSON.parse(JSON.stringify(written));
      const isTaken = published.Check(body);
      seen.add(isTaken);
      assert.equal(readCreateAuth(body).ok, isTaken, JSON.stringify(published.Errors(body)));
    }),
    { numRuns: 1_000 },
  );
  assert.equal(seen.size, 2);
});
