import assert from "node:assert/strict";
import { test } from "node:test";
import { IMPORT_ROW_BYTES_MAX } from "@postern/contract";
import { delimiterOf, readCsvHead } from "../../../src/features/auths/bulk/csv-head.ts";
import { placeTimeReader, readCsvRow } from "../../../src/features/auths/bulk/csv-row.ts";
import { csvRows } from "../../../src/features/auths/bulk/csv-rows.ts";
import { jsonRows } from "../../../src/features/auths/bulk/json-rows.ts";
import type { RawRow } from "../../../src/features/auths/bulk/raw-row.ts";

/** The same bytes in pieces of a size, since a network cuts where it likes. */
async function* pieces(bytes: Buffer, size: number): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

async function rowsOf(rows: AsyncIterable<RawRow>): Promise<unknown[]> {
  const read: unknown[] = [];
  for await (const row of rows) read.push(row.kind === "value" ? row.value : row.problems[0]?.field);
  return read;
}

test("rows are the same however the network cuts them, with any line end, mark and delimiter", async () => {
  const text = 'userKey;name;cards\r\nä-1;Zoë;12 13\r\n\r\n"b""1";"two\nlines";\r\n';
  const wanted = [
    {
      userKey: "ä-1",
      name: "Zoë",
      credentials: {
        cards: [
          { cardNumber: "12", formatType: "CSN" },
          { cardNumber: "13", formatType: "CSN" },
        ],
      },
    },
    { userKey: 'b"1', name: "two\nlines" },
  ];
  for (const size of [1, 2, 7, 1_000]) {
    assert.deepEqual(await rowsOf(csvRows(pieces(Buffer.from(`\uFEFF${text}`), size), "UTC")), wanted, `pieces of ${size}`);
    const json = Buffer.from(`\uFEFF{"a":"ä"}\n\n[1]\r\n{"b":2}`);
    assert.deepEqual(await rowsOf(jsonRows(pieces(json, size))), [{ a: "ä" }, [1], { b: 2 }], `pieces of ${size}`);
  }
});

test("a line that is too long, no JSON or no UTF-8 is one row that cannot be read, and the next one is read", async () => {
  const long = `{"a":"${"x".repeat(IMPORT_ROW_BYTES_MAX)}"}`;
  const bytes = Buffer.concat([Buffer.from(`${long}\n{"a":1}\n{oops\n`), Buffer.from([0x22, 0xff, 0x22, 0x0a]), Buffer.from('{"a":2}\n')]);
  for (const size of [1_000, 1_000_000])
    assert.deepEqual(await rowsOf(jsonRows(pieces(bytes, size))), ["row", { a: 1 }, "row", "row", { a: 2 }]);
});

test("a row of a CSV file with more or fewer cells than the head fails alone", async () => {
  const bytes = Buffer.from("userKey,name\na,b\nc\nd,e,f\ng,h\n");
  assert.deepEqual(await rowsOf(csvRows(pieces(bytes, 5), "UTC")), [
    { userKey: "a", name: "b" },
    "row",
    "row",
    { userKey: "g", name: "h" },
  ]);
});

test("rows before one whose quotes never close are read, and then the file ends with that row's number", async () => {
  const good = Array.from({ length: 40 }, (_, index) => `k${index},n`).join("\n");
  for (const tail of ['"never', `"${"x".repeat(2 * IMPORT_ROW_BYTES_MAX)}`]) {
    const read: RawRow[] = [];
    const rows = csvRows(pieces(Buffer.from(`userKey,name\n${good}\nk40,${tail}\nk41,n\n`), 4_096), "UTC");
    await assert.rejects(
      async () => {
        for await (const row of rows) read.push(row);
      },
      (failure: { detail: string }) => /^Row 41 .*quotes/.test(failure.detail),
    );
    assert.equal(read.length, 40);
  }
});

test("a head is read in any order and case, and names what it does not know, but repeats no cell of a file without one", () => {
  assert.deepEqual(readCsvHead([" USERKEY", "endat "]), { ok: true, columns: ["userKey", "endAt"] });
  assert.deepEqual(
    [["name"], ["userKey", "userkey"], ["userKey", "e-mail"], ["userKey", ""], ["userKey", "471199"]].map((cells) => {
      const head = readCsvHead(cells);
      return head.ok ? [] : head.problems.map(({ field }) => field);
    }),
    [["userKey"], ["userKey"], ["e-mail"], ["column 2"], ["column 2"]],
  );
  assert.deepEqual(["a,b", "a;b", "a\tb", "a"].map(delimiterOf), [",", ";", "\t", ","]);
});

test("an empty cell says nothing, and none takes away", () => {
  const columns = ["userKey", "scheduleId", "groupIds", "cards", "pin", "modes", "doors", "name"] as const;
  const readTime = placeTimeReader("UTC");
  assert.deepEqual(readCsvRow(columns, ["a", "", "", "", "", "", "", ""], readTime), { ok: true, value: { userKey: "a" } });
  assert.deepEqual(readCsvRow(columns, ["a", "none", "none", "none", "none", "none", "none", "none"], readTime), {
    ok: true,
    value: { userKey: "a", scheduleId: null, groupIds: [], doors: [], name: "none", credentials: { cards: [], pin: null, modes: null } },
  });
});

test("a time is of the place's clocks unless it says otherwise, and one that does not exist there is refused", () => {
  const read = placeTimeReader("Europe/Berlin");
  assert.equal(read("2026-12-01"), Date.parse("2026-11-30T23:00Z"));
  assert.equal(read("2026-07-01 08:00"), Date.parse("2026-07-01T06:00Z"));
  assert.equal(read("2026-12-01T08:00Z"), Date.parse("2026-12-01T08:00Z"));
  assert.equal(read("1795564800000"), 1_795_564_800_000);
  for (const typed of ["2026-03-29 02:30", "tomorrow", "01.12.2026"]) assert.equal(typeof read(typed), "string", typed);
});
