import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { type CreateAuth, PROBLEMS_COUNT_MAX, readCreateAuth } from "../../src/clue/index.ts";
import type { Problem } from "../../src/errors/index.ts";
import { type BodyParts, bodyWith, GUIDE_BODY } from "./create-auth-fixture.ts";

function accepted(parts: BodyParts): CreateAuth {
  const read = readCreateAuth(bodyWith(parts));
  assert.deepEqual(read.ok ? [] : read.problems, []);
  assert.ok(read.ok);
  return read.value;
}

function problemsOf(body: unknown): readonly Problem[] {
  const read = readCreateAuth(body);
  return read.ok ? [] : read.problems;
}

/** The fields that a body is refused for. */
function refusedFor(parts: BodyParts): readonly string[] {
  return problemsOf(bodyWith(parts)).map((problem) => problem.field);
}

test("the guide's own request is read without problems", () => {
  const read = readCreateAuth(GUIDE_BODY);
  assert.deepEqual(read, {
    ok: true,
    value: {
      userKey: "1234567",
      name: "namehere",
      status: "ACTIVE",
      startMs: 1_718_809_200_000,
      endMs: 1_718_895_540_000,
      doors: [234, 235, 236],
      scheduleId: 333,
      credentials: {
        cards: [{ cardNumber: "12345", formatType: "CSN", formatData: null, key: "CSN:12345" }],
        faceImages: ["/9j/4AAQSkZJRgABAQAASABIAA..."],
        fingerprints: [],
        pin: null,
        uniquePin: null,
        phone: null,
        modes: null,
      },
      registrationTokens: [],
    },
  });
});

test("all mistakes of a body are told at once, each with its path and what was sent", () => {
  const body = bodyWith({ user: { key: "ABC" }, auth: { startTime: 5, endTime: 4, activeStatus: "active", doorAccessType: null } });
  assert.deepEqual(problemsOf(body), [
    { field: "user.key", message: "must have 1 to 64 lowercase letters, digits, or - _ @ ." },
    { field: "auth.activeStatus", message: "must be ACTIVE or INACTIVE", rejectedValue: "active" },
    { field: "auth.endTime", message: "must be after startTime", rejectedValue: 4 },
    { field: "auth.doorAccessType", message: "is required" },
  ]);
});

test("a body that is no object is refused as a whole", () => {
  for (const body of [undefined, null, 1, "text", [], true]) {
    assert.deepEqual(problemsOf(body), [{ field: "body", message: "must be an object" }]);
  }
});

test("every field that CLUe requires is asked for by its path", () => {
  assert.deepEqual(
    problemsOf({}).map((each) => each.field),
    ["user", "auth"],
  );
  assert.deepEqual(
    problemsOf({ user: {}, auth: {} }).map((each) => each.field),
    ["user.key", "auth.activeStatus", "auth.startTime", "auth.endTime", "auth.doorAccessType", "auth.scheduleType", "auth.credentials"],
  );
});

test("unknown fields are ignored and null is absent", () => {
  assert.equal(accepted({ user: { name: null, nick: "x" }, auth: { doorIds: null, scheduleId: null, extra: {} } }).name, "Kim");
  assert.equal(accepted({ credentials: { pin: null, cards: null, modes: null, faceImages: null } }).credentials.pin, null);
});

test("members that an object merely inherits are not read", () => {
  const user: unknown = Object.create({ key: "acme.42" });
  assert.deepEqual(
    problemsOf({ ...Object(bodyWith({})), user }).map((each) => each.field),
    ["user.key"],
  );
});

test("numbers may come as numeric strings, and nothing else as numbers", () => {
  const value = accepted({ auth: { startTime: "1000", endTime: "2000", scheduleType: "SPECIFIC", scheduleId: "333" } });
  assert.deepEqual([value.startMs, value.endMs, value.scheduleId], [1_000, 2_000, 333]);
  assert.ok(Object.is(accepted({ auth: { startTime: -0 } }).startMs, 0));
  for (const startTime of [
    "",
    "1e3",
    "0x10",
    " 10",
    1.5,
    "1.0",
    -1,
    "-1",
    true,
    [1],
    {},
    253_402_300_800_000,
    2 ** 53,
    "9007199254740993",
  ]) {
    assert.deepEqual(refusedFor({ auth: { startTime } }), ["auth.startTime"], JSON.stringify(startTime));
  }
});

test("user.key has 1 to 64 of its characters and is never repeated in a refusal", () => {
  for (const key of ["a", "34dab180-a14b-103b-8a4e-1166f21964da", "a_b@c.d", "x".repeat(64)]) {
    assert.equal(accepted({ user: { key } }).userKey, key);
  }
  for (const key of ["", "A", "a b", "ä", "x".repeat(65), "a\n", 7, {}, ["a", "b"]]) {
    const problems = problemsOf(bodyWith({ user: { key } }));
    assert.deepEqual(
      problems.map((each) => [each.field, each.rejectedValue]),
      [["user.key", undefined]],
      JSON.stringify(key),
    );
  }
});

test("the auth's name is its credentials' name, else the user's, else the key", () => {
  assert.equal(accepted({ user: { name: "Lee" }, credentials: { name: "Kim" } }).name, "Kim");
  assert.equal(accepted({ user: { name: "Lee" }, credentials: { name: null } }).name, "Lee");
  assert.equal(accepted({ credentials: { name: null } }).name, "acme.42");
});

test("a name has 1 to 50 letters, digits and a few signs, with single spaces between", () => {
  for (const name of ["김 철수", "山田　太郎", "ﾀﾅｶ", "O-Neil_2", "x".repeat(50), "𠮷".repeat(50)])
    assert.equal(accepted({ credentials: { name } }).name, name);
  for (const name of ["", " a", "a ", "a  b", "a.b", "x".repeat(51), "x".repeat(5_000), "a\tb", "a\n", 5, ["a", "b"]]) {
    assert.deepEqual(refusedFor({ credentials: { name } }), ["auth.credentials.name"], JSON.stringify(name));
    assert.deepEqual(refusedFor({ user: { name } }), ["user.name"], JSON.stringify(name));
  }
});

test("a period ends after it starts, and before 2038-02-01T00:00:00Z", () => {
  const limit = Date.parse("2038-02-01T00:00:00Z");
  assert.equal(accepted({ auth: { endTime: limit - 1 } }).endMs, limit - 1);
  assert.equal(accepted({ auth: { endTime: 2_147_353_200_000 } }).endMs, 2_147_353_200_000);
  for (const endTime of [1_000, 999, limit, Number.MAX_SAFE_INTEGER]) {
    assert.deepEqual(
      problemsOf(bodyWith({ auth: { endTime } })).map((each) => [each.field, each.rejectedValue]),
      [["auth.endTime", endTime]],
    );
  }
});

test("a period in the past is accepted", () => {
  assert.equal(accepted({ auth: { startTime: 0, endTime: 1 } }).endMs, 1);
});

test("SPECIFIC doors need a list of ids, each once, up to a thousand", () => {
  const doors = (doorIds: unknown): BodyParts => ({ auth: { doorAccessType: "SPECIFIC", doorIds } });
  assert.deepEqual(accepted(doors([236, "234", 235])).doors, [234, 235, 236]);
  assert.deepEqual(accepted(doors(234)).doors, [234]);
  assert.equal(accepted(doors(Array.from({ length: 1_000 }, (_, index) => index + 1))).doors.length, 1_000);
  for (const wrong of [undefined, null, [], [234, 235, 234], ["234", 234], Array.from({ length: 1_001 }, (_, index) => index + 1)]) {
    assert.deepEqual(refusedFor(doors(wrong)), ["auth.doorIds"]);
  }
  assert.deepEqual(refusedFor(doors(["x"])), ["auth.doorIds[0]"]);
  assert.match(problemsOf(bodyWith(doors(null)))[0]?.message ?? "", /SPECIFIC/);
  assert.deepEqual(
    refusedFor(doors([234, 0, null, "x", 1.5])),
    [1, 2, 3, 4].map((index) => `auth.doorIds[${index}]`),
  );
});

test("ALL_DOOR and ALWAYS need no list and no schedule, and ignore those that are sent", () => {
  const value = accepted({ auth: { doorIds: ["nonsense"], scheduleId: "nonsense" } });
  assert.deepEqual([value.doors, value.scheduleId], ["all", null]);
});

test("a SPECIFIC schedule needs its id", () => {
  for (const scheduleId of [undefined, null, 0, "x", [], {}]) {
    assert.deepEqual(refusedFor({ auth: { scheduleType: "SPECIFIC", scheduleId } }), ["auth.scheduleId"]);
  }
});

test("cards come as objects, as bare serial numbers, or as one where a list is meant", () => {
  const keys = (cards: unknown): readonly string[] => accepted({ credentials: { cards } }).credentials.cards.map((card) => card.key);
  assert.deepEqual(keys([{ cardNumber: "0012345", formatType: "CSN" }]), ["CSN:12345"]);
  assert.deepEqual(keys(["12345", 77]), ["CSN:12345", "CSN:77"]);
  assert.deepEqual(keys({ cardNumber: "12-123", formatType: "WIEGAND", formatData: "" }), ["WIEGAND:26:12:123"]);
  assert.deepEqual(keys([]), []);
});

test("a wrong card is named by its index and field, and its number is never repeated", () => {
  const problem = (cards: unknown): readonly unknown[] => problemsOf(bodyWith({ credentials: { cards } }));
  const at = (cards: unknown): unknown => problemsOf(bodyWith({ credentials: { cards } })).map((each) => each.field);
  assert.deepEqual(at([{ cardNumber: "12-3", formatType: "CSN" }]), ["auth.credentials.cards[0].cardNumber"]);
  assert.deepEqual(at(["1", { formatType: "CSN" }]), ["auth.credentials.cards[1].cardNumber"]);
  assert.deepEqual(at([{ cardNumber: "1", formatType: "MIFARE" }]), ["auth.credentials.cards[0].formatType"]);
  assert.deepEqual(at([{ cardNumber: "1-1", formatType: "WIEGAND", formatData: "99" }]), ["auth.credentials.cards[0].formatData"]);
  for (const bare of ["x", "", -1, 1.5, 2 ** 60]) assert.deepEqual(at([bare]), ["auth.credentials.cards[0]"], String(bare));
  assert.deepEqual(at(["1", "2", "3"]), ["auth.credentials.cards"]);
  assert.deepEqual(at(["1", "01"]), ["auth.credentials.cards[1]"]);
  assert.doesNotMatch(JSON.stringify(problem(["987654x", { cardNumber: "987-654", formatType: "CSN" }])), /987/);
});

test("a PIN has 4 to 14 digits as a string, which keeps its zeros, or as a number; a unique one at least 6", () => {
  assert.equal(accepted({ credentials: { pin: "0012" } }).credentials.pin, "0012");
  assert.equal(accepted({ credentials: { pin: 123_456 } }).credentials.pin, "123456");
  assert.equal(accepted({ credentials: { uniquePin: "00000000000001" } }).credentials.uniquePin, "00000000000001");
  for (const pin of ["123", "123456789012345", "12a4", "", 123, -1234, 1.5, ["1234", "1235"], {}, "１２３４", "1234\n"]) {
    assert.deepEqual(refusedFor({ credentials: { pin } }), ["auth.credentials.pin"], JSON.stringify(pin));
  }
  assert.deepEqual(refusedFor({ credentials: { uniquePin: "12345" } }), ["auth.credentials.uniquePin"]);
});

test("photos are a list of strings, or one string, at most two", () => {
  assert.deepEqual(accepted({ credentials: { faceImages: "abc" } }).credentials.faceImages, ["abc"]);
  assert.deepEqual(refusedFor({ credentials: { faceImages: ["a", "b", "c"] } }), ["auth.credentials.faceImages"]);
  assert.deepEqual(refusedFor({ credentials: { faceImages: ["a", 5] } }), ["auth.credentials.faceImages[1]"]);
  assert.deepEqual(refusedFor({ credentials: { faceImages: [""] } }), ["auth.credentials.faceImages[0]"]);
});

test("a fingerprint has its format, flag and base64", () => {
  const finger = { fingerFormat: "TEMPLATE_FORMAT_SUPREMA", fingerFlag: "NONE", fingerData: "RkZGRg==" };
  assert.deepEqual(accepted({ credentials: { fingerprints: [finger] } }).credentials.fingerprints, [finger]);
  const wrong = refusedFor({ credentials: { fingerprints: [{ fingerFormat: "x y", fingerData: "***" }] } });
  assert.deepEqual(
    wrong,
    ["fingerFormat", "fingerFlag", "fingerData"].map((name) => `auth.credentials.fingerprints[0].${name}`),
  );
  assert.deepEqual(refusedFor({ credentials: { fingerprints: Array.from({ length: 11 }, () => finger) } }), [
    "auth.credentials.fingerprints",
  ]);
});

test("a phone number is a string or a number", () => {
  assert.equal(accepted({ credentials: { phone: "+82 10-1234-5678" } }).credentials.phone, "+82 10-1234-5678");
  assert.equal(accepted({ credentials: { phone: 1_012_345_678 } }).credentials.phone, "1012345678");
  assert.deepEqual(refusedFor({ credentials: { phone: "call me" } }), ["auth.credentials.phone"]);
});

test("modes are combinations of factors, each kept once, none of them meaning the default", () => {
  assert.deepEqual(accepted({ credentials: { modes: ["CARD", "CARD_THEN_PIN", "CARD"] } }).credentials.modes, ["CARD", "CARD_THEN_PIN"]);
  assert.equal(accepted({ credentials: { modes: [] } }).credentials.modes, null);
  assert.deepEqual(refusedFor({ credentials: { modes: ["CARD", "PIN", "KEY"] } }), [
    "auth.credentials.modes[1]",
    "auth.credentials.modes[2]",
  ]);
});

test("registration tokens are words, at most twelve", () => {
  assert.deepEqual(accepted({ auth: { registrationTokens: ["0123abcd"] } }).registrationTokens, ["0123abcd"]);
  assert.deepEqual(refusedFor({ auth: { registrationTokens: ["a b"] } }), ["auth.registrationTokens[0]"]);
  assert.deepEqual(refusedFor({ auth: { registrationTokens: Array.from({ length: 13 }, () => "a") } }), ["auth.registrationTokens"]);
});

test("NUL and lone surrogates are refused in every string, naming the field and saying why", () => {
  for (const [bad, word] of [
    ["a\0", /NUL/],
    ["a\ud800", /surrogate/],
    ["\udc00a", /surrogate/],
  ] as const) {
    const problems = problemsOf(
      bodyWith({
        user: { key: bad, name: bad },
        credentials: { name: bad, cards: [bad], faceImages: bad, pin: bad, phone: bad, modes: bad },
      }),
    );
    const fields = problems.map((each) => each.field);
    const held = ["name", "modes", "cards[0]", "faceImages", "pin", "phone"].map((name) => `auth.credentials.${name}`);
    assert.deepEqual(fields, ["user.key", "user.name", ...held]);
    for (const problem of problems) assert.match(problem.message, word);
  }
});

test("a refusal never repeats a biometric, a PIN, a key, a token or a phone number, and cuts everything else short", () => {
  const secret = "s3cr3t-".repeat(40);
  const problems = problemsOf(
    bodyWith({
      user: { key: `${secret}!` },
      auth: { registrationTokens: [`${secret}!`], activeStatus: "x".repeat(10_000) },
      credentials: {
        pin: secret,
        uniquePin: secret,
        phone: secret,
        faceImages: [5, secret],
        fingerprints: [{ fingerData: secret }],
        cards: [secret],
      },
    }),
  );
  assert.ok(problems.length >= 8);
  assert.doesNotMatch(JSON.stringify(problems), /s3cr3t/);
  assert.ok(JSON.stringify(problems).length < 4_000);
});

test("an answer tells a bounded number of mistakes, the first ones", () => {
  const doorIds = Array.from({ length: 1_000 }, () => "x");
  const problems = problemsOf(bodyWith({ auth: { doorAccessType: "SPECIFIC", doorIds } }));
  assert.equal(problems.length, PROBLEMS_COUNT_MAX);
  assert.equal(problems[0]?.field, "auth.doorIds[0]");
});

test("reading never throws, whatever JSON is sent, and what it refuses it names", () => {
  const odd = fc.oneof(fc.jsonValue(), fc.string({ unit: "binary" }), fc.constantFrom("ACTIVE", "SPECIFIC", "CSN", 234, -0, 2 ** 60));
  const record = (names: readonly string[]): fc.Arbitrary<unknown> =>
    fc.record(Object.fromEntries(names.map((name) => [name, fc.oneof(odd, fc.array(odd, { maxLength: 3 }))])), { requiredKeys: [] });
  const credentials = record(["name", "cards", "faceImages", "fingerprints", "pin", "uniquePin", "phone", "modes"]);
  const auth = fc
    .tuple(
      record(["activeStatus", "startTime", "endTime", "doorAccessType", "doorIds", "scheduleType", "scheduleId", "registrationTokens"]),
      credentials,
    )
    .map(([right, held]) => ({ ...Object(right), credentials: held }));
  const body = fc.oneof(fc.jsonValue(), fc.record({ user: fc.oneof(odd, record(["key", "name"])), auth: fc.oneof(odd, auth) }));
  fc.assert(
    fc.property(body, (value) => {
      const read = readCreateAuth(value);
      if (!read.ok) assert.ok(read.problems.length > 0 && read.problems.every((each) => each.field !== "" && each.message !== ""));
    }),
    { numRuns: 2_000 },
  );
});
