import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { type AnswerPath, readAnswerPath, valueAt } from "../../../src/features/vendor-apis/answer-path.ts";
import { constantOf, type Judgment, judgeAnswer } from "../../../src/features/vendor-apis/judge-answer.ts";
import { readAnswer } from "../../../src/features/vendor-apis/read-answer.ts";
import { requestBody } from "../../../src/features/vendor-apis/request-body.ts";

const FC_RUNS = { numRuns: 2_000 };

function pathOf(text: string): AnswerPath {
  const path = readAnswerPath(text);
  assert.ok(path !== null, text);
  return path;
}

/** Writes a path with every name in quotes. */
function quoted(steps: AnswerPath): string {
  const texts = steps.map((step) => (typeof step === "number" ? `[${step}]` : `['${step.replace(/['\\]/g, "\\$&")}']`));
  return `$.${texts.join("")}`;
}

/** Goes into a value as chance says, as far as it has members with names that can be written. */
function walk(json: unknown, choices: readonly number[]): { readonly steps: AnswerPath; readonly value: unknown } {
  const steps: (string | number)[] = [];
  let value = json;
  for (const choice of choices) {
    if (typeof value !== "object" || value === null) break;
    const keys = Array.isArray(value) ? [...value.keys()] : Object.keys(value);
    const step = keys[choice % Math.max(1, keys.length)];
    if (step === undefined || step === "" || /\p{Cc}/u.test(String(step))) break;
    steps.push(step);
    value = Reflect.get(value, step);
  }
  return { steps, value };
}

describe("paths into an answer", () => {
  test("names, quoted names and indexes are steps, and nothing else is a path", () => {
    const good: Readonly<Record<string, AnswerPath>> = {
      "$.a": ["a"],
      "$.data.is-allowed": ["data", "is-allowed"],
      "$.items[0].ok": ["items", 0, "ok"],
      "$.a['b c'][\"d'e\"][12]": ["a", "b c", "d'e", 12],
      "$.['a b'].c": ["a b", "c"],
      "$.a['it\\'s'].b": ["a", "it's", "b"],
      "$.a['\\\\']": ["a", "\\"],
      "$.結果": ["結果"],
      "$.0": ["0"],
      "$.__proto__": ["__proto__"],
    };
    for (const [text, steps] of Object.entries(good)) assert.deepEqual(readAnswerPath(text), steps, text);
    const bad =
      "|$|$.|a|.a|$a|$..a|$.a.|$.a..b|$.*|$.a[*]|$.a[-1]|$.a[01]|$.a[1:2]|$.a[0|$.a]|$.a[]|$.a['']|$.a['b|$.a['b\"]|$.a[b]|$.a[?(@.b)]|$.a[(@.length-1)]|$.a b|$.a()|$.a.[0]|$.a.['b']|$.a\n|$.a['\u0000']|$.a['\\n']| $.a";
    for (const text of bad.split("|")) assert.equal(readAnswerPath(text), null, JSON.stringify(text));
    assert.equal(readAnswerPath(`$.${"a".repeat(126)}`)?.length, 1);
    assert.equal(readAnswerPath(`$.${"a".repeat(127)}`), null);
  });

  test("whatever stands in an answer is found by the path to it", () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 4 }), fc.array(fc.nat({ max: 9 }), { maxLength: 4 }), (json, choices) => {
        const { steps, value } = walk(json, choices);
        if (steps.length === 0 || quoted(steps).length > 128 || !quoted(steps).isWellFormed()) return;
        assert.deepEqual(readAnswerPath(quoted(steps)), steps);
        assert.equal(valueAt(pathOf(quoted(steps)), json), value);
      }),
      FC_RUNS,
    );
  });

  test("no text at all makes the reading throw, and what it gives is written as it was read", () => {
    const letter = fc.constantFrom(..."$.[]'\"\\ab01 -é\u0000", "[0]", "['a']");
    fc.assert(
      fc.property(fc.string({ unit: letter, maxLength: 20 }), (tail) => {
        const steps = readAnswerPath(`$.${tail}`);
        if (steps !== null) assert.deepEqual(readAnswerPath(quoted(steps)), steps);
      }),
      FC_RUNS,
    );
  });

  test("a step leads to what an object has itself, and to nothing of its kind", () => {
    for (const text of [
      "$.toString",
      "$.__proto__",
      "$.constructor.name",
      "$.list.length",
      "$.text.length",
      "$.text[0]",
      "$.list['0']",
      "$.list[9]",
    ])
      assert.equal(valueAt(pathOf(text), { list: [1], text: "abc" }), undefined, text);
    assert.equal(valueAt(pathOf("$.__proto__.a"), JSON.parse('{"__proto__": {"a": 1}}')), 1);
    assert.equal(valueAt(pathOf("$.a"), null), undefined);
    assert.equal(valueAt(pathOf("$.a.b"), { a: null }), undefined);
  });
});

const PATH = pathOf("$.ok");
const byCode: Judgment = { statusCodes: [200, 302], result: null, successMessage: null, failureMessage: null };
const byResult: Judgment = { ...byCode, statusCodes: [], result: { path: PATH, value: true } };
const byBoth: Judgment = { ...byResult, statusCodes: [200] };

describe("judging an answer", () => {
  const cases: readonly (readonly [string, Judgment, number, unknown, string])[] = [
    ["a listed status allows, whatever the answer holds", byCode, 200, { ok: false }, "as_agreed"],
    ["a listed redirection allows", byCode, 302, {}, "as_agreed"],
    ["a status that is not listed denies", byCode, 201, { ok: true }, "status_not_listed"],
    ["a status of failure denies", byCode, 500, { ok: true }, "status_not_listed"],
    ["the result allows", byResult, 200, { ok: true }, "as_agreed"],
    ["the result alone allows with 4xx", byResult, 404, { ok: true }, "as_agreed"],
    ["the result alone allows with 5xx", byResult, 503, { ok: true }, "as_agreed"],
    ["another result denies with 200", byResult, 200, { ok: false }, "result_differs"],
    ["a text is not the boolean it says", byResult, 200, { ok: "true" }, "result_of_other_type"],
    ["a number is not a boolean", byResult, 200, { ok: 1 }, "result_of_other_type"],
    ["null is not a boolean", byResult, 200, { ok: null }, "result_of_other_type"],
    ["no result denies", byResult, 200, { OK: true }, "result_missing"],
    ["an answer that is no object denies", byResult, 200, [true], "result_missing"],
    ["both allow together", byBoth, 200, { ok: true }, "as_agreed"],
    ["of both, another status denies first", byBoth, 201, { ok: true }, "status_not_listed"],
    ["of both, another status denies before a missing result", byBoth, 500, {}, "status_not_listed"],
    ["of both, another result denies", byBoth, 200, { ok: false }, "result_differs"],
    ["a number equals the number however it is written", { ...byResult, result: { path: PATH, value: 7 } }, 200, { ok: 7.0 }, "as_agreed"],
    ["a number is not its text", { ...byResult, result: { path: PATH, value: 7 } }, 200, { ok: "7" }, "result_of_other_type"],
    ["a text equals itself alone", { ...byResult, result: { path: PATH, value: "Yes" } }, 200, { ok: "yes" }, "result_differs"],
    ["false may be what allows", { ...byResult, result: { path: PATH, value: false } }, 200, { ok: false }, "as_agreed"],
    ["where nothing was agreed on, everything denies", { ...byCode, statusCodes: [] }, 200, { ok: true }, "nothing_agreed"],
  ];
  for (const [title, judgment, status, json, because] of cases)
    test(title, () => assert.deepEqual(judgeAnswer(judgment, { status, json }), { isAllowed: because === "as_agreed", because }));

  test("a message is a text at its path, of the outcome that it is for, in one bounded line", () => {
    const judgment = { ...byResult, successMessage: pathOf("$.text.good"), failureMessage: pathOf("$.text.bad") };
    const said = (ok: boolean, text: unknown) => judgeAnswer(judgment, { status: 200, json: { ok, text } }).message;
    assert.equal(said(true, { good: "Welcome", bad: "No" }), "Welcome");
    assert.equal(said(false, { good: "Welcome", bad: "No" }), "No");
    assert.equal(said(true, { good: "one\r\n\u001b[31mtwo\u202e" }), "one [31mtwo");
    assert.equal(said(true, { good: "x".repeat(200) })?.length, 100);
    for (const none of [7, true, null, ["a"], { a: 1 }, "", " \n "]) assert.equal(said(true, { good: none }), undefined);
  });

  test("a constant is of its type or none at all", () => {
    const good = [
      ["STRING", "true", "true"],
      ["BOOLEAN", "true", true],
      ["BOOLEAN", "false", false],
      ["NUMBER", "-7.50", -7.5],
      ["NUMBER", "1e3", 1_000],
      ["STRING", "", ""],
    ] as const;
    for (const [type, text, value] of good) assert.equal(constantOf(type, text), value);
    for (const text of ["", "True", "1", "yes"]) assert.equal(constantOf("BOOLEAN", text), null, text);
    for (const text of ["", " 7", "0x10", "07", "+7", "1_000", "NaN", "Infinity", "1e999", "9007199254740992", "7n"])
      assert.equal(constantOf("NUMBER", text), null, text);
  });
});

describe("reading an answer", () => {
  const read = (body: string | Buffer, headers = {}, rest = {}) =>
    readAnswer(
      { status: 200, headers: { "content-type": "application/json", ...headers }, body: Buffer.from(body), isCut: false, ...rest },
      [200, 303],
    );
  const because = (...asked: Parameters<typeof read>): string => {
    const answer = read(...asked);
    return answer.kind === "json" ? "json" : answer.because;
  };

  test("JSON that says so is read, with a charset and a byte-order mark too", () => {
    assert.deepEqual(read('{"a":"é"}'), { kind: "json", json: { a: "é" } });
    assert.deepEqual(read("\ufeff[1]", { "content-type": "Application/JSON; charset=utf-8" }), { kind: "json", json: [1] });
    assert.equal(because("{}", { "content-encoding": "identity" }), "json");
  });

  test("what is not JSON, does not say so, leads elsewhere or is cut, is told apart", () => {
    assert.equal(because("<html>", { "content-type": "text/html" }), "wrong_type");
    assert.equal(because("{}", { "content-type": undefined }), "wrong_type");
    assert.equal(because("{}", { "content-type": "application/jsonp" }), "wrong_type");
    assert.equal(because("{}", { "content-encoding": "gzip" }), "wrong_type");
    assert.equal(because("<html>"), "not_json");
    assert.equal(because(""), "not_json");
    assert.equal(because(Buffer.from([0x22, 0xff, 0x22])), "not_json");
    assert.equal(because("{}", {}, { isCut: true }), "too_large");
    assert.equal(because("{}", { location: "/" }, { status: 302 }), "redirected");
    assert.equal(because("{}", { location: "/" }, { status: 303 }), "json");
    assert.equal(because("{}", {}, { status: 302 }), "json");
  });
});

test("a request has the chosen fields under their keys, texts for what is presented and constants in their types", () => {
  const fields = {
    autoFields: [
      { key: "door", placeholder: "{{DEVICE_SERIAL}}" },
      { key: "employeeId", placeholder: "{{USER_KEY}}" },
    ],
    constants: [
      { key: "site", value: 7 },
      { key: "isTest", value: false },
      { key: "constructor", value: "x" },
    ],
  } as const;
  assert.deepEqual(requestBody(fields, { "{{DEVICE_SERIAL}}": "538159106", "{{USER_KEY}}": "acme.42", "{{QR_CODE}}": "not asked for" }), {
    kind: "body",
    text: '{"door":"538159106","employeeId":"acme.42","site":7,"isTest":false,"constructor":"x"}',
  });
  assert.deepEqual(requestBody(fields, { "{{DEVICE_SERIAL}}": "538159106" }), { kind: "missing", placeholder: "{{USER_KEY}}" });
  assert.deepEqual(requestBody({ autoFields: [], constants: [] }, {}), { kind: "body", text: "{}" });
});
