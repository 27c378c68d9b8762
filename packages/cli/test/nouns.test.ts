import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { NATIVE_OPERATIONS } from "@postern/contract";
import { Command } from "commander";
import { addVerb } from "../src/nouns/add-nouns.ts";
import { NOUNS, QUESTIONS } from "../src/nouns/nouns.ts";
import { absoluteTime, timeText, timeTextToSecond, wallClockTime } from "../src/nouns/place-time.ts";
import { cellText } from "../src/nouns/shown-value.ts";
import { readTyped } from "../src/nouns/typed-value.ts";

/** Calls that have a command of their own, or that a controller makes. */
const ELSEWHERE = new Set([
  ...["followEvents", "streamEvents", "claimController", "listControllers", "issueClaimCode"],
  ...["createImport", "importAuths", "createExport", "downloadExport", "listLedgerLines", "downloadDisplayImage"],
]);

const verbs = [
  ...NOUNS.flatMap(({ noun, columns, verbs: ofNoun }) => ofNoun.map((verb) => ({ noun, columns, verb }))),
  ...QUESTIONS.map((verb) => ({ noun: "", columns: [], verb })),
];

test("every call of v2 can be made from the command line", () => {
  const reached = new Set<string>(verbs.map(({ verb }) => verb.operation));
  const missing = Object.keys(NATIVE_OPERATIONS).filter((id) => !reached.has(id) && !ELSEWHERE.has(id));
  assert.deepEqual(missing, []);
});

test("every example that a help shows is one that its command takes", async () => {
  const act = () => async (): Promise<void> => undefined;
  for (const { noun, columns, verb } of verbs) {
    for (const example of verb.examples) {
      const program = new Command().exitOverride().configureOutput({ writeErr: () => undefined });
      addVerb(program, { verb, columns, said: "" }, act);
      program.commands[0]?.exitOverride().configureOutput({ writeErr: () => undefined });
      await assert.doesNotReject(program.parseAsync([verb.verb, ...words(example)], { from: "user" }), `${noun} ${verb.verb} ${example}`);
    }
  }
});

/** As a shell splits a line, with single quotes. */
function words(line: string): string[] {
  return [...line.matchAll(/'([^']*)'|(\S+)/g)].map((match) => match[1] ?? match[2] ?? "");
}

describe("times on the command line", () => {
  test("a wall clock means the place's own, in winter and in summer", () => {
    assert.equal(wallClockTime("--at", "2026-12-01 08:00", "Europe/Berlin"), Date.parse("2026-12-01T07:00Z"));
    assert.equal(wallClockTime("--at", "2026-07-01T08:00", "Europe/Berlin"), Date.parse("2026-07-01T06:00Z"));
    assert.equal(wallClockTime("--at", "2026-12-01", "Asia/Seoul"), Date.parse("2026-11-30T15:00Z"));
  });

  test("an hour that comes twice is its first, and one that never comes is refused", () => {
    assert.equal(wallClockTime("--at", "2026-10-25 02:30", "Europe/Berlin"), Date.parse("2026-10-25T00:30Z"));
    assert.throws(() => wallClockTime("--at", "2026-03-29 02:30", "Europe/Berlin"), /does not exist in Europe\/Berlin/);
  });

  test("what is no time is refused with what one looks like", () => {
    for (const typed of ["", "tomorrow", "2026-02-30", "2026-13-01", "08:00", "2026-12-01 25:00"])
      assert.throws(() => wallClockTime("--at", typed, "UTC"), /--at takes a time/, typed);
  });

  test("an instant with its zone, epoch milliseconds and now need no place", () => {
    assert.equal(absoluteTime("2026-12-01T08:00+09:00", 0), Date.parse("2026-11-30T23:00Z"));
    assert.equal(absoluteTime("1795564800000", 0), 1_795_564_800_000);
    assert.equal(absoluteTime("now", 42), 42);
    assert.equal(absoluteTime("2026-12-01 08:00", 0), null);
  });

  test("what is shown can be typed again", () => {
    const atMs = Date.parse("2026-10-25T01:30Z");
    assert.equal(absoluteTime(timeText(atMs, "Europe/Berlin"), 0), atMs);
    assert.equal(absoluteTime(timeTextToSecond(atMs + 7_000, "Asia/Kathmandu"), 0), atMs + 7_000);
  });
});

describe("values on the command line", () => {
  const schedule = NATIVE_OPERATIONS.createSchedule.body.properties;
  const auth = NATIVE_OPERATIONS.createAuth.body.properties;
  const grants = NATIVE_OPERATIONS.createGroup.body.properties.grants;
  const read = (typed: string, schema: Parameters<typeof readTyped>[2]): Promise<unknown> =>
    readTyped("--it", typed, schema, () => Promise.resolve(0));

  test("windows, holidays, cards and grants are shown as they are typed", async () => {
    const cases = [
      [schedule.holidays, "2026-12-25 Christmas; 2026-12-24 10:00-14:00,16:00-18:00 Christmas Eve"],
      [grants, "all; 234,235@333"],
      [NATIVE_OPERATIONS.readAuth.answer.properties.credentials.properties.cards, "12345,12-123,12-123:34"],
    ] as const;
    for (const [schema, typed] of cases) assert.equal(cellText(schema, await read(typed, schema), String), typed);
  });

  test("a photo is named by its file, and one that cannot be read is refused by its name", async () => {
    const file = fileURLToPath(import.meta.url);
    const bytes = (await readFile(file)).toString("base64");
    const { faceImages } = NATIVE_OPERATIONS.createAuth.body.properties.credentials.properties;
    assert.deepEqual(await read(`${file},${file}`, faceImages), [bytes, bytes]);
    assert.equal(await read(file, NATIVE_OPERATIONS.matchFace.body.properties.faceImage), bytes);
    await assert.rejects(read("/no/such/photo.jpg", faceImages), /\/no\/such\/photo\.jpg cannot be read/);
  });

  test("none takes away what may be absent, and empties a list", async () => {
    assert.equal(await read("none", auth.scheduleId), null);
    assert.deepEqual(await read("none", auth.groupIds), []);
    assert.equal(await read("none", NATIVE_OPERATIONS.setDoorMode.body.properties.operator), "none");
  });

  test("doors are all or a list of ids", async () => {
    assert.equal(await read("all", auth.doors), "all");
    assert.deepEqual(await read("234, 235", auth.doors), [234, 235]);
  });

  test("what is written wrongly is refused with the form it has", async () => {
    await assert.rejects(read("234,Entrance", auth.doors), /--it is written as all\|1,2, and not as "234,Entrance"/);
    await assert.rejects(read("24.12. Christmas", schedule.holidays), /--it is written as date hours name/);
    await assert.rejects(read("ten", auth.scheduleId), /--it is written as number\|none/);
  });
});
