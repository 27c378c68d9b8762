import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type { AuthData } from "@postern/contract";
import { dataOf, refusal, refusedFor } from "../support/answers.ts";
import { bodyOf, csn } from "../support/create-bodies.ts";
import { databaseCounts } from "../support/database-counts.ts";
import { type Answer, type FeatureServer, PLACE_ID, startFeatureServer } from "../support/feature-server.ts";

let server: FeatureServer;
before(async () => {
  server = await startFeatureServer();
});
after(() => server[Symbol.asyncDispose]());

async function create(body: unknown): Promise<AuthData> {
  return dataOf<AuthData>(await server.call("POST", `/v1/places/${PLACE_ID}/auths`, { body }));
}
const patch = (authId: number, body: unknown, key = "all"): Promise<Answer> => server.call("PATCH", `/v1/auths/${authId}`, { body, key });
const put = (authId: number, body: unknown): Promise<Answer> => server.call("PUT", `/v1/places/auths/${authId}`, { body });

async function item(authId: number): Promise<Record<string, unknown>> {
  const [row] = await server.test.database.query<{ item: Record<string, unknown> }>("select item from roster_items where item_key = $1", [
    `auth:${authId}`,
  ]);
  assert.ok(row !== undefined);
  return row.item;
}

async function revision(): Promise<number> {
  const [row] = await server.test.database.query<{ revision: number }>("select revision from roster_heads where place_id = $1", [PLACE_ID]);
  return row?.revision ?? 0;
}

test("PATCH changes what it names, leaves the rest, and its doors learn the whole of it", async () => {
  const made = await create(bodyOf("patched", { credentials: { cards: [csn("20001")], phone: "123" } }));
  server.nowMs += 1_000;
  const changed = dataOf<AuthData>(await patch(made.authId, { activeStatus: "INACTIVE", doorAccessType: "SPECIFIC", doorIds: [235, 234] }));
  assert.deepEqual(changed, {
    ...made,
    lastModifiedAt: made.lastModifiedAt + 1_000,
    auth: {
      ...made.auth,
      activeStatus: "INACTIVE",
      doorAccessType: "SPECIFIC",
      doors: [
        { doorId: 234, doorName: "Entrance" },
        { doorId: 235, doorName: "Office" },
      ],
    },
  });
  const { status, doors, cards } = await item(made.authId);
  assert.deepEqual({ status, doors, cards }, { status: "INACTIVE", doors: [234, 235], cards: ["CSN:20001"] });
  assert.deepEqual(dataOf(await server.call("GET", `/v1/auths/${made.authId}`)), changed);
});

test("a change to what is already so costs the doors nothing and leaves no trace", async () => {
  const made = await create(bodyOf("same", { credentials: { cards: [csn("20002")], pin: "4711", uniquePin: "20002000" } }));
  const before = [await revision(), await databaseCounts(server.test.database)];
  server.nowMs += 1_000;
  const again = dataOf<AuthData>(
    await patch(made.authId, {
      auth: { credentials: { cards: [csn("20002")], pin: 4711, uniquePin: "20002000" }, activeStatus: "ACTIVE" },
    }),
  );
  assert.deepEqual(again, made);
  assert.deepEqual([await revision(), await databaseCounts(server.test.database)], before);
});

test("null clears what can be cleared, and is refused by name where nothing can stand in its place", async () => {
  const made = await create(bodyOf("cleared", { credentials: { name: "Kim", cards: [csn("20003")], pin: "4711", phone: "1" } }));
  assert.deepEqual(made.auth.credentials.modes, ["CARD", "CODE_THEN_PIN"]);
  const cleared = dataOf<AuthData>(await patch(made.authId, { credentials: { name: null, cards: null, pin: null, phone: null } }));
  assert.deepEqual(cleared.auth.credentials, { modes: [], faceImages: [], name: "cleared" });
  assert.equal((await item(made.authId))["pin"], null);
  assert.equal(refusedFor(await patch(made.authId, { startTime: null, endTime: null, doorIds: null })), "e1005 startTime endTime doorIds");
});

test("PUT overwrites the credentials whole", async () => {
  const made = await create(bodyOf("overwritten", { credentials: { cards: [csn("20004")], pin: "4711" } }));
  const put_ = dataOf<AuthData>(await put(made.authId, { credentials: { uniquePin: "20004000" } }));
  assert.deepEqual(put_.auth.credentials, { modes: ["UNIQUE_PIN"], faceImages: [], name: "overwritten" });
  await create(bodyOf("next", { credentials: { cards: [csn("20004")] } }));
  assert.equal(refusedFor(await put(made.authId, {})), "e1005 credentials");
});

test("a card moves from one person to another in two calls, and is refused by its place in the list until then", async () => {
  const holder = await create(bodyOf("holder", { credentials: { cards: [csn("20005")] } }));
  const wanter = await create(bodyOf("wanter", { credentials: { cards: [csn("20006")] } }));
  const taken = await patch(wanter.authId, { credentials: { cards: [csn("20006"), csn("20005")] } });
  assert.equal(refusedFor(taken), "e1006 credentials.cards[1]");
  assert.equal(refusal(taken).details[0]?.authId, holder.authId);
  dataOf(await patch(holder.authId, { credentials: { cards: [] } }));
  dataOf(await patch(wanter.authId, { credentials: { cards: [csn("20006"), csn("20005")] } }));
  assert.deepEqual((await item(wanter.authId))["cards"], ["CSN:20005", "CSN:20006"]);
});

test("what is wrong with a change is named, changes nothing, and is judged beside what stays", async () => {
  const made = await create(bodyOf("judged"));
  const counts = await databaseCounts(server.test.database);
  for (const [body, fields] of [
    [{ startTime: 3_000 }, "e1005 endTime"],
    [{ endTime: 500 }, "e1005 endTime"],
    [{ auth: { endTime: 2_147_400_000_000_000 } }, "e1005 auth.endTime"],
    [{ doorAccessType: "SPECIFIC" }, "e1005 doorIds"],
    [{ doorIds: [234, 9_999] }, "e1007 doorIds[1]"],
    [{ scheduleId: 9_999 }, "e1007 scheduleId"],
    [{ credentials: { pin: "12" } }, "e1005 credentials.pin"],
    [{ credentials: { faceImages: ["AAAA"] } }, "e1005 credentials.faceImages[0]"],
    [{ auth: {}, activeStatus: "ACTIVE" }, "e1005 activeStatus"],
    [[], "e1005 body"],
  ] as const)
    assert.equal(refusedFor(await patch(made.authId, body)), fields, JSON.stringify(body));
  assert.deepEqual(await databaseCounts(server.test.database), counts);
});

test("an auth out of reach is changed by nobody, and answers like one that does not exist", async () => {
  const made = await create(bodyOf("hidden-from"));
  for (const key of ["foreign", "second", "nowhere"]) {
    assert.deepEqual((await patch(made.authId, { activeStatus: "INACTIVE" }, key)).body, (await patch(999_999, {}, key)).body, key);
  }
  assert.equal(refusedFor(await patch(made.authId, {}, "events")), "e1001");
});

test("a create body that was changed since is another request", async () => {
  const body = bodyOf("retried", { credentials: { phone: "1" } });
  const made = await create(body);
  dataOf(await patch(made.authId, { credentials: { phone: "2" } }));
  assert.equal(refusedFor(await server.call("POST", `/v1/places/${PLACE_ID}/auths`, { body })), "e1006 user.key");
});

test("two changes at once are both carried out, one after the other", async () => {
  const made = await create(bodyOf("twice"));
  await Promise.all([patch(made.authId, { credentials: { phone: "77" } }), patch(made.authId, { activeStatus: "INACTIVE" })]);
  const { auth } = dataOf<AuthData>(await server.call("GET", `/v1/auths/${made.authId}`));
  assert.deepEqual([auth.credentials.phone, auth.activeStatus], ["77", "INACTIVE"]);
});

test("a list finds people by a part of key or name and by a whole card number, with an exact total", async () => {
  await create(bodyOf("findme-1", { credentials: { name: "Zoe Quill", cards: [csn("777001")] } }));
  await create(bodyOf("findme-2", { credentials: { name: "Zoe Rook" } }));
  const found = async (query: string): Promise<string> => {
    const { body } = await server.call("GET", `/v1/places/${PLACE_ID}/auths?${query}`);
    const { total, data } = body as { total: number; data: AuthData[] };
    return `${total}: ${data.map(({ user }) => user.name).join(", ")}`;
  };
  assert.equal(await found("q=zoe&sort=name,desc"), "2: Zoe Rook, Zoe Quill");
  assert.equal(await found("q=zoe&sort=name,asc&size=1&page=1"), "2: Zoe Rook");
  assert.equal(await found("q=777001"), "1: Zoe Quill");
  assert.equal(await found("q=77700"), "0: ");
  assert.equal(await found("q=findme&activeStatus=INACTIVE"), "0: ");
});
