import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type { Auth, AuthData } from "@postern/contract";
import { faceMark } from "@postern/core";
import { DEFAULT_PACK, readTemplate } from "@postern/face";
import { groupPhoto, PEOPLE, personPhoto } from "@postern/face/testing";
import { endBiometrics } from "../../../src/features/auths/end-biometrics.ts";
import { withTemplates } from "../../../src/gateway/template-store.ts";
import type { PageItem } from "../../../src/roster/page.ts";
import { dataOf, refusedFor } from "../support/answers.ts";
import { bodyOf } from "../support/create-bodies.ts";
import { databaseCounts } from "../support/database-counts.ts";
import { type Answer, type FeatureServer, PLACE_ID, startFeatureServer } from "../support/feature-server.ts";

let server: FeatureServer;
let ann: string;
let bea: string;
before(async () => {
  server = await startFeatureServer();
  ann = (await personPhoto(PEOPLE["6d"])).toString("base64");
  bea = (await personPhoto(PEOPLE["3a"])).toString("base64");
  // The first photo has the models made, which on a busy machine takes longer than a call may.
  await server.faces.examine(Buffer.from(ann, "base64"), { wantsCrop: false });
});
after(() => server[Symbol.asyncDispose]());

function enrol(key: string, ...faceImages: string[]): Promise<Answer> {
  return server.call("POST", `/v1/places/${PLACE_ID}/auths`, { body: bodyOf(key, { credentials: { faceImages } }) });
}

const change = (authId: number, credentials: object): Promise<Answer> =>
  server.call("PATCH", `/v1/auths/${authId}`, { body: { credentials } });

interface FaceItem extends PageItem {
  readonly item: { readonly faces?: string[]; readonly chains: string[][] };
}

async function item(authId: number): Promise<FaceItem> {
  const [row] = await server.test.database.query<{ item: FaceItem["item"]; revision: number }>(
    "select item, revision from roster_items where item_key = $1",
    [`auth:${authId}`],
  );
  assert.ok(row !== undefined);
  return { key: `auth:${authId}`, revision: row.revision, item: row.item };
}

async function sent(authId: number): Promise<readonly string[] | undefined> {
  const [found] = await withTemplates(server.test.database, server.personKeys, [await item(authId)]);
  return found?.faceTemplates;
}

test("a photo becomes a template that doors are sent, while roster and tables hold its mark alone and nothing holds the photo", async () => {
  const { authId, auth } = dataOf<AuthData>(await enrol("ann", ann));
  assert.deepEqual([auth.credentials.modes, auth.credentials.faceImages], [["FACE"], []]);
  const [template = ""] = (await sent(authId)) ?? [];
  assert.equal(readTemplate(DEFAULT_PACK, template)?.length, 128);
  const { item: held } = await item(authId);
  assert.deepEqual([held.faces, held.chains], [[faceMark(template)], [["FACE"]]]);
  const bytes = template.split(".")[2] ?? "";
  for (const secret of [bytes, bytes.slice(20, 60), Buffer.from(bytes, "base64").toString("hex"), ann.slice(2_000, 2_060)]) {
    for (const table of ["auths", "roster_items", "roster_deltas", "audit", "person_keys", "idempotency_keys"]) {
      const rows = await server.test.database.query(`select 1 from ${table} as one where strpos(one::text, $1) > 0`, [secret]);
      assert.equal(rows.length, 0, table);
    }
  }
  const { body } = await server.call("GET", `/v2/auths/${authId}`);
  assert.equal((body as Auth).credentials.faceCount, 1);
  assert.ok(!JSON.stringify(body).includes(bytes));
});

test("a data URL, and base64 in lines, are the picture they hold; the same request again makes nobody twice", async () => {
  const lines = ann.replace(/(.{76})/g, "$1\r\n");
  const { authId } = dataOf<AuthData>(await enrol("forms", `data:image/jpeg;base64,${ann}`, lines));
  const templates = (await sent(authId)) ?? [];
  assert.equal(templates.length, 2);
  assert.equal(templates[0], templates[1]);
  assert.equal(dataOf<AuthData>(await enrol("forms", ann, ann)).authId, authId);
  assert.equal(refusedFor(await enrol("forms", ann, bea)), "e1006 user.key");
});

test("a photo that is no good one is refused by CLUe's code, naming which, and changes nothing", async () => {
  const counts = await databaseCounts(server.test.database);
  const turned = (await personPhoto(PEOPLE["1c"])).toString("base64");
  const crowd = (await groupPhoto(3)).toString("base64");
  const svg = Buffer.from('<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>').toString("base64");
  const cut = Buffer.from(ann, "base64").subarray(0, 9_000).toString("base64");
  const refused: readonly [string, readonly string[]][] = [
    ["f1000 auth.credentials.faceImages[1]", [ann, turned]],
    ["f1900 auth.credentials.faceImages[0]", [crowd]],
    ["f1900 auth.credentials.faceImages[0] auth.credentials.faceImages[1]", [crowd, svg]],
    ["e1005 auth.credentials.faceImages[0]", [svg]],
    ["e1005 auth.credentials.faceImages[0]", [cut]],
    ["e1005 auth.credentials.faceImages[0]", ["no base64!"]],
    ["e1005 auth.credentials.faceImages", [ann, ann, ann]],
  ];
  for (const [wanted, photos] of refused) {
    const answer = await enrol("nobody", ...photos);
    assert.equal(refusedFor(answer), wanted);
    assert.ok(!JSON.stringify(answer.body).includes("rejectedValue"), wanted);
  }
  assert.deepEqual(await databaseCounts(server.test.database), counts);
});

test("v2 names the photo that is no good one where its client wrote it", async () => {
  const body = {
    userKey: "v2",
    startAt: 1_000,
    endAt: 2_000,
    doors: "all",
    credentials: { faceImages: [ann, (await groupPhoto(3)).toString("base64")] },
  };
  const { status, body: problem } = await server.call("POST", `/v2/places/${PLACE_ID}/auths`, { body });
  assert.equal(status, 400);
  const { code, errors } = problem as { code: string; errors: { field: string; message: string }[] };
  assert.deepEqual([code, errors], ["argument_invalid", [{ field: "credentials.faceImages[1]", message: "shows more than one face" }]]);
});

test("another photo replaces the face at the doors, the same one again is no change for them, and none takes it away", async () => {
  const { authId } = dataOf<AuthData>(await enrol("changing", ann));
  const [first] = (await sent(authId)) ?? [];
  const { revision } = await item(authId);
  assert.equal((await change(authId, { faceImages: [ann] })).status, 200);
  assert.equal((await item(authId)).revision, revision);
  assert.equal((await change(authId, { faceImages: [bea] })).status, 200);
  const [second] = (await sent(authId)) ?? [];
  assert.notEqual(second, first);
  assert.equal((await change(authId, { pin: "4711" })).status, 200);
  assert.deepEqual(await sent(authId), [second], "a change that names no photo leaves the face");
  assert.equal((await change(authId, { faceImages: [] })).status, 200);
  assert.deepEqual([(await item(authId)).item.faces, await sent(authId)], [undefined, undefined]);
});

test("PUT without photos takes the face away, and DELETE leaves nothing that could be opened", async () => {
  const { authId } = dataOf<AuthData>(await enrol("put", ann));
  const put = await server.call("PUT", `/v1/auths/${authId}`, { body: bodyOf("put", { credentials: { faceImages: [bea] } }) });
  assert.equal(put.status, 200, JSON.stringify(put.body));
  assert.equal((await sent(authId))?.length, 1);
  assert.equal((await server.call("DELETE", `/v1/auths/${authId}`)).status, 200);
  const [row] = await server.test.database.query("select faces, faces_sealed from auths where auth_id = $1", [authId]);
  assert.deepEqual(row, { faces: [], faces_sealed: null });
});

test("templates end thirty days after their right, here and at the doors, and not a day sooner", async () => {
  const { authId } = dataOf<AuthData>(await enrol("ended", ann));
  const endMs = 2_000;
  const clock = (nowMs: number) => ({ nowMs: () => nowMs, monotonicMs: () => 0 });
  const { database } = server.test;
  await endBiometrics({ database, clock: clock(endMs + 29 * 86_400_000) });
  assert.equal((await sent(authId))?.length, 1);
  await endBiometrics({ database, clock: clock(endMs + 31 * 86_400_000) });
  assert.deepEqual([(await item(authId)).item.faces, await sent(authId)], [undefined, undefined]);
  const [row] = await server.test.database.query("select faces, faces_sealed from auths where auth_id = $1", [authId]);
  assert.deepEqual(row, { faces: [], faces_sealed: null });
});

test("once a person's key is destroyed nobody can be sent their face any more", async () => {
  const { authId } = dataOf<AuthData>(await enrol("erased", ann));
  await server.test.database.execute("delete from person_keys where user_id = (select user_id from auths where auth_id = $1)", [authId]);
  assert.equal(await sent(authId), undefined);
});

test("beyond the queue photos are answered f1006 with Retry-After and nothing half stored, while cards are enrolled beside them", async () => {
  const busy = await startFeatureServer({ waitingCountMax: 2 });
  try {
    await busy.faces.examine(Buffer.from(ann, "base64"), { wantsCrop: false });
    const post = (key: string, credentials: Readonly<Record<string, unknown>>): Promise<Answer> =>
      busy.call("POST", `/v1/places/${PLACE_ID}/auths`, { body: bodyOf(key, { credentials }) });
    const order: string[] = [];
    const photos = Array.from({ length: 8 }, async (_, index) => {
      const answer = await post(`photo${index}`, { faceImages: [ann] });
      order.push("photo");
      return answer;
    });
    const card = post("card", { cards: [{ cardNumber: "77", formatType: "CSN" }] }).then((answer) => {
      order.push("card");
      return answer;
    });
    assert.equal((await card).status, 200);
    const answers = await Promise.all(photos);
    const refused = answers.filter(({ status }) => status === 500);
    assert.ok(refused.length > 0 && refused.length < 8, `${refused.length} refused`);
    for (const { body, headers } of refused) {
      assert.equal((body as { errors: { code: string }[] }).errors[0]?.code, "f1006");
      assert.match(String(headers["retry-after"]), /^[1-9]\d*$/);
    }
    const [row] = await busy.test.database.query<{ count: number }>("select count(*) as count from users where key like 'photo%'");
    assert.equal(row?.count, 8 - refused.length);
    assert.notEqual(order.at(-1), "card", "a card waits for no photo");
  } finally {
    await busy[Symbol.asyncDispose]();
  }
});
