import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type { Group } from "@postern/contract";
import type { AuthItem } from "@postern/core";
import { GROUPS_PER_PLACE_MAX } from "../../../src/features/groups/limits.ts";
import { GROUP_MEMBERS_MAX } from "../../../src/roster/limits.ts";
import { databaseCounts } from "../support/database-counts.ts";
import { type Answer, type Call, type FeatureServer, PLACE_ID, SECOND_PLACE_ID, startFeatureServer } from "../support/feature-server.ts";
import { messageOf, problemOf } from "../support/problems.ts";
import { rosterItem, rosterRevision } from "../support/roster-reader.ts";

let server: FeatureServer;
before(async () => {
  server = await startFeatureServer();
});
after(() => server[Symbol.asyncDispose]());

const GROUPS = `/v2/places/${PLACE_ID}/groups`;
const FRONT = { doors: [234], scheduleId: null };

function post(body: unknown, call: Omit<Call, "body"> = {}): Promise<Answer> {
  return server.call("POST", GROUPS, { ...call, body });
}

async function made(body: object = {}): Promise<Group> {
  const answer = await post({ name: "Staff", grants: [FRONT], ...body });
  assert.equal(answer.status, 201, JSON.stringify(answer.body));
  return answer.body as Group;
}

let people = 0;

/** An auth that opens one door by itself. */
async function enrolled(placeId = PLACE_ID): Promise<number> {
  people += 1;
  const doorIds = placeId === PLACE_ID ? [236] : server.second.doorIds;
  const answer = await server.call("POST", `/v1/places/${placeId}/auths`, {
    body: {
      user: { key: `member-${people}` },
      auth: {
        ...{
          activeStatus: "ACTIVE",
          startTime: 0,
          endTime: 2_000_000_000_000,
          doorAccessType: "SPECIFIC",
          doorIds,
          scheduleType: "ALWAYS",
        },
        credentials: { name: `Member ${people}` },
      },
    },
  });
  assert.equal(answer.status, 200, JSON.stringify(answer.body));
  return (answer.body as { data: { authId: number } }).data.authId;
}

function member(method: "PUT" | "DELETE", groupId: number, authId: number, key = "all"): Promise<Answer> {
  return server.call(method, `/v2/groups/${groupId}/members/${authId}`, { key });
}

async function join(groupId: number, authId: number): Promise<void> {
  const answer = await member("PUT", groupId, authId);
  assert.equal(answer.status, 204, JSON.stringify(answer.body));
}

async function grantsOf(authId: number): Promise<unknown> {
  const item = (await rosterItem(server.test.database, PLACE_ID, `auth:${authId}`)) as AuthItem | null | undefined;
  return item?.grants;
}

async function membersOf(groupId: number): Promise<readonly number[]> {
  const { body } = await server.call("GET", `/v2/groups/${groupId}/members`);
  return (body as { items: { authId: number }[] }).items.map((item) => item.authId);
}

/** What a refused or needless call must leave as it is. */
async function everything(): Promise<unknown> {
  const { database } = server.test;
  const own = await database.query(`select (select count(*) from audit) as audit, (select count(*) from access_group_members) as members,
    (select jsonb_agg(g order by group_id) from access_groups g) as groups`);
  return { own, ...(await databaseCounts(database)) };
}

async function auditOf(groupId: number): Promise<readonly unknown[]> {
  const text = "select action, outcome, detail from audit where target_kind = 'group' and target_id = $1 order by audit_id";
  return server.test.database.query(text, [String(groupId)]);
}

test("the doors have what a group gives as soon as somebody belongs to it, and lose it with the membership and with the group", async () => {
  const [{ groupId }, other] = [await made(), await made({ grants: [{ doors: "all", scheduleId: 333 }] })];
  const authId = await enrolled();
  assert.deepEqual(await grantsOf(authId), []);
  await join(groupId, authId);
  await join(other.groupId, authId);
  assert.deepEqual(await grantsOf(authId), [FRONT, { doors: "all", scheduleId: 333 }]);
  assert.equal(((await server.call("GET", `/v2/groups/${groupId}`)).body as Group).memberCount, 1);
  assert.deepEqual(await membersOf(groupId), [authId]);

  assert.equal((await member("DELETE", groupId, authId)).status, 204);
  assert.deepEqual(await grantsOf(authId), [{ doors: "all", scheduleId: 333 }]);
  assert.equal((await server.call("DELETE", `/v2/groups/${other.groupId}`)).status, 204);
  assert.deepEqual(await grantsOf(authId), []);
  assert.equal(problemOf(await server.call("GET", `/v2/groups/${other.groupId}`)), "404 not_found groupId");
  assert.deepEqual(await auditOf(groupId), [
    { action: "group.create", outcome: "done", detail: null },
    { action: "group.add_member", outcome: "done", detail: { authId } },
    { action: "group.remove_member", outcome: "done", detail: { authId } },
  ]);
  assert.deepEqual((await auditOf(other.groupId)).at(-1), { action: "group.delete", outcome: "done", detail: { members: 1 } });
});

test("a change of grants reaches every member in the same commit, and doors are kept in ascending order; a new name tells no door anything", async () => {
  const { groupId } = await made();
  const members = [await enrolled(), await enrolled(), await enrolled()];
  const outsider = await enrolled();
  for (const authId of members) await join(groupId, authId);
  const path = `/v2/groups/${groupId}`;
  const answer = await server.call("PATCH", path, { body: { grants: [{ doors: [236, 235], scheduleId: 333 }] } });
  const grants = [{ doors: [235, 236], scheduleId: 333 }];
  assert.deepEqual(answer.body, { groupId, placeId: PLACE_ID, name: "Staff", grants, memberCount: 3 });
  for (const authId of members) assert.deepEqual(await grantsOf(authId), grants);
  assert.deepEqual(await grantsOf(outsider), []);

  const revision = await rosterRevision(server.test.database, PLACE_ID);
  assert.equal((await server.call("PATCH", path, { body: { name: "Night staff" } })).status, 200);
  assert.equal(await rosterRevision(server.test.database, PLACE_ID), revision);
  const counts = await everything();
  assert.equal(
    (await server.call("PATCH", path, { body: { name: "Night staff", grants: [{ doors: [236, 235], scheduleId: 333 }] } })).status,
    200,
  );
  assert.deepEqual(await everything(), counts);
});

test("a repeated membership, and the end of one that is none, change nothing and are no failure", async () => {
  const { groupId } = await made();
  const [authId, outsider] = [await enrolled(), await enrolled()];
  await join(groupId, authId);
  const counts = await everything();
  await join(groupId, authId);
  assert.equal((await member("DELETE", groupId, outsider)).status, 204);
  assert.deepEqual(await everything(), counts);
});

test("whoever is deleted belongs to no group any more", async () => {
  const { groupId } = await made();
  const authId = await enrolled();
  await join(groupId, authId);
  await server.call("DELETE", `/v1/auths/${authId}`);
  assert.deepEqual(await membersOf(groupId), []);
  assert.equal(problemOf(await member("PUT", groupId, authId)), "404 not_found authId");
});

test("doors and schedules must be the place's own; what is wrong is named where the client wrote it, and nothing is changed", async () => {
  const { groupId } = await made();
  const before = await everything();
  const wrong: readonly (readonly [object, string])[] = [
    [{ grants: [FRONT, { doors: [234, server.second.doorIds[0]], scheduleId: null }] }, "grants[1].doors[1]"],
    [
      {
        grants: [
          { doors: "all", scheduleId: 999_999 },
          { doors: [777], scheduleId: 333 },
        ],
      },
      "grants[0].scheduleId grants[1].doors[0]",
    ],
    [{ grants: [{ doors: [234, 234], scheduleId: null }] }, "grants[0].doors"],
    [{ grants: Array.from({ length: 17 }, () => FRONT) }, "grants"],
    [{ grants: [{ doors: "none", scheduleId: null }] }, "grants[0].doors"],
    [{ name: "" }, "name"],
    [{ members: [] }, "members"],
  ];
  for (const [body, fields] of wrong) {
    assert.equal(problemOf(await post({ name: "Wrong", grants: [], ...body })), `400 argument_invalid ${fields}`, JSON.stringify(body));
    assert.equal(problemOf(await server.call("PATCH", `/v2/groups/${groupId}`, { body })), `400 argument_invalid ${fields}`);
  }
  assert.deepEqual(await everything(), before);
});

test("a door that is gone keeps nobody from renaming a group that names it", async () => {
  const { groupId } = await made();
  await server.test.database.query("update access_groups set grants = $2 where group_id = $1", [
    groupId,
    JSON.stringify([{ doors: [777], scheduleId: null }]),
  ]);
  assert.equal((await server.call("PATCH", `/v2/groups/${groupId}`, { body: { name: "Renamed" } })).status, 200);
});

test("through all their groups nobody gets more grants than the link carries, whether they join or a group grows; who would is named", async () => {
  const sixteen = Array.from({ length: 16 }, () => FRONT);
  const authId = await enrolled();
  const groups: Group[] = [];
  for (let count = 0; count < 4; count += 1) groups.push(await made({ grants: sixteen }));
  for (const { groupId } of groups) await join(groupId, authId);
  const fifth = await made({ grants: [] });
  await join(fifth.groupId, authId);
  const counts = await everything();
  const grown = await server.call("PATCH", `/v2/groups/${fifth.groupId}`, { body: { grants: [FRONT] } });
  assert.equal(problemOf(grown), "409 conflict grants");
  assert.equal(messageOf(grown), `auth ${authId} would have more than 64 grants through all its groups`);
  const sixth = await made();
  const beforeJoin = await everything();
  assert.notDeepEqual(beforeJoin, counts);
  assert.equal(problemOf(await member("PUT", sixth.groupId, authId)), "409 conflict authId");
  assert.deepEqual(await everything(), beforeJoin);
  assert.equal(((await grantsOf(authId)) as unknown[]).length, 64);
});

test("nobody belongs to more groups, and nobody's groups name more doors, than the link carries", async () => {
  const { database } = server.test;
  const authId = await enrolled();
  for (let count = 0; count < 32; count += 1) await join((await made({ grants: [] })).groupId, authId);
  assert.match(messageOf(await member("PUT", (await made({ grants: [] })).groupId, authId)), /would belong to more than 32 groups/);

  const other = await enrolled();
  const many = JSON.stringify(
    Array.from({ length: 8 }, () => ({ doors: Array.from({ length: 1_000 }, (_, index) => index + 1), scheduleId: null })),
  );
  const { groupId } = await made({ grants: [] });
  await database.query("update access_groups set grants = $2 where group_id = $1", [groupId, many]);
  await join(groupId, other);
  assert.match(messageOf(await member("PUT", (await made()).groupId, other)), /name more than 8000 doors/);
});

test("a group with as many members as it may have takes nobody more, however they come, and its doors still follow a change", async () => {
  const { database } = server.test;
  const { groupId } = await made({ grants: [] });
  await database.query(
    `with person as (insert into users(user_id, place_group_id, key, made_at) select 800000 + n, 100, 'crowd-' || n, 1 from generate_series(1, $2::int) n returning user_id),
      held as (insert into auths(place_id, auth_id, user_id, name, status, start_at, end_at, door_access_type, schedule_type, modes, made_at, last_modified_at)
        select $1, user_id, user_id, 'n', 'ACTIVE', 1, 2, 'SPECIFIC', 'ALWAYS', '{}', 1, 1 from person returning auth_id)
      insert into access_group_members(place_id, group_id, auth_id) select $1, $3, auth_id from held`,
    [PLACE_ID, GROUP_MEMBERS_MAX - 1, groupId],
  );
  const [last, more] = [await enrolled(), await enrolled()];
  await join(groupId, last);
  const counts = await everything();
  assert.equal(problemOf(await member("PUT", groupId, more)), "409 conflict groupId");
  assert.equal(problemOf(await server.call("PATCH", `/v2/auths/${more}`, { body: { groupIds: [groupId] } })), "409 conflict groupIds");
  const body = { userKey: "one-too-many", startAt: 1, endAt: 2, doors: [], groupIds: [groupId] };
  assert.equal(problemOf(await server.call("POST", `/v2/places/${PLACE_ID}/auths`, { body })), "409 conflict groupIds");
  assert.deepEqual(await everything(), counts);
  // Who belongs to it already may be changed in every other way.
  assert.equal((await server.call("PATCH", `/v2/auths/${last}`, { body: { name: "Last", groupIds: [groupId] } })).status, 200);
  const changed = await server.call("PATCH", `/v2/groups/${groupId}`, { body: { grants: [FRONT] } });
  assert.equal(changed.status, 200, JSON.stringify(changed.body));
  for (const authId of [last, 800_001]) assert.deepEqual(await grantsOf(authId), [FRONT]);
});

test("a change of another version than the one that was read is refused", async () => {
  const { groupId } = await made();
  const path = `/v2/groups/${groupId}`;
  const { etag } = (await server.call("GET", path)).headers as { etag: string };
  await join(groupId, await enrolled());
  for (const [method, body] of [["PATCH", { name: "B" }] as const, ["DELETE", undefined] as const]) {
    const answer = await server.call(method, path, { ...(body === undefined ? {} : { body }), headers: { "if-match": etag } });
    assert.equal(problemOf(answer), "412 changed_meanwhile");
  }
  const fresh = (await server.call("GET", path)).headers as { etag: string };
  assert.equal((await server.call("DELETE", path, { headers: { "if-match": fresh.etag } })).status, 204);
});

test("the same Idempotency-Key makes one group, and does not bring a deleted one back", async () => {
  const headers = { "idempotency-key": "one" };
  const body = { name: "Once", grants: [] };
  const [first, second] = [await post(body, { headers }), await post(body, { headers })];
  assert.deepEqual(second.body, first.body);
  assert.equal(problemOf(await post({ ...body, name: "Twice" }, { headers })), "409 conflict Idempotency-Key");
  await server.call("DELETE", `/v2/groups/${(first.body as Group).groupId}`);
  assert.equal(problemOf(await post(body, { headers })), "409 conflict Idempotency-Key");
});

test("an auth of another place is as if it were not there, and so is a group out of reach", async () => {
  const { groupId } = await made();
  const foreignAuth = await enrolled(SECOND_PLACE_ID);
  assert.deepEqual((await member("PUT", groupId, foreignAuth)).body, (await member("PUT", groupId, 999_999)).body);
  const authId = await enrolled();
  for (const key of ["foreign", "second"]) {
    for (const path of [`/v2/groups/${groupId}`, `/v2/groups/${groupId}/members`])
      assert.deepEqual(
        (await server.call("GET", path, { key })).body,
        (await server.call("GET", path.replace(`${groupId}`, "999999"), { key })).body,
      );
    assert.equal((await server.call("PATCH", `/v2/groups/${groupId}`, { key, body: { name: "A" } })).status, 404);
    assert.equal((await server.call("DELETE", `/v2/groups/${groupId}`, { key })).status, 404);
    assert.equal((await member("PUT", groupId, authId, key)).status, 404);
    assert.equal((await member("DELETE", groupId, authId, key)).status, 404);
    assert.equal((await server.call("GET", GROUPS, { key })).status, 404);
  }
  assert.deepEqual(await membersOf(groupId), []);
});

test("who configures doors may read groups and not whom they hold; people alone may write them", async () => {
  const { groupId } = await made();
  const path = `/v2/groups/${groupId}`;
  for (const key of ["people", "doors:configure"]) assert.equal((await server.call("GET", path, { key })).status, 200, key);
  for (const key of ["events", "doors:configure"]) assert.equal((await server.call("GET", `${path}/members`, { key })).status, 403, key);
  for (const key of ["events", "doors:configure", "devices"]) {
    assert.equal((await post({ name: "A", grants: [] }, { key })).status, 403, key);
    assert.equal((await server.call("PATCH", path, { key, body: { name: "A" } })).status, 403, key);
    assert.equal((await server.call("DELETE", path, { key })).status, 403, key);
    assert.equal((await member("PUT", groupId, 1, key)).status, 403, key);
    assert.equal((await member("DELETE", groupId, 1, key)).status, 403, key);
  }
});

test("members and groups come in pages without one left out or told twice", async () => {
  const { groupId } = await made();
  const members: number[] = [];
  for (let count = 0; count < 5; count += 1) members.push(await enrolled());
  for (const authId of members.toReversed()) await join(groupId, authId);
  assert.deepEqual(await pagesOf(`/v2/groups/${groupId}/members`, "authId"), members);
  const groups = await server.test.database.query<{ id: number }>(
    "select group_id as id from access_groups where place_id = $1 order by 1",
    [PLACE_ID],
  );
  assert.deepEqual(
    await pagesOf(GROUPS, "groupId"),
    groups.map((row) => row.id),
  );
});

async function pagesOf(path: string, name: string): Promise<readonly unknown[]> {
  const seen: unknown[] = [];
  for (let next: string | undefined = ""; next !== undefined; ) {
    const { body }: Answer = await server.call("GET", `${path}?limit=2${next === "" ? "" : `&after=${next}`}`);
    const page = body as { items: Record<string, unknown>[]; next?: string };
    seen.push(...page.items.map((item) => item[name]));
    next = page.next;
  }
  return seen;
}

test("two who change and delete a group and its members at once never break a deadlock, and the doors agree with the tables", async () => {
  for (let round = 0; round < 6; round += 1) {
    const { groupId } = await made();
    const [first, second] = [await enrolled(), await enrolled()];
    await Promise.all([
      member("PUT", groupId, first),
      server.call("PATCH", `/v2/groups/${groupId}`, { body: { grants: [{ doors: "all", scheduleId: null }] } }),
      member("PUT", groupId, second),
      server.call("DELETE", `/v1/auths/${second}`),
      ...(round % 2 === 0 ? [server.call("DELETE", `/v2/groups/${groupId}`)] : []),
    ]);
    assert.deepEqual(await grantsOf(first), round % 2 === 0 ? [] : [{ doors: "all", scheduleId: null }]);
    assert.equal(await grantsOf(second), undefined);
  }
  assert.ok(!server.repeatedFor.includes("40P01"), "no deadlock had to be broken");
});

test("a place has a bounded number of groups", async () => {
  await server.test.database.query(
    "insert into access_groups(group_id, place_id, name, grants) select 700000 + n, $1, 'n', '[]' from generate_series(1, $2::int) n",
    [SECOND_PLACE_ID, GROUPS_PER_PLACE_MAX - 1],
  );
  const path = `/v2/places/${SECOND_PLACE_ID}/groups`;
  assert.equal((await server.call("POST", path, { body: { name: "last", grants: [] } })).status, 201);
  assert.equal(problemOf(await server.call("POST", path, { body: { name: "one more", grants: [] } })), "409 conflict");
});
