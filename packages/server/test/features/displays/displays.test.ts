import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type { DeviceDisplay, DeviceImageData } from "@postern/contract";
import type { DisplayItem } from "@postern/core";
import sharp from "sharp";
import { dataOf, refusal, refusedFor } from "../support/answers.ts";
import { databaseCounts } from "../support/database-counts.ts";
import { type Answer, type FeatureServer, PLACE_ID, startFeatureServer } from "../support/feature-server.ts";
import { problemOf } from "../support/problems.ts";
import { rosterItem, rosterRevision } from "../support/roster-reader.ts";

let server: FeatureServer;
let deviceId: number;
before(async () => {
  server = await startFeatureServer();
  deviceId = await deviceOf(234);
});
after(() => server[Symbol.asyncDispose]());

async function deviceOf(doorId: number): Promise<number> {
  const [row] = await server.test.database.query<{ id: number }>("select device_id as id from devices where door_id = $1", [doorId]);
  return row?.id ?? 0;
}

function pictureOf(width: number, height: number, background = "#3366cc") {
  return sharp({ create: { width, height, channels: 3, background } });
}
const jpeg = async (width: number, height: number): Promise<string> =>
  (await pictureOf(width, height).jpeg().toBuffer()).toString("base64");

const putImage = (
  type: string,
  fileData: unknown,
  { key = "all", prefix = "/v1", id = deviceId, fileName = "hello.jpg" } = {},
): Promise<Answer> => server.call("PUT", `${prefix}/devices/${id}/images/${type}`, { body: { fileName, fileData }, key });
const putMessage = (body: object, { key = "all", id = deviceId } = {}): Promise<Answer> =>
  server.call("PUT", `/v1/devices/${id}/messages`, { body: { type: "HOME_NOTIFICATION", message: "Hello", useFlag: true, ...body }, key });
const display = async (id = deviceId): Promise<DeviceDisplay> =>
  (await server.call("GET", `/v2/devices/${id}/display`)).body as DeviceDisplay;
const item = async (id = deviceId): Promise<DisplayItem | null | undefined> =>
  (await rosterItem(server.test.database, PLACE_ID, `display:${id}`)) as DisplayItem | null | undefined;

interface Fetched {
  readonly status: number;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly bytes: Buffer;
}

/** As a browser does: without a key. */
async function fetched(imageUrl: string): Promise<Fetched> {
  const { pathname } = new URL(imageUrl);
  const answer = await server.app.inject({ method: "GET", url: pathname });
  return { status: answer.statusCode, headers: answer.headers, bytes: answer.rawPayload };
}

async function setModel(modelName: string, id = deviceId): Promise<void> {
  await server.test.database.execute("update devices set model_name = $2 where device_id = $1", [id, modelName]);
}

test("each of the five pictures is kept, told as CLUe has it under every prefix, and fetched by its address without a key", async () => {
  for (const [index, type] of ["DEFAULT", "SUCCESS", "FAILURE", "UNLOCKED", "LOCKED"].entries()) {
    const prefix = ["/v1", "/v1/be", "/api/v1"][index % 3] ?? "/v1";
    const data = dataOf<DeviceImageData>(await putImage(type, await jpeg(64 + index, 32), { prefix }));
    const { imageId, key, imageUrl, ...said } = data;
    assert.deepEqual(said, { fileName: "hello.jpg", type, lastModifiedAt: server.nowMs });
    assert.ok(imageUrl.endsWith(`/v2/display-images/${key}`));
    const { status, headers, bytes } = await fetched(imageUrl);
    assert.deepEqual([status, headers["content-type"], headers["x-content-type-options"]], [200, "image/jpeg", "nosniff"]);
    assert.equal((await sharp(bytes).metadata()).width, 64 + index);
    assert.ok(imageId >= 1_000);
  }
  assert.deepEqual((await display()).images.map(({ type }) => type).sort(), ["DEFAULT", "FAILURE", "LOCKED", "SUCCESS", "UNLOCKED"]);
});

const SCREENS: readonly (readonly [string, readonly [number, number], readonly [number, number]])[] = [
  ["BS3_APWB", [2_560, 1_440], [1_280, 720]],
  ["BS3_DB", [1_000, 2_000], [360, 720]],
  ["XS2_DPB", [1_000, 1_000], [480, 480]],
  ["BLN2_OAB", [640, 512], [160, 128]],
  ["READER_1", [2_560, 2_560], [1_280, 1_280]],
  ["XS2_DPB", [20, 10], [20, 10]],
];

test("a picture that is larger than the device's screen is made smaller, whole and in its proportions, and none is made larger", async () => {
  for (const [model, [width, height], expected] of SCREENS) {
    await setModel(model);
    dataOf(await putImage("DEFAULT", await jpeg(width, height)));
    const shown = (await display()).images.find(({ type }) => type === "DEFAULT");
    assert.deepEqual([shown?.width, shown?.height], expected, model);
  }
});

test("a picture is turned upright, a PNG stays one, and what a camera wrote beside it is not kept", async () => {
  const turned = await pictureOf(40, 20)
    .jpeg()
    .withExif({ IFD3: { GPSLatitude: "52/1 31/1 0/1" } })
    .withMetadata({ orientation: 6 })
    .toBuffer();
  const { imageUrl } = dataOf<DeviceImageData>(await putImage("DEFAULT", turned.toString("base64")));
  const { bytes } = await fetched(imageUrl);
  const { width, height, exif } = await sharp(bytes).metadata();
  assert.deepEqual([width, height, exif], [20, 40, undefined]);
  const png = (await pictureOf(30, 30).png().toBuffer()).toString("base64");
  const other = dataOf<DeviceImageData>(await putImage("DEFAULT", `data:image/png;base64,${png}`));
  assert.equal((await fetched(other.imageUrl)).headers["content-type"], "image/png");
});

test("what is no JPEG or PNG, is too large, cut off or a bomb is refused by name, and changes nothing", async () => {
  const counts = await databaseCounts(server.test.database);
  const whole = await pictureOf(600, 600, "#123456").jpeg().toBuffer();
  const bomb = Buffer.concat([Buffer.from("89504e470d0a1a0a0000000d49484452000186a0000186a00802000000", "hex"), Buffer.alloc(4)]);
  const noise = await sharp({
    create: { width: 1_210, height: 1_210, channels: 3, background: "#000", noise: { type: "gaussian", mean: 128, sigma: 60 } },
  })
    .png()
    .toBuffer();
  assert.ok(noise.length > 4 * 1_024 * 1_024, "large enough to be too large");
  const bad = [
    Buffer.from("<svg xmlns='http://www.w3.org/2000/svg' width='9' height='9'/>"),
    await pictureOf(9, 9).webp().toBuffer(),
    await pictureOf(9, 9).gif().toBuffer(),
    whole.subarray(0, whole.length / 2),
    bomb,
    noise,
    Buffer.from("hello"),
  ];
  assert.equal(refusedFor(await putImage("DEFAULT", "a")), "e1005 fileData", "base64 of nothing");
  for (const bytes of bad) {
    const answer = await putImage("DEFAULT", bytes.toString("base64"));
    assert.equal(refusedFor(answer), "e1005 fileData");
    assert.ok(!JSON.stringify(refusal(answer)).includes(bytes.toString("base64").slice(0, 12)));
  }
  assert.equal(refusedFor(await putImage("NIGHT", await jpeg(9, 9))), "e1005 type");
  assert.equal(refusedFor(await putImage("DEFAULT", await jpeg(9, 9), { fileName: "../x" })), "e1005 fileName");
  assert.equal(refusedFor(await putImage("DEFAULT", 7)), "e1005 fileData");
  const v2 = await server.call("PUT", `/v2/devices/${deviceId}/display/images/DEFAULT`, { body: { fileName: "x", fileData: "aGVsbG8=" } });
  assert.equal(problemOf(v2), "400 argument_invalid fileData");
  assert.deepEqual(await databaseCounts(server.test.database), counts);
});

test("the address of a picture answers nothing once another picture, or none, stands in its place", async () => {
  const first = dataOf<DeviceImageData>(await putImage("LOCKED", await jpeg(10, 10)));
  const second = dataOf<DeviceImageData>(await putImage("LOCKED", await jpeg(11, 10)));
  assert.notEqual(first.key, second.key);
  assert.equal((await fetched(first.imageUrl)).status, 404);
  assert.equal((await server.call("DELETE", `/v2/devices/${deviceId}/display/images/LOCKED`)).status, 204);
  assert.equal((await fetched(second.imageUrl)).status, 404);
});

test("a notice is kept as it was written, and refused where no device can show it whole", async () => {
  const full = Array.from({ length: 5 }, () => "twenty characters!!!").join("\n");
  assert.deepEqual(dataOf(await putMessage({ message: full })), { type: "HOME_NOTIFICATION", message: full, useFlag: true });
  assert.deepEqual((await display()).message, { text: full, isUsed: true, changedAt: server.nowMs });
  dataOf(await putMessage({ message: "two\r\nlines", useFlag: "false" }));
  assert.equal((await display()).message?.text, "two\nlines");
  const counts = await databaseCounts(server.test.database);
  for (const message of [`${full}\n`, `${full}!`, "a\tb", "x".repeat(101), 7, null])
    assert.equal(refusedFor(await putMessage({ message })), "e1005 message");
  assert.equal(refusedFor(await putMessage({ type: "HOME", useFlag: "perhaps" })), "e1005 type useFlag");
  assert.deepEqual(await databaseCounts(server.test.database), counts);
});

test("the door's controller is told by the roster: the notice while it is used, and each picture by key and hash", async () => {
  const id = await deviceOf(235);
  assert.equal(await item(id), undefined);
  dataOf(await putMessage({ message: "Please ring" }, { id }));
  assert.deepEqual(await item(id), { kind: "display", id, doorId: 235, message: "Please ring", pictures: [] });
  const { key } = dataOf<DeviceImageData>(await putImage("UNLOCKED", await jpeg(12, 12), { id }));
  await putImage("DEFAULT", await jpeg(13, 13), { id });
  const shown = await item(id);
  assert.deepEqual(
    shown?.pictures.map(({ type, mediaType }) => `${type} ${mediaType}`),
    ["DEFAULT image/jpeg", "UNLOCKED image/jpeg"],
  );
  assert.equal(shown?.pictures[1]?.key, key);
  assert.match(shown?.pictures[1]?.sha256 ?? "", /^[0-9a-f]{64}$/);
  const revision = await rosterRevision(server.test.database, PLACE_ID);
  dataOf(await putMessage({ message: "Please ring", useFlag: true }, { id }));
  assert.equal(await rosterRevision(server.test.database, PLACE_ID), revision, "what stays costs the doors nothing");
  dataOf(await putMessage({ message: "Please ring", useFlag: false }, { id }));
  assert.equal((await item(id))?.message, null);
  for (const path of ["message", "images/DEFAULT", "images/UNLOCKED"])
    assert.equal((await server.call("DELETE", `/v2/devices/${id}/display/${path}`)).status, 204);
  assert.equal(await item(id), null);
});

test("a device that moves to another door takes its display along, and one that stands at none shows it nowhere", async () => {
  const made = (await server.call("POST", `/v2/places/${PLACE_ID}/doors`, { body: { name: "Side door", exitDevice: {} } })).body as {
    doorId: number;
    exitDeviceId: number;
  };
  const id = made.exitDeviceId;
  dataOf(await putMessage({ message: "Mind the step" }, { id }));
  assert.equal((await item(id))?.doorId, made.doorId);
  assert.equal((await server.call("PATCH", `/v2/doors/${made.doorId}`, { body: { exitDevice: null } })).status, 200);
  assert.equal(await item(id), null);
  const { serial } = (await server.call("GET", `/v2/devices/${id}`)).body as { serial: string };
  const other = (await server.call("POST", `/v2/places/${PLACE_ID}/doors`, { body: { name: "Back door", exitDevice: { serial } } }))
    .body as {
    doorId: number;
  };
  assert.deepEqual([(await item(id))?.doorId, (await item(id))?.message], [other.doorId, "Mind the step"]);
});

test("a device out of reach answers like one that does not exist, and without the scope nothing is changed", async () => {
  const counts = await databaseCounts(server.test.database);
  const data = await jpeg(9, 9);
  for (const key of ["foreign", "second", "nowhere"]) {
    assert.deepEqual((await putMessage({}, { key })).body, (await putMessage({}, { key, id: 999_999 })).body);
    assert.equal(refusedFor(await putMessage({}, { key })), "e1007 deviceId");
    assert.equal(refusedFor(await putImage("DEFAULT", data, { key })), "e1007 deviceId");
  }
  assert.equal(refusedFor(await putMessage({}, { key: "people" })), "e1001");
  assert.equal(refusedFor(await putImage("DEFAULT", data, { key: "people" })), "e1001");
  assert.deepEqual(await databaseCounts(server.test.database), counts);
});

test("every change of a display is in the audit log", async () => {
  const rows = await server.test.database.query<{ action: string }>(
    "select distinct action from audit where action ~ '^device' order by action",
  );
  assert.deepEqual(
    rows.map(({ action }) => action),
    ["device.image", "device.message"],
  );
});
