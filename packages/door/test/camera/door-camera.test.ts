import assert from "node:assert/strict";
import { symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import type { EventsFrame, LinkEvent } from "@postern/contract";
import { faceMark, silentLog, systemClock, systemRandom, systemTimers } from "@postern/core";
import { DEFAULT_PACK, ENROLMENT_POLICY, FacePool, preparePack, writeTemplate } from "@postern/face";
import { groupPhoto, PEOPLE, personPhoto } from "@postern/face/testing";
import sharp from "sharp";
import { type RunningController, startController } from "../../src/app.ts";
import { anAuth, basicRoster, rosterFrame, wire } from "../support/builders.ts";
import { claimedFolder } from "../support/claimed-folder.ts";
import { eventually } from "../support/eventually.ts";
import { LinkServer } from "../support/link-server.ts";
import { standInFfmpeg } from "../support/stand-in-ffmpeg.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const MODELS = join(tmpdir(), "postern-test-face-models");

interface Started {
  readonly controller: RunningController;
  /** The next events that the controller sends. */
  readonly nextEvents: () => Promise<readonly LinkEvent[]>;
}

/** A whole controller whose door 234 has a camera: what it sees is this clip. */
async function start(context: TestContext, clip: { readonly name: string; readonly pictures: readonly Uint8Array[] }): Promise<Started> {
  const files = await preparePack(MODELS);
  const pool = new FacePool({ files, timers: systemTimers, workerCount: 1, waitingCountMax: 1 });
  const found = await pool.examine(await personPhoto(PEOPLE["6d"]), { policy: ENROLMENT_POLICY, wantsCrop: false });
  await pool.stop();
  assert.ok(found.kind === "face");
  const template = writeTemplate(DEFAULT_PACK, found.template);
  const server = await LinkServer.start(context);
  const { dataDir } = claimedFolder(context, { mqttUrl: server.url });
  symlinkSync(MODELS, join(dataDir, "face-models"));
  const folder = temporaryFolder(context);
  const path = join(folder, clip.name);
  writeFileSync(path, Buffer.concat(clip.pictures));
  const controller = await startController({
    ...{ dataDir, mqttUrl: server.url, log: silentLog, clock: systemClock, timers: systemTimers, random: systemRandom },
    cameras: [{ doorId: 234, side: "entry", source: { kind: "file", path }, framesPerSecond: 2 }],
    ffmpeg: standInFfmpeg(folder),
  });
  context.after(() => controller.stop());
  const peer = await server.peer();
  await peer.next("hello");
  peer.welcome();
  const ann = anAuth({ startMs: 0, endMs: 2 ** 42, cards: [], chains: [["FACE"]], faces: [faceMark(template)] });
  peer.roster(rosterFrame([...basicRoster(), { ...wire(ann, 2), faceTemplates: [template] }], { completeTo: 2 }));
  await controller.whenSynced(2);
  const nextEvents = async (): Promise<readonly LinkEvent[]> => {
    const frame: EventsFrame = await peer.next("events");
    peer.stored({ generation: frame.generation, through: frame.first + frame.events.length - 1, refused: [] });
    return frame.events as LinkEvent[];
  };
  return { controller, nextEvents };
}

test("a person who comes before a door's camera opens it, and nobody and a crowd before them do nothing", async (context) => {
  const nobody = await sharp({ create: { width: 320, height: 240, channels: 3, background: "#777" } })
    .jpeg()
    .toBuffer();
  const crowd = await sharp(await groupPhoto(3))
    .resize(640)
    .jpeg()
    .toBuffer();
  const ann = await sharp(await personPhoto(PEOPLE["6d"]))
    .resize(300)
    .jpeg()
    .toBuffer();
  const { controller } = await start(context, { name: "clip.mjpeg", pictures: [nobody, crowd, ann] });
  const last = () => controller.state().doors.find(({ doorId }) => doorId === 234)?.lastDecision;
  await eventually("the door opens", () => last()?.outcome === "opened", 100_000);
  assert.equal(last()?.person?.authId, 1_000);
});

test("a camera that does not work is a fact of its door, and the door works on", async (context) => {
  const { controller, nextEvents } = await start(context, { name: "clip.broken", pictures: [] });
  const events: LinkEvent[] = [];
  while (!events.some(({ eventType }) => eventType === "DRIVER_FAILED")) events.push(...(await nextEvents()));
  const { doorId, deviceId, detail } = events.find(({ eventType }) => eventType === "DRIVER_FAILED") ?? {};
  assert.deepEqual([doorId, deviceId, detail], [234, 434, { part: "entry_camera" }]);
  assert.equal(controller.state().doors.length > 0, true);
});
