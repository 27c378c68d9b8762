import assert from "node:assert/strict";
import { after, before, beforeEach, test } from "node:test";
import { type Auth, type AuthData, eventCode, type Place } from "@postern/contract";
import { PEOPLE, personPhoto } from "@postern/face/testing";
import sharp from "sharp";
import { endConsents } from "../../../src/features/auths/end-biometrics.ts";
import { dataOf, refusedFor } from "../support/answers.ts";
import { bodyOf } from "../support/create-bodies.ts";
import { databaseCounts } from "../support/database-counts.ts";
import { type Answer, type FeatureServer, PLACE_ID, startFeatureServer } from "../support/feature-server.ts";

let server: FeatureServer;
let ann: string;
let annAgain: string;
let bea: string;
before(async () => {
  server = await startFeatureServer();
  const photo = await personPhoto(PEOPLE["6d"]);
  ann = photo.toString("base64");
  annAgain = (await sharp(photo).resize(260).jpeg({ quality: 60 }).toBuffer()).toString("base64");
  bea = (await personPhoto(PEOPLE["3a"])).toString("base64");
  await server.faces.examine(Buffer.from(ann, "base64"), { wantsCrop: false });
});
after(() => server[Symbol.asyncDispose]());

beforeEach(async () => {
  const rows = await server.test.database.query<{ auth_id: number }>("select auth_id from auths where deleted_at is null");
  for (const { auth_id } of rows) await server.call("DELETE", `/v1/auths/${auth_id}`);
  await setPolicy({ faceDuplicates: "report", faceCrops: "dropped", faceConsent: "elsewhere" });
});

async function setPolicy(policy: Partial<Place>): Promise<void> {
  const { status, body } = await server.call("PATCH", `/v2/places/${PLACE_ID}`, { body: policy });
  assert.equal(status, 200, JSON.stringify(body));
}

function enrol(key: string, ...faceImages: string[]): Promise<Answer> {
  return server.call("POST", `/v1/places/${PLACE_ID}/auths`, { body: bodyOf(key, { credentials: { faceImages } }) });
}

const RIGHT = { startAt: 1_000, endAt: 2_000_000_000_000, doors: "all" } as const;

function enrolNative(userKey: string, more: object): Promise<Answer> {
  return server.call("POST", `/v2/places/${PLACE_ID}/auths`, { body: { userKey, ...RIGHT, ...more } });
}

async function duplicateEvents(): Promise<readonly { readonly auth_id: number; readonly detail: unknown }[]> {
  return server.test.database.query("select auth_id, detail from events where event_type = $1 order by sequence", [
    eventCode("FACE_DUPLICATED"),
  ]);
}

const headerOf = ({ headers }: Answer): unknown => headers["postern-face-duplicates"];

interface Refusal {
  readonly errors: readonly { readonly code: string; readonly details: readonly { readonly field: string; readonly authId?: number }[] }[];
}

test("somebody who looks like another person is enrolled all the same: v1's body stays CLUe's, a header and an event say so", async () => {
  const first = await enrol("ann", ann);
  assert.equal(headerOf(first), undefined);
  const { authId } = dataOf<AuthData>(first);
  const before = (await duplicateEvents()).length;
  const second = await enrol("twin", annAgain);
  const twin = dataOf<AuthData>(second);
  assert.deepEqual([second.status, headerOf(second)], [200, `(${authId})`]);
  assert.deepEqual(Object.keys(twin), Object.keys(dataOf<AuthData>(first)));
  const native = await enrolNative("third", { credentials: { faceImages: [annAgain] } });
  assert.equal(native.status, 201);
  assert.deepEqual(new Set(String(headerOf(native)).match(/\d+/g)), new Set([String(authId), String(twin.authId)]));
  assert.equal(headerOf(await enrol("bea", bea)), undefined);
  const events = (await duplicateEvents()).slice(before);
  assert.deepEqual(events[0], { auth_id: twin.authId, detail: { authIds: String(authId) } });
  assert.equal(events.length, 2);
});

test("where the place refuses doubles the photo is named with whom it looks like, nothing is stored, and one's own other photo is none", async () => {
  const { authId } = dataOf<AuthData>(await enrol("ann", ann));
  await setPolicy({ faceDuplicates: "refuse" });
  const counts = await databaseCounts(server.test.database);
  const refused = await enrol("twin", bea, annAgain);
  assert.equal(refusedFor(refused), "f1901 auth.credentials.faceImages[1]");
  assert.equal((refused.body as Refusal).errors[0]?.details[0]?.authId, authId);
  const native = await enrolNative("twin", { credentials: { faceImages: [annAgain] } });
  assert.deepEqual([native.status, (native.body as { code: string }).code], [409, "conflict"]);
  assert.deepEqual(await databaseCounts(server.test.database), counts);
  const own = await server.call("PATCH", `/v1/auths/${authId}`, { body: { credentials: { faceImages: [annAgain] } } });
  assert.deepEqual([own.status, headerOf(own)], [200, undefined]);
  const other = dataOf<AuthData>(await enrol("bea", bea));
  const changed = await server.call("PATCH", `/v1/auths/${other.authId}`, { body: { credentials: { faceImages: [ann] } } });
  assert.equal(refusedFor(changed), "f1901 credentials.faceImages[0]");
});

test("of two doubles who come at once one is refused", async () => {
  await setPolicy({ faceDuplicates: "refuse" });
  const answers = await Promise.all([enrol("one", ann), enrol("two", annAgain)]);
  assert.deepEqual(answers.map(({ status }) => status).toSorted(), [200, 400]);
});

test("crops are shown where the place keeps them, sealed in the database, and are gone once it drops them or the face is taken away", async () => {
  assert.deepEqual(dataOf<AuthData>(await enrol("before", bea)).auth.credentials.faceImages, []);
  await setPolicy({ faceCrops: "kept" });
  const made = dataOf<AuthData>(await enrol("ann", ann, annAgain));
  const shown = made.auth.credentials.faceImages;
  assert.equal(shown.length, 2);
  for (const crop of shown) {
    const { width, height, format } = await sharp(Buffer.from(crop, "base64")).metadata();
    assert.deepEqual([width, height, format], [112, 112, "jpeg"]);
  }
  const read = async (): Promise<readonly string[]> =>
    dataOf<AuthData>(await server.call("GET", `/v1/auths/${made.authId}`)).auth.credentials.faceImages;
  assert.deepEqual(await read(), shown);
  const { body } = await server.call("GET", `/v1/places/${PLACE_ID}/auths?sort=id,asc`);
  assert.deepEqual(
    (body as { data: AuthData[] }).data.map(({ auth }) => auth.credentials.faceImages.length),
    [0, 2],
  );
  const { body: native } = await server.call("GET", `/v2/auths/${made.authId}/faces`);
  assert.deepEqual(
    (native as { faces: { crop: string; packId: string }[] }).faces.map(({ crop, packId }) => [crop, packId]),
    shown.map((crop) => [crop, "dlib-resnet"]),
  );
  const [row] = await server.test.database.query<{ text: string }>("select auths::text as text from auths where auth_id = $1", [
    made.authId,
  ]);
  const bytes = Buffer.from(shown[0] ?? "", "base64");
  assert.ok(!row?.text.includes((shown[0] ?? "").slice(40, 80)) && !row?.text.includes(bytes.subarray(40, 80).toString("hex")));
  await server.call("PATCH", `/v1/auths/${made.authId}`, { body: { credentials: { faceImages: [annAgain] } } });
  assert.deepEqual(await read(), [shown[1]]);
  await setPolicy({ faceCrops: "dropped" });
  assert.deepEqual(await read(), []);
  const held = await server.test.database.query("select 1 from auths where face_crops_sealed is not null");
  assert.equal(held.length, 0);
});

test("where consent is required a face without one is refused, naming the field of each surface, and with one it is enrolled and told", async () => {
  await setPolicy({ faceConsent: "required" });
  assert.equal(refusedFor(await enrol("ann", ann)), "f1902 auth.credentials.faceImages");
  assert.equal((await enrol("card")).status, 200, "who brings no face needs none");
  const refused = await enrolNative("bea", { credentials: { faceImages: [ann] } });
  const { errors } = refused.body as { errors: { field: string }[] };
  assert.deepEqual([refused.status, errors[0]?.field], [400, "faceConsent"]);
  const faceConsent = { textVersion: "privacy 2026-06", givenAt: server.nowMs - 60_000, endsAt: server.nowMs + 1_000 };
  const { status, body } = await enrolNative("bea", { faceConsent, credentials: { faceImages: [ann] } });
  assert.equal(status, 201, JSON.stringify(body));
  assert.deepEqual((body as Auth).faceConsent, faceConsent);
  const again = await server.call("GET", `/v2/auths/${(body as Auth).authId}`);
  assert.deepEqual((again.body as Auth).faceConsent, faceConsent);
});

test("a consent that has ended, ends before it begins, or was given in a time to come is none", async () => {
  const { nowMs } = server;
  const consents: readonly [string, object][] = [
    ["faceConsent", { textVersion: "one", givenAt: 1_000, endsAt: nowMs }],
    ["faceConsent.endsAt", { textVersion: "one", givenAt: 2_000, endsAt: 2_000 }],
    ["faceConsent.givenAt", { textVersion: "one", givenAt: nowMs + 600_000 }],
    ["faceConsent.textVersion", { textVersion: " ", givenAt: 1_000 }],
  ];
  for (const [field, faceConsent] of consents) {
    const { status, body } = await enrolNative("nobody", { faceConsent, credentials: { faceImages: [ann] } });
    assert.deepEqual([status, (body as { errors: { field: string }[] }).errors[0]?.field], [400, field]);
  }
});

test("a consent that is taken back takes the face with it at once, and one that ends takes it when it ends, not a millisecond sooner", async () => {
  const { database } = server.test;
  const faceCount = async (authId: number): Promise<number> =>
    ((await server.call("GET", `/v2/auths/${authId}`)).body as Auth).credentials.faceCount;
  const given = { textVersion: "one", givenAt: 1_000 };
  const cards = [{ cardNumber: "4711", formatType: "CSN" }];
  const taken = (await enrolNative("taken", { faceConsent: given, credentials: { faceImages: [ann], cards } })).body as Auth;
  const { body } = await server.call("PATCH", `/v2/auths/${taken.authId}`, { body: { faceConsent: null } });
  assert.deepEqual(
    [(body as Auth).credentials.faceCount, (body as Auth).credentials.modes, (body as Auth).faceConsent],
    [0, ["CARD"], null],
  );

  const endsAt = server.nowMs + 60_000;
  const ending = (await enrolNative("ending", { faceConsent: { ...given, endsAt }, credentials: { faceImages: [bea] } })).body as Auth;
  const clock = (nowMs: number) => ({ nowMs: () => nowMs, monotonicMs: () => 0 });
  await endConsents({ database, clock: clock(endsAt - 1) });
  assert.equal(await faceCount(ending.authId), 1);
  await endConsents({ database, clock: clock(endsAt) });
  assert.equal(await faceCount(ending.authId), 0);
  const [item] = await database.query<{ item: object }>("select item from roster_items where item_key = $1", [`auth:${ending.authId}`]);
  assert.ok(!("faces" in (item?.item ?? {})), "the doors lose it too");
});
