import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import fc from "fast-check";
import { statementValue } from "../../src/platform/statement-value.ts";
import { createTestDatabase, type TestDatabase } from "../support/index.ts";

let prepared: TestDatabase;
before(async () => {
  prepared = await createTestDatabase();
});
after(() => prepared.drop());

const SENT = "select $1::float8[] as numbers, $2::text[] as texts, $3::bigint[] as wholes";

test("lists come to the database as they were given: numbers, nothing at all, what is missing, and texts that look like numbers", async () => {
  const number = fc.option(fc.double({ noNaN: true, noDefaultInfinity: true }).map((each) => each + 0));
  const text = fc.option(fc.string({ unit: "grapheme" }).filter((each) => !each.includes("\0")));
  const sent = fc.tuple(fc.array(number), fc.array(text), fc.array(fc.option(fc.maxSafeInteger())));
  await fc.assert(
    fc.asyncProperty(sent, async ([numbers, texts, wholes]) => {
      const rows = await prepared.database.query(SENT, [numbers, texts, wholes]);
      assert.deepEqual(rows, [{ numbers, texts, wholes }]);
    }),
  );
});

test("a list with anything but numbers in it is left to the driver", () => {
  assert.equal(statementValue([1, null, -2.5]), "{1,NULL,-2.5}");
  assert.equal(statementValue([]), "{}");
  for (const left of [["1"], [1, "2"], [[1]], [undefined], "{1}", 1, null]) assert.equal(statementValue(left), left);
});
