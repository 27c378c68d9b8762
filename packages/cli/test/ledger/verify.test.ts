import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import type { LedgerHead } from "@postern/contract";
import fc from "fast-check";
import { fileLines } from "../../src/ledger/file-lines.ts";
import { eventFileLine, headFileLine, keptHeadIn } from "../../src/ledger/ledger-file.ts";
import { judged, madeLedger, newSigner, PLACE_ID, signed } from "./made-ledger.ts";

const ledger = madeLedger();
const { publicKey } = ledger.signer;
/** The line of an event of `ledger`, counted from 1: behind the first line and the heads of 10 and 20. */
const lineOf = (sequence: number): number => sequence + 1 + Math.floor((sequence - 1) / 10);

function lines(): string[] {
  return [...ledger.lines];
}

function wrongOf(changed: readonly string[], kept: readonly LedgerHead[] = []): string {
  const verdict = judged(changed, { publicKey, kept });
  assert.ok(!verdict.ok, "it is told");
  const { line, sequence, what } = verdict.wrong;
  return `${line} ${sequence}: ${what}`;
}

test("a file that nobody has changed is whole, and what it proves is told", () => {
  for (const pinned of [publicKey, null]) {
    const verdict = judged(lines(), { publicKey: pinned });
    assert.ok(verdict.ok);
    const { placeId, firstSequence, sequence, eventCount, headCount } = verdict.proven;
    assert.deepEqual(
      { placeId, firstSequence, sequence, eventCount, headCount },
      { placeId: PLACE_ID, firstSequence: 1, sequence: 30, eventCount: 30, headCount: 3 },
    );
  }
});

test("what a dropped month left is whole from there on, and says so", () => {
  const rest = madeLedger({ first: 101, count: 12 });
  const verdict = judged(rest.lines, { publicKey: rest.signer.publicKey });
  assert.ok(verdict.ok);
  assert.equal(verdict.proven.firstSequence, 101);
});

test("a ledger without an event is whole", () => {
  const empty = madeLedger({ count: 0 });
  assert.ok(judged(empty.lines, { publicKey: empty.signer.publicKey }).ok);
});

test("a line that was changed is named", () => {
  const changed = lines();
  changed[lineOf(14) - 1] = changed[lineOf(14) - 1]?.replace('"doorId":234', '"doorId":235') ?? "";
  assert.match(wrongOf(changed), new RegExp(`^${lineOf(14)} 14: does not follow from the line before it`));
});

test("a line that was removed is named where it is missing", () => {
  assert.match(wrongOf(lines().toSpliced(lineOf(14) - 1, 1)), new RegExp(`^${lineOf(14)} 14: has the sequence 15: 14 is missing`));
  assert.match(wrongOf(lines().toSpliced(lineOf(14) - 1, 3)), new RegExp(`^${lineOf(14)} 14: has the sequence 17: 14 to 16 are missing`));
});

test("a line that was moved is named where it was and is no more, or where it came to", () => {
  const [moved = ""] = lines().slice(lineOf(14) - 1);
  const forward = lines()
    .toSpliced(lineOf(14) - 1, 1)
    .toSpliced(lineOf(17) - 1, 0, moved);
  assert.match(wrongOf(forward), new RegExp(`^${lineOf(14)} 14: has the sequence 15`));
  const back = lines()
    .toSpliced(lineOf(14) - 1, 1)
    .toSpliced(lineOf(12) - 1, 0, moved);
  assert.match(wrongOf(back), new RegExp(`^${lineOf(12)} 12: has the sequence 14: 12 to 13 are missing, or moved to behind it`));
});

test("a line that was put in is named: one of another sequence, the same one again, and one with a hash that fits", () => {
  const [again = ""] = lines().slice(lineOf(14) - 1);
  assert.match(
    wrongOf(lines().toSpliced(lineOf(15) - 1, 0, again)),
    new RegExp(`^${lineOf(15)} 15: has the sequence 14, which was there already`),
  );
  assert.match(wrongOf(lines().toSpliced(lineOf(15) - 1, 0, "{}")), new RegExp(`^${lineOf(15)} 15: is neither an event nor a head`));
  const forged = eventFileLine("0".repeat(64), '{"sequence":15,"eventAt":1}').trimEnd();
  assert.match(wrongOf(lines().toSpliced(lineOf(15) - 1, 0, forged)), new RegExp(`^${lineOf(15)} 15: does not follow`));
});

test("a file that was cut anywhere is told, also behind a head that would be its end", () => {
  for (let length = 0; length < lines().length; length += 1)
    assert.match(wrongOf(lines().slice(0, length)), /is missing/, `${length} lines`);
});

test("whoever changes an event and every hash after it is found by the next head, to the events between two of them", () => {
  const rewritten = madeLedger({ signer: ledger.signer, changed: 14 });
  // All that can be written without the key: events and hashes.
  const forged = rewritten.lines.map((line, index) => (line.startsWith('{"head"') ? (lines()[index] ?? "") : line));
  assert.match(
    wrongOf(forged),
    new RegExp(`^${lineOf(21) - 1} 21: ends what does not lead to the hash of .*: events between line ${lineOf(11) - 1} and here`),
  );
});

test("a head that somebody else signed is not taken, whatever the file says of its key", () => {
  const forged = madeLedger({ signer: newSigner(), changed: 14 });
  assert.match(wrongOf(forged.lines), /holds a head that is signed by the key/);
  const named = madeLedger({ changed: 14 });
  const renamed = named.lines.map((line) => line.replaceAll(named.signer.keyId, ledger.signer.keyId));
  assert.match(wrongOf(renamed), /holds a head that is not what the key .* signed/);
});

test("no member of a head can be changed", () => {
  const at = lineOf(11) - 2;
  const head = (JSON.parse(lines()[at] ?? "") as { head: LedgerHead }).head;
  const others: Partial<LedgerHead> = {
    placeId: 179,
    epoch: "e",
    firstSequence: 2,
    sequence: 9,
    at: 1,
    hash: "0".repeat(64),
    before: "0".repeat(64),
  };
  for (const [name, value] of Object.entries(others)) {
    const changed = lines().with(at, headFileLine({ ...head, [name]: value }).trimEnd());
    assert.match(wrongOf(changed), new RegExp(`^${at + 1} 11: `), name);
  }
});

test("a head that the key did sign is not taken for another place's, for another event's, or over another beginning", () => {
  const at = lineOf(11) - 2;
  const instead = (more: Partial<LedgerHead>): readonly string[] => lines().with(at, headFileLine(ledger.headAt(10, more)).trimEnd());
  assert.match(wrongOf(instead({ placeId: 179 })), new RegExp(`^${at + 1} 11: is a head of the place 179`));
  assert.match(wrongOf(instead({ sequence: 9 })), new RegExp(`^${at + 1} 11: holds the head of the sequence 9 behind 10`));
  assert.match(wrongOf(instead({ before: "0".repeat(64) })), new RegExp(`^${at + 1} 11: holds a head over another beginning`));
  assert.match(
    wrongOf(lines(), [ledger.headAt(10, { placeId: 179 })]),
    /^1 1: begins the ledger of the place 178, and kept head 1 is of 179/,
  );
  const [moved = ""] = lines().slice(at);
  assert.match(
    wrongOf(
      lines()
        .toSpliced(at, 1)
        .toSpliced(at + 1, 0, moved),
    ),
    new RegExp(`^${at + 2} 12: holds the head of the sequence 10 behind 11`),
  );
});

test("a signature is written in one way alone", () => {
  const at = lineOf(11) - 2;
  for (const spoilt of [
    (text: string) => ` ${text}`,
    (text: string) => `${text}==`,
    (text: string) => text.replace(/[AQgw]$/, (last) => String.fromCharCode(last.charCodeAt(0) + 1)),
  ]) {
    const changed = lines().with(
      at,
      (lines()[at] ?? "").replace(/"signature":"([^"]+)"/, (_, text: string) => `"signature":"${spoilt(text)}"`),
    );
    assert.match(wrongOf(changed), /holds a head that is not what the key/);
  }
});

test("the beginning is vouched for: nobody can leave out the first events, or say that the file ends sooner", () => {
  const header = (JSON.parse(lines()[0] ?? "") as { ledger: Record<string, unknown> }).ledger;
  const hash = /"hash":"(\w+)"/.exec(lines()[lineOf(5) - 1] ?? "")?.[1];
  const begun = JSON.stringify({ ledger: { ...header, firstSequence: 6, before: hash } });
  assert.match(wrongOf([begun, ...lines().slice(lineOf(5))]), /^1 null: begins with 6, and its last head vouches for events from 1 on/);
  const shorter = JSON.stringify({ ledger: { ...header, through: 25 } });
  assert.match(wrongOf([shorter, ...lines().slice(1)]), /^1 null: says that the file goes to 25, and it goes to 30/);
});

test("heads that somebody kept find a rewritten past and a cut end, although the key signed both", () => {
  const kept = [ledger.headAt(17), ledger.headAt(28)];
  const whole = judged(lines(), { publicKey, kept });
  assert.ok(whole.ok && whole.proven.keptAgreed === 2);
  const rewritten = madeLedger({ signer: ledger.signer, changed: 14 });
  assert.ok(judged(rewritten.lines, { publicKey }).ok, "whoever has database and key can rewrite");
  assert.match(wrongOf(rewritten.lines, kept), new RegExp(`^${lineOf(17)} 18: ends what does not lead to the hash of kept head 1`));
  const older = madeLedger({ signer: ledger.signer, count: 25 });
  assert.match(wrongOf(older.lines, kept), /is missing: kept head 2 is of the sequence 28 .* and the file ends with 25/);
  const foreign = signed(newSigner(), { ...ledger.headAt(17) });
  assert.match(wrongOf(lines(), [foreign]), /^1 1: cannot be judged by what you keep: kept head 1 is signed by the key/);
});

test("a kept head of what is no longer kept is counted, and the one of what stands before the first event is compared", () => {
  const rest = madeLedger({ first: 101, count: 12 });
  const { signer } = rest;
  const last = rest.headAt(100, { firstSequence: 1, before: "0".repeat(64) });
  const older = rest.headAt(100, { firstSequence: 1, sequence: 50, hash: "1".repeat(64) });
  const verdict = judged(rest.lines, { publicKey: signer.publicKey, kept: [last, older] });
  assert.ok(verdict.ok);
  assert.deepEqual([verdict.proven.keptAgreed, verdict.proven.keptTooOld], [1, 1]);
  const other = rest.headAt(100, { hash: "2".repeat(64) });
  assert.ok(!judged(rest.lines, { publicKey: signer.publicKey, kept: [other] }).ok);
});

test("whatever byte of a file is another, left out or put in, something is told", async () => {
  const folder = await mkdtemp(join(tmpdir(), "postern-ledger-"));
  const path = join(folder, "ledger.ndjson");
  const bytes = Buffer.from(`${lines().join("\n")}\n`);
  const isWhole = async (changed: Uint8Array): Promise<boolean> => {
    await writeFile(path, changed);
    const read: Buffer[] = [];
    for await (const line of fileLines(path)) read.push(Buffer.from(line));
    return judged(read, { publicKey }).ok;
  };
  // What nothing depends on: by whom the file says it was told, and when.
  const free = bytes.indexOf('"publicKey"');
  const freeTo = bytes.indexOf("\n");
  assert.ok(await isWhole(bytes));
  const at = fc.integer({ min: 0, max: bytes.length - 2 }).filter((each) => each < free || each >= freeTo);
  const change = fc.record({ at, kind: fc.constantFrom("other", "less", "more"), byte: fc.integer({ min: 0, max: 255 }) });
  await fc.assert(
    fc.asyncProperty(change, async ({ at: where, kind, byte }) => {
      const put = kind === "less" ? [] : [byte];
      const changed = Buffer.concat([bytes.subarray(0, where), Buffer.from(put), bytes.subarray(where + (kind === "more" ? 0 : 1))]);
      fc.pre(!changed.equals(bytes));
      assert.ok(!(await isWhole(changed)), changed.subarray(where - 120, where + 120).toString());
    }),
    { numRuns: 400 },
  );
  await rm(folder, { recursive: true });
});

test("a head that was kept is read as it is, from a line of a ledger's file and from a webhook's message, and nothing else is one", () => {
  const head = ledger.headAt(17);
  for (const text of [head, { head }, { type: "events", data: { placeId: PLACE_ID, head, events: [] } }])
    assert.deepEqual(keptHeadIn(JSON.stringify(text)), head);
  const { hash: _hash, ...less } = head;
  for (const text of ["", "{", "null", JSON.stringify(less), JSON.stringify({ ...head, more: 1 })])
    assert.equal(keptHeadIn(text), null, text);
});
