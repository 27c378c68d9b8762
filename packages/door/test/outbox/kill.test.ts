import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { openOutbox } from "../support/outbox.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const CHILD = fileURLToPath(new URL("../support/appending-child.ts", import.meta.url));

/** Runs a child that appends until it has reported so many numbers, kills it in the middle, and returns what it reported. */
async function appendUntilKilled(path: string, countMin: number): Promise<number[]> {
  const child = spawn(process.execPath, [CHILD, path], { stdio: ["ignore", "pipe", "inherit"] });
  let text = "";
  child.stdout.on("data", (chunk: Buffer) => {
    text += chunk.toString();
    if (text.split("\n").length > countMin) child.kill("SIGKILL");
  });
  const [code, signal] = await once(child, "close");
  assert.deepEqual([code, signal], [null, "SIGKILL"]);
  return text.split("\n").slice(0, -1).map(Number);
}

test("outbox: a kill in the middle of appending loses nothing that had returned, and leaves no hole", async (context) => {
  const path = join(temporaryFolder(context), "outbox.db");
  let reported = 0;
  for (const countMin of [1, 40, 101]) {
    const numbers = await appendUntilKilled(path, countMin);
    assert.ok(numbers[0] !== undefined && numbers[0] > reported, "numbers are never given twice");
    reported = numbers.at(-1) ?? 0;
    const outbox = openOutbox(path);
    assert.ok(outbox.last > reported, "what had returned is there, and a new generation after it");
    let expected = 1;
    for (const { generation, first, last } of outbox.greeting().generations.toReversed()) {
      assert.equal(first, expected);
      for (let from = first; from <= last; ) {
        const batch = outbox.batchFrom({ generation, from });
        assert.deepEqual([batch?.generation, batch?.first, batch?.lost], [generation, from, undefined]);
        from += batch?.events.length ?? 0;
      }
      expected = last + 1;
    }
    reported = outbox.last;
    outbox.close();
  }
});
