import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { createTestDatabase, type TestDatabase } from "../support/test-database.ts";

let db: TestDatabase;

before(async () => {
  db = await createTestDatabase();
});

after(async () => {
  await db.drop();
});

test("a session acts as the application's role", async () => {
  const rows = await db.database.query<{ role: string }>("select current_user::text as role");
  assert.deepEqual(rows, [{ role: "postern_app" }]);
});
