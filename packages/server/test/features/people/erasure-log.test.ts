import assert from "node:assert/strict";
import { appendFile, mkdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { CodedError } from "@postern/core";
import { ERASURES_FILE, ErasureLog } from "../../../src/features/people/erasure-log.ts";
import { temporaryFolder } from "../../support/index.ts";

const person = (userId: number, madeAt = 1) => ({ userId, placeGroupId: 100, madeAt, erasedAt: 9 });

test("who was kept is known after a restart, each once, in a file that only its owner reads", async () => {
  await using folder = await temporaryFolder();
  const log = await ErasureLog.open(folder.path);
  await Promise.all([log.keep([person(1)]), log.keep([person(2), person(1)]), log.keep([])]);
  await log.keep([person(2), person(2, 5)]);
  const again = await ErasureLog.open(folder.path);
  assert.deepEqual(again.people, [person(1), person(2), person(2, 5)]);
  await again.keep([person(1), person(3)]);
  const path = join(folder.path, ERASURES_FILE);
  assert.equal((await readFile(path, "utf8")).trim().split("\n").length, 4);
  assert.equal((await stat(path)).mode & 0o777, 0o600);
});

test("a line that a power cut tore is not counted, and what is kept next is read whole", async () => {
  await using folder = await temporaryFolder();
  const path = join(folder.path, ERASURES_FILE);
  await (await ErasureLog.open(folder.path)).keep([person(1)]);
  await appendFile(path, `{"userId":2,${" ".repeat(200)}`);
  const log = await ErasureLog.open(folder.path);
  assert.deepEqual(log.people, [person(1)]);
  await log.keep([person(3)]);
  assert.deepEqual((await ErasureLog.open(folder.path)).people, [person(1), person(3)]);
});

test("what could not be written is written with the next one", async () => {
  await using folder = await temporaryFolder();
  const dataDir = join(folder.path, "data");
  await mkdir(dataDir);
  const log = await ErasureLog.open(dataDir);
  await rm(dataDir, { recursive: true });
  await assert.rejects(log.keep([person(1)]));
  await mkdir(dataDir);
  await log.keep([person(2)]);
  assert.deepEqual((await ErasureLog.open(dataDir)).people, [person(1), person(2)]);
});

test("a file with something else in it is refused by the line, since somebody whom it named may come back", async () => {
  await using folder = await temporaryFolder();
  await writeFile(join(folder.path, ERASURES_FILE), `${JSON.stringify(person(1))}\nnonsense\n`);
  await assert.rejects(
    ErasureLog.open(folder.path),
    (failure) => failure instanceof CodedError && failure.code === "erasures_unusable" && /line 2/.test(failure.message),
  );
});
