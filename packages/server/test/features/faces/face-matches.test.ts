import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type { AuthData, FaceMatchableDevice, MatchFaceTask } from "@postern/contract";
import { groupPhoto, PEOPLE, personPhoto } from "@postern/face/testing";
import sharp from "sharp";
import { dataOf, refusedFor } from "../support/answers.ts";
import { bodyOf } from "../support/create-bodies.ts";
import { type Answer, type FeatureServer, PLACE_ID, startFeatureServer } from "../support/feature-server.ts";

let server: FeatureServer;
let deviceId: number;
let ann: string;
let annAgain: string;
let bea: string;
let annId: number;
before(async () => {
  server = await startFeatureServer();
  const photo = await personPhoto(PEOPLE["6d"]);
  ann = photo.toString("base64");
  annAgain = (await sharp(photo).resize(260).modulate({ brightness: 1.1 }).jpeg({ quality: 60 }).toBuffer()).toString("base64");
  bea = (await personPhoto(PEOPLE["3a"])).toString("base64");
  await server.faces.examine(Buffer.from(ann, "base64"), { wantsCrop: false });
  annId = dataOf<AuthData>(await enrol("ann", ann)).authId;
  const [row] = await server.test.database.query<{ device_id: number }>(
    "select device_id from devices where place_id = $1 and door_id = 234 and side = 'ENTRY'",
    [PLACE_ID],
  );
  deviceId = row?.device_id ?? 0;
});
after(() => server[Symbol.asyncDispose]());

function enrol(key: string, photo: string, auth: Readonly<Record<string, unknown>> = {}): Promise<Answer> {
  return server.call("POST", `/v1/places/${PLACE_ID}/auths`, { body: bodyOf(key, { auth, credentials: { faceImages: [photo] } }) });
}

const connect = (instance: number | null): Promise<unknown> =>
  server.test.database.query("update controllers set connected_instance = $2 where place_id = $1", [PLACE_ID, instance]);

const match = (photo: string, asked = deviceId): Promise<Answer> =>
  server.call("POST", `/v1/devices/${asked}/match-face`, { body: { base64Image: photo } });

async function matched(photo: string): Promise<MatchFaceTask> {
  const { taskUuid } = dataOf<{ taskUuid: string }>(await match(photo));
  return dataOf<MatchFaceTask>(await server.call("GET", `/v1/msa/tasks/match-faces/${taskUuid}`));
}

test("a connected device tells whose face another picture shows, and nobody for a stranger's", async () => {
  await connect(1);
  const task = await matched(annAgain);
  assert.deepEqual([task.taskType, task.status, task.duplicatedAuthIds], ["MATCH_FACE", "COMPLETED", [annId]]);
  assert.equal(task.expiredAt - task.createdAt, 5_000);
  assert.deepEqual((await matched(bea)).duplicatedAuthIds, []);
});

test("the devices that can be asked are those that are connected, in CLUe's form; without a place in the query a key of several is refused", async () => {
  const list = (query: string): Promise<Answer> => server.call("GET", `/v1/devices/face-matchable${query}`);
  await connect(null);
  assert.deepEqual((await list(`?placeId=${PLACE_ID}`)).body, { code: 200, status: true, message: "OK", total: 0, data: [] });
  await connect(1);
  const devices = dataOf<readonly FaceMatchableDevice[]>(await list(`?placeId=${PLACE_ID}`));
  assert.ok(devices.some((device) => device.deviceId === deviceId));
  assert.deepEqual(Object.keys(devices[0] ?? {}).toSorted(), ["deviceId", "deviceName", "deviceSerial", "deviceType"]);
  assert.equal(refusedFor(await list("")), "e1005 placeId");
});

test("a device that is not connected, or does not exist, refuses; a photo that is no good one is refused by CLUe's code; nothing is kept of either", async () => {
  const [before] = await server.test.database.query("select count(*) as count from face_matches");
  await connect(null);
  assert.match(refusedFor(await match(ann)), /^e1006/);
  assert.equal(refusedFor(await match(ann, 999_999)), "e1007 deviceId");
  await connect(1);
  const refusals = [
    ["f1900 base64Image", (await groupPhoto(3)).toString("base64")],
    ["e1005 base64Image", "no picture!"],
  ] as const;
  for (const [wanted, photo] of refusals) assert.equal(refusedFor(await match(photo)), wanted);
  assert.equal(refusedFor(await server.call("POST", `/v1/devices/${deviceId}/match-face`, { body: {} })), "e1005 base64Image");
  assert.deepEqual(await server.test.database.query("select count(*) as count from face_matches"), [before]);
});

test("who may not open the device's door is not told by it, and is by the whole place", async () => {
  await connect(1);
  const elsewhere = { doorAccessType: "SPECIFIC", doorIds: [235] };
  const { authId } = dataOf<AuthData>(await enrol("bea", bea, elsewhere));
  assert.deepEqual((await matched(bea)).duplicatedAuthIds, []);
  const { body } = await server.call("POST", `/v2/places/${PLACE_ID}/face-matches`, { body: { faceImage: bea } });
  assert.deepEqual(body, { authIds: [authId] });
  await server.call("DELETE", `/v1/auths/${authId}`);
});

test("a face that was taken away is nobody's from then on, by either path, while the right and its card stay", async () => {
  await connect(1);
  for (const path of ["/v1/auths/ID/face-links", "/v1/auths/ID/faces", "/v2/auths/ID/faces"]) {
    const cards = [{ cardNumber: "4711", formatType: "CSN" }];
    const body = bodyOf("taken", { credentials: { faceImages: [bea], cards } });
    const { authId } = dataOf<AuthData>(await server.call("POST", `/v1/places/${PLACE_ID}/auths`, { body }));
    assert.deepEqual((await matched(bea)).duplicatedAuthIds, [authId], path);
    const { status } = await server.call("DELETE", path.replace("ID", String(authId)));
    assert.equal(status, path.startsWith("/v1") ? 200 : 204);
    assert.deepEqual((await matched(bea)).duplicatedAuthIds, [], path);
    const { auth } = dataOf<AuthData>(await server.call("GET", `/v1/auths/${authId}`));
    assert.deepEqual([auth.credentials.modes, auth.credentials.cards?.length], [["CARD"], 1]);
    await server.call("DELETE", `/v1/auths/${authId}`);
  }
  assert.equal(refusedFor(await server.call("DELETE", "/v1/auths/999999/faces")), "e1007 authId");
});

test("an answer is kept for a minute and then is nobody's", async () => {
  await connect(1);
  const { taskUuid } = dataOf<{ taskUuid: string }>(await match(ann));
  const read = (): Promise<Answer> => server.call("GET", `/v1/msa/tasks/match-faces/${taskUuid}`);
  server.nowMs += 59_999;
  assert.equal((await read()).status, 200);
  server.nowMs += 1;
  assert.equal(refusedFor(await read()), "e1007 taskUuid");
  assert.equal(refusedFor(await server.call("GET", "/v1/msa/tasks/match-faces/nonsense")), "e1005 taskUuid");
});

test("a person whose key is destroyed is out of the memory that faces are compared with, once it is tidied", async () => {
  await connect(1);
  const { authId, user } = dataOf<AuthData>(await enrol("erased", bea));
  assert.deepEqual((await matched(bea)).duplicatedAuthIds, [authId]);
  assert.equal((await server.call("DELETE", `/v2/people/${user.userId}`)).status, 200);
  await server.services.galleries.tidy(server.test.database);
  assert.deepEqual((await matched(bea)).duplicatedAuthIds, []);
});
