import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { bodyText } from "../../src/platform/http/body-text.ts";
import { JSON_DEPTH_MAX, JSON_VALUES_MAX } from "../../src/platform/http/http-limits.ts";
import { readJson } from "../../src/platform/http/json-text.ts";

function detailOf(text: string): string {
  const read = readJson(text);
  assert.equal(read.kind, "refused", text.slice(0, 40));
  return read.kind === "refused" ? read.detail : "";
}

test("every JSON text that is neither deep nor long reads as the parser reads it", () => {
  fc.assert(
    fc.property(fc.json({ maxDepth: 8 }), (text) => {
      const names = /"(__proto__|constructor)"/;
      if (names.test(text)) return;
      assert.deepEqual(readJson(text), { kind: "value", value: JSON.parse(text) });
    }),
    { numRuns: 500 },
  );
});

test("brackets, quotes and commas inside of strings count for nothing, escaped ones neither", () => {
  const marks = "[{,".repeat(JSON_VALUES_MAX);
  const value = { text: marks, quoted: `"${marks}`, escaped: `\\"${marks}`, end: "\\", after: marks };
  assert.deepEqual(readJson(JSON.stringify(value)), { kind: "value", value });
});

test("the deepest body is read and one level more is refused before it is parsed", () => {
  const nested = (levels: number): string => `${"[".repeat(levels)}1${"]".repeat(levels)}`;
  assert.equal(readJson(nested(JSON_DEPTH_MAX)).kind, "value");
  assert.match(detailOf(nested(JSON_DEPTH_MAX + 1)), /nested deeper than 32 levels/);
  assert.match(detailOf(`${'{"a":'.repeat(JSON_DEPTH_MAX + 1)}1`), /nested deeper/);
  assert.match(detailOf("[".repeat(1_000_000)), /nested deeper/);
});

test("many levels side by side are not deep", () => {
  assert.equal(readJson(`[${Array.from({ length: 200 }, () => "[[1]]").join(",")}]`).kind, "value");
});

test("a small text cannot become a large object: values are counted before they are made", () => {
  const list = (count: number): string => `[${Array.from({ length: count }, () => "0").join(",")}]`;
  assert.equal(readJson(list(JSON_VALUES_MAX - 1)).kind, "value");
  assert.match(detailOf(list(JSON_VALUES_MAX + 1)), /more than 100000 values/);
  assert.match(detailOf(`[${"{},".repeat(JSON_VALUES_MAX)}{}]`), /more than/);
});

test("names that reach the prototype of an object are dropped, however they are written and however deep", () => {
  const text = '{"a":{"\\u005f_proto__":{"isAdmin":true},"constructor":{"prototype":{"isAdmin":true}},"b":[{"__proto__":1,"c":2}]}}';
  const read = readJson(text);
  assert.ok(read.kind === "value");
  assert.equal(JSON.stringify(read.value), '{"a":{"b":[{"c":2}]}}');
  assert.equal(Object.assign({}, ...Object.values(read.value as object)).isAdmin, undefined);
});

test("of a name that stands twice the last one counts", () => {
  assert.deepEqual(readJson('{"a":1,"a":2}'), { kind: "value", value: { a: 2 } });
});

test("broken JSON is refused with its position where the parser knows it, and never with a piece of the body", () => {
  assert.match(detailOf('{"pin":"48151623", x}'), /at character \d+\.$/);
  assert.match(detailOf('{"pin":"48151623"'), /at character 17\.$/);
  for (const text of ['{"pin":"48151623",}', "48151623 48151623", '"48151623', "{48151623}", '["48151623" 48151623]', "nul"]) {
    assert.doesNotMatch(detailOf(text), /48151623|nul/);
  }
});

const TEXT = '{"name":"Ünïcødé ー 你"}';
const utf16be = (text: string): Buffer => Buffer.from(text, "utf16le").swap16();

test("a body is read in UTF-8 and UTF-16, by its mark, by its first bytes, or by its charset", () => {
  const readable: [Uint8Array, string | undefined][] = [
    [Buffer.from(TEXT), undefined],
    [Buffer.from(TEXT), "application/json"],
    [Buffer.from(TEXT), 'application/json; charset="UTF-8"'],
    [Buffer.from(`\ufeff${TEXT}`), "text/plain; charset=iso-8859-1"],
    [Buffer.from(`\ufeff${TEXT}`, "utf16le"), "application/json"],
    [Buffer.from(TEXT, "utf16le"), "application/json; charset=utf-16le"],
    [Buffer.from(TEXT, "utf16le"), undefined],
    [utf16be(`\ufeff${TEXT}`), undefined],
    [utf16be(TEXT), "application/json;charset=UTF-16BE"],
    [utf16be(TEXT), "application/json;charset=utf-16"],
    [utf16be(TEXT), undefined],
  ];
  for (const [bytes, contentType] of readable) assert.deepEqual(bodyText(bytes, contentType), { kind: "text", text: TEXT }, contentType);
});

test("a charset that JSON does not have is refused, and so are bytes that are not in the one that was named", () => {
  assert.equal(bodyText(Buffer.from("{}"), "application/json; charset=iso-8859-1").kind, "charset_unknown");
  assert.equal(bodyText(Buffer.from("{}"), "application/json; charset=constructor").kind, "charset_unknown");
  assert.equal(bodyText(Buffer.from([0x22, 0xe4, 0x22]), undefined).kind, "bytes_invalid");
  assert.equal(bodyText(Buffer.from([0xff, 0xfe, 0x22, 0x00, 0x00, 0xd8, 0x22, 0x00]), undefined).kind, "bytes_invalid");
});
