import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { CodedError, type LogFields, seededRandom, silentLog, systemTimers } from "@postern/core";
import { PEOPLE, personPhoto } from "@postern/face/testing";
import sharp from "sharp";
import { type CameraSource, ffmpegArguments, readCameraSource } from "../../src/camera/camera-source.ts";
import { FfmpegCamera } from "../../src/camera/ffmpeg-camera.ts";
import { PictureSplitter } from "../../src/camera/picture-splitter.ts";
import { CAMERA_SILENT_MS_MAX, RETRY_MS_FIRST } from "../../src/limits.ts";
import { eventually } from "../support/eventually.ts";
import { ManualTime } from "../support/manual-time.ts";
import { standInFfmpeg } from "../support/stand-in-ffmpeg.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const codeOf = (failure: unknown): boolean => failure instanceof CodedError && failure.code === "camera_unusable";

test("a camera is an address of RTSP, a video device or a file that is there, and nothing else that ffmpeg would open", (context) => {
  const clip = join(temporaryFolder(context), "clip.mp4");
  writeFileSync(clip, "");
  assert.deepEqual(readCameraSource("rtsp://user:word@camera.local:554/a?b=c"), {
    kind: "rtsp",
    url: "rtsp://user:word@camera.local:554/a?b=c",
  });
  assert.deepEqual(readCameraSource(clip), { kind: "file", path: clip });
  const refused = [
    "http://camera.local/a.mjpg",
    "concat:/etc/passwd|/etc/hosts",
    "file:///etc/passwd",
    "pipe:0",
    "rtsp:// x",
    "/no/such/clip.mp4",
    "",
  ];
  for (const text of refused.filter((each) => each !== "")) assert.throws(() => readCameraSource(text), codeOf, text);
  // A name that looks like a protocol is a file all the same.
  assert.ok(ffmpegArguments({ kind: "file", path: "/tmp/concat:a" }, 2).includes("file:/tmp/concat:a"));
});

test("a stream is cut into its pictures wherever its chunks end, and one that never ends is given up", async () => {
  const pictures = await Promise.all([40, 90, 60].map((side) => sharp(noise(side)).jpeg().toBuffer()));
  const stream = Buffer.concat([Buffer.from([0, 1, 0xff]), ...pictures, Buffer.from([0xff])]);
  for (const size of [1, 2, 3, 7, 1_000, stream.length]) {
    const splitter = new PictureSplitter(100_000);
    const found: Uint8Array[] = [];
    for (let at = 0; at < stream.length; at += size) found.push(...(splitter.push(stream.subarray(at, at + size)) ?? []));
    assert.deepEqual(
      found.map((each) => Buffer.from(each)),
      pictures,
      `chunks of ${size}`,
    );
  }
  const splitter = new PictureSplitter(1_000);
  assert.deepEqual(splitter.push(Buffer.concat([Buffer.from([0xff, 0xd8]), Buffer.alloc(900)])), []);
  assert.equal(splitter.push(Buffer.alloc(200)), null);
  assert.equal(new PictureSplitter(100).push(pictures[1] ?? Buffer.alloc(0)), null);
});

function noise(side: number): Parameters<typeof sharp>[0] {
  return {
    create: { width: side, height: side, channels: 3, background: "#888", noise: { type: "gaussian", mean: 128, sigma: 60 } },
  } as never;
}

interface CameraWorld {
  readonly camera: FfmpegCamera;
  readonly seen: Uint8Array[];
  readonly facts: string[];
  readonly time: ManualTime;
  runs(): readonly (readonly string[])[];
}

function world(context: TestContext, source: CameraSource, onPicture?: (picture: Uint8Array) => Promise<unknown>): CameraWorld {
  const folder = temporaryFolder(context);
  const time = new ManualTime();
  const seen: Uint8Array[] = [];
  const facts: string[] = [];
  const camera = new FfmpegCamera({
    ...{ source, framesPerSecond: 2, ffmpeg: standInFfmpeg(folder), timers: time, random: seededRandom(1), log: silentLog },
    onPicture: async (picture) => {
      seen.push(picture);
      await onPicture?.(picture);
    },
    onFailed: () => facts.push("failed") > 0,
    onRecovered: () => void facts.push("recovered"),
  });
  context.after(() => camera.stop());
  // Whole lines alone: the stand-in may be in the middle of one.
  const lines = (): string[] =>
    existsSync(join(folder, "runs")) ? readFileSync(join(folder, "runs"), "utf8").split("\n").slice(0, -1) : [];
  return { camera, seen, facts, time, runs: () => lines().map((line) => JSON.parse(line)) };
}

function clipOf(context: TestContext, name: string, ...pictures: readonly Uint8Array[]): CameraSource {
  const path = join(temporaryFolder(context), name);
  writeFileSync(path, Buffer.concat(pictures));
  return { kind: "file", path };
}

test("the pictures of a recording are offered, and it begins again when it is over, which is no failure", async (context) => {
  const photo = await sharp(await personPhoto(PEOPLE["6d"]))
    .resize(200)
    .jpeg()
    .toBuffer();
  const { camera, seen, facts, time, runs } = world(context, clipOf(context, "clip.mjpeg", photo));
  await camera.start();
  await eventually("the picture", () => seen.length === 1);
  assert.deepEqual(
    seen.map((each) => Buffer.from(each)),
    [photo],
  );
  await eventually("a retry", () => time.running().includes("camera retry"));
  time.advance(RETRY_MS_FIRST);
  await eventually("two pictures", () => seen.length === 2);
  assert.deepEqual([facts, runs().length], [[], 2]);
  assert.ok(runs()[0]?.join(" ").includes("fps=2,"), "no more often than asked");
});

test("while a picture is looked at newer ones take each other's place", async (context) => {
  const pictures = await Promise.all([20, 30, 40, 50].map((side) => sharp(noise(side)).jpeg().toBuffer()));
  const first = Promise.withResolvers<void>();
  const { camera, seen, time } = world(context, clipOf(context, "clip.mjpeg", ...pictures), () => first.promise);
  await camera.start();
  await eventually("all of it was read", () => time.running().includes("camera retry"));
  assert.equal(seen.length, 1);
  first.resolve();
  await eventually("the newest", () => pictures[3]?.equals(seen.at(-1) ?? new Uint8Array()) === true);
  assert.equal(seen.length <= 2, true);
});

test("a camera that fails is a fact once, is tried with growing pauses, and works again with its next picture, which is another", async (context) => {
  const broken = clipOf(context, "clip.broken");
  const mark = `${broken.kind === "file" ? broken.path : ""}.mended`;
  const { camera, seen, facts, time, runs } = world(context, broken);
  await camera.start();
  const pauses: number[] = [];
  for (let count = 1; count <= 6; count += 1) {
    await eventually("a retry", () => time.running().includes("camera retry"));
    const before = time.monotonicMs();
    while (runs().length === count && time.running().includes("camera retry")) time.advance(50);
    pauses.push(time.monotonicMs() - before);
    await eventually("another start", () => runs().length === count + 1);
  }
  assert.deepEqual(facts, ["failed"]);
  assert.ok((pauses.at(-1) ?? 0) > 4 * (pauses[0] ?? 0), `pauses ${pauses.join(" ")}`);
  assert.equal(seen.length, 0);
  // Mended: the same file is a recording from now on.
  writeFileSync(mark, await sharp(noise(20)).jpeg().toBuffer());
  await eventually("a retry", () => time.running().includes("camera retry"));
  while (time.running().includes("camera retry")) time.advance(50);
  await eventually("a picture", () => seen.length > 0);
  assert.deepEqual(facts, ["failed", "recovered"]);
});

test("a camera that says nothing any more is connected anew", async (context) => {
  const { camera, facts, time, runs } = world(context, clipOf(context, "clip.silent"));
  await camera.start();
  await eventually("a start", () => runs().length === 1);
  time.advance(CAMERA_SILENT_MS_MAX);
  await eventually("a failure", () => facts.length === 1);
  time.advance(RETRY_MS_FIRST);
  await eventually("another start", () => runs().length === 2);
  await camera.stop();
  assert.deepEqual(time.running(), []);
});

test("without ffmpeg the start fails and says so, and no log ever holds a camera's address", async () => {
  const source: CameraSource = { kind: "rtsp", url: "rtsp://user:secret@127.0.0.1:1/stream" };
  const lines: string[] = [];
  const note = (event: string, fields?: LogFields): void => void lines.push(`${event} ${JSON.stringify(fields)}`);
  const log = { debug: note, info: note, warn: note, error: note };
  const ports = {
    timers: systemTimers,
    random: seededRandom(1),
    log,
    onPicture: async () => undefined,
    onFailed: () => true,
    onRecovered: () => undefined,
  };
  const camera = new FfmpegCamera({ ...ports, source, framesPerSecond: 2, ffmpeg: "/no/such/ffmpeg" });
  await assert.rejects(camera.start(), (failure) => failure instanceof CodedError && failure.code === "ffmpeg_missing");
  await camera.stop();
  assert.ok(!lines.join().includes("secret"), lines.join());
});

const REAL = process.env["POSTERN_TEST_FFMPEG"] ?? "ffmpeg";
const isThere = spawnSync(REAL, ["-version"], { stdio: "ignore" }).status === 0;

test("ffmpeg itself takes our arguments: a recorded clip comes out as pictures of at most the largest side", {
  skip: isThere ? false : "there is no ffmpeg on the PATH",
}, async (context) => {
  const folder = temporaryFolder(context);
  const photo = join(folder, "photo.jpg");
  writeFileSync(
    photo,
    await sharp(await personPhoto(PEOPLE["6d"]))
      .resize(1_600)
      .jpeg()
      .toBuffer(),
  );
  const clip = join(folder, "clip.avi");
  const made = spawnSync(REAL, [
    "-loglevel",
    "error",
    "-loop",
    "1",
    "-i",
    photo,
    "-t",
    "2",
    "-r",
    "5",
    "-vf",
    "scale=1600:-2",
    "-c:v",
    "mjpeg",
    clip,
  ]);
  assert.equal(made.status, 0, made.stderr.toString());
  const seen: Uint8Array[] = [];
  const ports = { timers: systemTimers, random: seededRandom(1), log: silentLog, onFailed: () => true, onRecovered: () => undefined };
  const camera = new FfmpegCamera({
    ...ports,
    source: { kind: "file", path: clip },
    framesPerSecond: 2,
    ffmpeg: REAL,
    onPicture: async (picture) => void seen.push(picture),
  });
  context.after(() => camera.stop());
  await camera.start();
  await eventually("two pictures", () => seen.length >= 2);
  const { width = 0, height = 0 } = await sharp(seen[0]).metadata();
  assert.equal(Math.max(width, height), 1_280);
});
