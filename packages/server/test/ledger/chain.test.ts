import assert from "node:assert/strict";
import { test } from "node:test";
import { eventLine } from "@postern/contract";
import { chainHash, chainOrigin } from "@postern/core";
import { type Chain, ChainRoll, type LedgerEnd } from "../../src/ledger/chain.ts";
import { periodOf } from "../../src/ledger/period.ts";
import type { EventRow } from "../../src/ledger/plan-append.ts";
import { BLOCK_EVENTS } from "../../src/ledger/summarise.ts";

const NOVEMBER = Date.UTC(2026, 10, 30, 23, 59);
const DECEMBER = Date.UTC(2026, 11, 1);
const NOBODY = { deviceId: 0, doorId: null, userId: null, authId: null, eventType: 1, generation: 0, localLogId: 0, detail: null } as const;
const NEW: LedgerEnd = { placeId: 178, nextSequence: 1, chain: null };

const received = (atMs: number): EventRow => ({ ...NOBODY, eventAt: atMs, receivedAt: atMs });

/** Rolls over events received at these times; returns the months they went to, too. */
function roll(end: LedgerEnd, times: readonly number[]) {
  const rolling = new ChainRoll(end);
  const placed = times.map((atMs) => rolling.place(received(atMs)));
  for (const each of placed) rolling.add(each);
  return { end: rolling.end, blocks: rolling.blocks, periods: placed.map(({ period }) => period) };
}

test("the hash after some events is the same however they came in appends", () => {
  const times = [NOVEMBER, NOVEMBER + 1, NOVEMBER + 2, DECEMBER, DECEMBER + 1];
  const whole = roll(NEW, times).end;
  for (let cut = 1; cut < times.length; cut += 1) {
    const begun = roll(NEW, times.slice(0, cut)).end;
    assert.deepEqual(roll(begun, times.slice(cut)).end, whole, `cut at ${cut}`);
  }
  let hash = chainOrigin(178, 1);
  for (const [index, atMs] of times.entries()) hash = chainHash(hash, eventLine({ ...received(atMs), sequence: index + 1 }));
  assert.equal(whole.chain?.hash, hash);
});

test("a ledger that had events before there were chains begins its own with the next one", () => {
  const { end } = roll({ placeId: 178, nextSequence: 41, chain: null }, [NOVEMBER]);
  const hash = chainHash(chainOrigin(178, 41), eventLine({ ...received(NOVEMBER), sequence: 41 }));
  const chain: Chain = { hash, from: 41, period: periodOf(NOVEMBER), blockFirst: 41 };
  assert.deepEqual(end, { placeId: 178, nextSequence: 42, chain });
});

test("a block ends with its month and keeps the hash over everything up to there", () => {
  const november = roll(NEW, [NOVEMBER, NOVEMBER]).end;
  const { blocks, end } = roll(november, [DECEMBER]);
  assert.deepEqual(blocks, [{ placeId: 178, period: periodOf(NOVEMBER), first: 1, last: 2, hash: november.chain?.hash }]);
  assert.equal(end.chain?.blockFirst, 3);
  assert.deepEqual(roll(NEW, [NOVEMBER, NOVEMBER, DECEMBER]).blocks, blocks);
});

test("a block ends where the counts of pages have their blocks, too", () => {
  const before = roll({ ...NEW, nextSequence: BLOCK_EVENTS - 2 }, [NOVEMBER, NOVEMBER]).end;
  const { blocks } = roll(before, [NOVEMBER, NOVEMBER]);
  assert.deepEqual(
    blocks.map(({ first, last, hash }) => ({ first, last, hash })),
    [{ first: BLOCK_EVENTS - 2, last: BLOCK_EVENTS - 1, hash: before.chain?.hash }],
  );
});

test("what was received as a month ended and is appended after the next has begun goes with the next: a month is one run", () => {
  const { periods, blocks } = roll(NEW, [NOVEMBER, DECEMBER, NOVEMBER + 59_999, DECEMBER]);
  const [november, december] = [periodOf(NOVEMBER), periodOf(DECEMBER)];
  assert.deepEqual(periods, [november, december, december, december]);
  assert.equal(blocks.length, 1);
  const ended = roll(NEW, [NOVEMBER, DECEMBER]).end;
  assert.deepEqual(roll(ended, [NOVEMBER]).periods, [december]);
});

test("a clock that was a year ahead takes no later event with it", () => {
  const { periods, blocks } = roll(NEW, [NOVEMBER, Date.UTC(2027, 10, 30), NOVEMBER]);
  const november = periodOf(NOVEMBER);
  assert.deepEqual(periods, [november, november + 12, november]);
  assert.deepEqual(
    blocks.map(({ first, last, period }) => ({ first, last, period })),
    [
      { first: 1, last: 1, period: november },
      { first: 2, last: 2, period: november + 12 },
    ],
  );
});
