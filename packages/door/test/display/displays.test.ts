import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import {
  DISPLAY_IMAGE_TYPES,
  type DisplayImageType,
  type DisplayItem,
  type DisplayPicture,
  type DoorMode,
  silentLog,
  systemRandom,
} from "@postern/core";
import { type DeviceDisplays, openDisplays } from "../../src/display/open-displays.ts";
import type { Outcome, Shown } from "../../src/drivers/driver.ts";
import { VirtualDriver } from "../../src/drivers/virtual/virtual-driver.ts";
import { eventually } from "../support/eventually.ts";
import { ManualTime } from "../support/manual-time.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const DEVICE_ID = 434;
const WIRING = { doorId: 234, entryDeviceId: DEVICE_ID, exitDeviceId: 534 };
const LOCKED: DoorMode = { kind: "locked", by: "operator" };
const UNLOCKED: DoorMode = { kind: "unlocked", by: "schedule" };
const OPENED: Outcome = { outcome: "opened", person: null };
const REFUSED: Outcome = { outcome: "refused", reason: "unknown", person: null };

const bytesOf = (type: string): Buffer => Buffer.from(`the picture ${type}`);
const pictureOf = (type: DisplayImageType, bytes = bytesOf(type)): DisplayPicture => ({
  type,
  key: createHash("sha256").update(`key ${type}`).digest("hex").slice(0, 32),
  sha256: createHash("sha256").update(bytes).digest("hex"),
  mediaType: "image/png",
});
const itemOf = (types: readonly DisplayImageType[], message: string | null = null): DisplayItem => ({
  ...{ kind: "display", id: DEVICE_ID, doorId: 234, message },
  pictures: types.map((type) => pictureOf(type)),
});

class World {
  readonly time = new ManualTime();
  readonly driver: VirtualDriver;
  readonly displays: DeviceDisplays;
  readonly folder: string;
  readonly asked: string[] = [];
  /** While set, the server cannot be reached. */
  isAway = false;
  /** In place of what the server has. */
  served: (key: string) => Uint8Array | null = (key) =>
    DISPLAY_IMAGE_TYPES.map((type) => pictureOf(type)).flatMap((picture) => (picture.key === key ? [bytesOf(picture.type)] : []))[0] ??
    null;

  constructor(context: TestContext, folder = join(temporaryFolder(context), "display"), found: readonly DisplayItem[] = []) {
    this.folder = folder;
    this.driver = new VirtualDriver(this.time, this.time);
    this.displays = openDisplays(this.driver, {
      folder,
      fetchPicture: async (key) => {
        this.asked.push(key);
        if (this.isAway) throw new TypeError("the server is away");
        return this.served(key);
      },
      timers: this.time,
      random: systemRandom,
      log: silentLog,
    });
    for (const item of found) this.displays.hold(item.id, item);
    this.displays.start();
    context.after(() => this.displays.stop());
  }

  get shown(): Shown {
    return this.driver.shownAt(DEVICE_ID);
  }

  path(): string {
    return this.shown.picture?.path ?? "";
  }

  files(): string[] {
    return existsSync(this.folder) ? readdirSync(this.folder).sort() : [];
  }

  async shows(type: DisplayImageType | null): Promise<void> {
    await eventually(`the picture ${type}`, () => (this.shown.picture?.type ?? null) === type);
  }
}

test("a device shows its notice and its default picture, whose file can be opened, once it has come", async (context) => {
  const world = new World(context);
  assert.deepEqual(world.shown, { message: null, picture: null });
  world.displays.hold(DEVICE_ID, itemOf(["DEFAULT"], "Please ring"));
  assert.equal(world.shown.message, "Please ring");
  await world.shows("DEFAULT");
  assert.deepEqual(readFileSync(world.path()), bytesOf("DEFAULT"));
  world.displays.hold(DEVICE_ID, null);
  assert.deepEqual(world.shown, { message: null, picture: null });
  assert.deepEqual(world.files(), [], "nothing is kept that nobody shows");
});

test("what came of a credential is shown for three seconds, then how the door stands; what has no picture shows the default one", async (context) => {
  const world = new World(context);
  world.displays.hold(DEVICE_ID, itemOf(["DEFAULT", "SUCCESS", "LOCKED"]));
  await eventually("all pictures", () => world.files().length === 3);
  await world.shows("DEFAULT");
  world.displays.presented(DEVICE_ID, OPENED);
  await world.shows("SUCCESS");
  world.time.advance(2_999);
  assert.equal(world.shown.picture?.type, "SUCCESS");
  world.time.advance(1);
  assert.equal(world.shown.picture?.type, "DEFAULT");
  world.displays.stands({ wiring: WIRING, mode: LOCKED });
  assert.equal(world.shown.picture?.type, "LOCKED");
  world.displays.presented(DEVICE_ID, REFUSED);
  assert.equal(world.shown.picture?.type, "DEFAULT", "no picture for a failure");
  world.time.advance(3_000);
  assert.equal(world.shown.picture?.type, "LOCKED");
  world.displays.stands({ wiring: WIRING, mode: UNLOCKED });
  assert.equal(world.shown.picture?.type, "DEFAULT");
});

test("the other device of a door shows nothing of what was presented at this one, and both show how the door stands", async (context) => {
  const world = new World(context);
  world.displays.hold(DEVICE_ID, itemOf(["DEFAULT", "FAILURE", "UNLOCKED"]));
  await eventually("all pictures", () => world.files().length === 3);
  world.displays.presented(534, REFUSED);
  assert.equal(world.shown.picture?.type, "DEFAULT");
  world.displays.presented(DEVICE_ID, { outcome: "wait_factor", wanted: ["PIN"], person: null });
  assert.equal(world.shown.picture?.type, "DEFAULT", "nothing came of it yet");
  world.displays.stands({ wiring: { ...WIRING, entryDeviceId: 534, exitDeviceId: DEVICE_ID }, mode: UNLOCKED });
  assert.equal(world.shown.picture?.type, "UNLOCKED");
});

test("a picture that cannot be fetched is asked for again with pauses until it comes, across any number of cuts", async (context) => {
  const world = new World(context);
  world.isAway = true;
  world.displays.hold(DEVICE_ID, itemOf(["DEFAULT"]));
  for (let cut = 1; cut <= 5; cut += 1) {
    await eventually(`try ${cut}`, () => world.asked.length === cut);
    await Promise.resolve();
    world.isAway = cut < 4;
    world.time.advance(60_000);
    if (world.shown.picture !== null) break;
  }
  await world.shows("DEFAULT");
});

test("bytes that are not those whose hash the roster names are taken over by nobody, and not asked for again", async (context) => {
  const world = new World(context);
  world.served = () => Buffer.from("something else");
  world.displays.hold(DEVICE_ID, itemOf(["DEFAULT"]));
  await eventually("the asking", () => world.asked.length === 1);
  world.time.advance(600_000);
  world.displays.hold(DEVICE_ID, itemOf(["DEFAULT"], "another notice"));
  assert.deepEqual([world.shown.picture, world.asked.length], [null, 1]);
  world.served = (key) => (key === pictureOf("SUCCESS").key ? bytesOf("SUCCESS") : null);
  world.displays.hold(DEVICE_ID, itemOf(["SUCCESS"]));
  await eventually("the other picture", () => world.files().length === 1);
});

test("after a restart what was fetched is shown at once, without the server, and what nobody shows any more is taken away", async (context) => {
  const before = new World(context);
  before.displays.hold(DEVICE_ID, itemOf(["DEFAULT", "LOCKED"]));
  await eventually("both pictures", () => before.files().length === 2);
  await before.displays.stop();
  writeFileSync(join(before.folder, "notes.txt"), "not a picture");
  const world = new World(context, before.folder, [itemOf(["DEFAULT"]), { ...itemOf(["LOCKED"]), id: 534 }]);
  world.isAway = true;
  assert.equal(world.shown.picture?.type, "DEFAULT");
  world.displays.hold(534, null);
  assert.deepEqual(world.asked, []);
  assert.equal(world.files().length, 2, "one picture, and what is none of ours");
});

test("a driver without screens has nothing fetched for it", async (context) => {
  const asked: string[] = [];
  const { start, stop, connect, disconnect } = new VirtualDriver(new ManualTime(), new ManualTime());
  const displays = openDisplays(
    { start, stop, connect, disconnect },
    {
      ...{ folder: join(temporaryFolder(context), "display"), timers: new ManualTime(), random: systemRandom, log: silentLog },
      fetchPicture: async (key) => {
        asked.push(key);
        return null;
      },
    },
  );
  displays.start();
  displays.hold(DEVICE_ID, itemOf(["DEFAULT"]));
  await displays.stop();
  assert.deepEqual(asked, []);
});
