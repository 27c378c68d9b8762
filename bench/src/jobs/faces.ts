import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { systemTimers } from "@postern/core";
import {
  DOOR_POLICY,
  ENROLMENT_POLICY,
  examinePhoto,
  type FaceModels,
  FacePool,
  loadFaceModels,
  type PackFiles,
  preparePack,
  TemplateGallery,
} from "@postern/face";
import { PEOPLE, personPhoto } from "@postern/face/testing";
import { Child } from "../child.ts";
import { shippedSamples } from "../faces/samples.ts";
import { type FaceStudy, ratesAt, studyFaces } from "../faces/study.ts";
import { type Figure, latency, percentile, round, underLimit } from "../figure.ts";
import { machineMs } from "../machine-time.ts";
import type { ClientHandlers } from "../processes/client-process.ts";
import type { ServerHandlers } from "../processes/server-process.ts";
import { temporaryFolder } from "../temporary-folder.ts";

const DIMENSIONS = 128;
/** The threshold beside which the rates are given: where the study met its last false matches. */
const THRESHOLD = 0.5;

export interface FacesSizes {
  readonly photos?: number;
  readonly enrolments?: number;
  readonly galleries?: readonly number[];
  readonly probes?: number;
  readonly isStudied?: boolean;
}

/** Photos to templates, enrolments with a photo beside enrolments with a card, a probe against galleries, and how well people are told apart. */
export async function faces(sizes: FacesSizes = {}): Promise<Figure[]> {
  const { photos = 60, enrolments = 40, galleries = [1_000, 10_000, 100_000], probes = 60, isStudied = true } = sizes;
  await using folder = await temporaryFolder("bench-faces");
  const files = await preparePack(join(folder.path, "models"));
  const models = await loadFaceModels(files);
  const pictures = await enrolablePhotos(models);
  return [
    ...(await photoFigures({ files, models, pictures, count: photos })),
    await enrolmentFigure(pictures, enrolments),
    ...galleries.map((count) => galleryFigure(count, probes)),
    exactnessFigure(Math.min(10_000, ...galleries.slice(-1)), probes),
    ...(isStudied ? [accuracyFigure(await studyFaces(await shippedSamples(models), models))] : []),
  ];
}

/** Photos of one person each that are good enough to enrol. */
async function enrolablePhotos(models: FaceModels): Promise<readonly Buffer[]> {
  const pictures: Buffer[] = [];
  for (const cut of Object.values(PEOPLE)) {
    const picture = await personPhoto(cut);
    const { kind } = await examinePhoto(picture, models, { policy: ENROLMENT_POLICY, wantsCrop: false });
    if (kind === "face") pictures.push(picture);
  }
  return pictures;
}

interface Photos {
  readonly files: PackFiles;
  readonly models: FaceModels;
  readonly pictures: readonly Buffer[];
  readonly count: number;
}

async function photoFigures({ files, models, pictures, count }: Photos): Promise<Figure[]> {
  const bareMs = await bareModelMs(models, pictures, count);
  const figures: Figure[] = [];
  for (const workerCount of [1, 2]) {
    const { latenciesMs, elapsedMs } = await throughPool({ files, pictures, count, workerCount });
    const { text, ...percentiles } = latency(latenciesMs);
    figures.push({
      job: `photo to template, ${workerCount === 1 ? "one worker" : "two workers"}`,
      ours: `${text}; ${round((count * 1_000) / elapsedMs)}/s`,
      mustReach: "–",
      beside: `the bare networks of one photo, in the same run: ${round(bareMs)} ms`,
      ratio: `${(percentiles.p50Ms / bareMs).toFixed(2)} × the bare networks`,
      values: { ...percentiles, perSecond: (count * 1_000) / elapsedMs, bareMs },
    });
  }
  return figures;
}

/** The median time a photo spends inside the networks, on this thread. */
async function bareModelMs(models: FaceModels, pictures: readonly Buffer[], count: number): Promise<number> {
  let spentMs = 0;
  const timed = async <Result>(work: Promise<Result>): Promise<Result> => {
    const startMs = machineMs();
    const result = await work;
    spentMs += machineMs() - startMs;
    return result;
  };
  const watched: FaceModels = {
    detect: (image, size) => timed(models.detect(image, size)),
    landmarks: (image) => timed(models.landmarks(image)),
    embed: (chip) => timed(models.embed(chip)),
  };
  const times: number[] = [];
  for (let index = 0; index < count; index += 1) {
    spentMs = 0;
    await examinePhoto(pictures[index % pictures.length] ?? Buffer.alloc(0), watched, { policy: DOOR_POLICY, wantsCrop: false });
    times.push(spentMs);
  }
  return percentile(times, 0.5);
}

interface PoolRun {
  readonly files: PackFiles;
  readonly pictures: readonly Buffer[];
  readonly count: number;
  readonly workerCount: number;
}

/** As many photos on their way as there are workers; each picture once before, so that the networks are loaded. */
async function throughPool({ files, pictures, count, workerCount }: PoolRun): Promise<{ latenciesMs: number[]; elapsedMs: number }> {
  const pool = new FacePool({ files, timers: systemTimers, workerCount, waitingCountMax: 100 });
  const examine = async (index: number): Promise<number> => {
    const startMs = machineMs();
    const outcome = await pool.examine(pictures[index % pictures.length] ?? Buffer.alloc(0), {
      policy: ENROLMENT_POLICY,
      wantsCrop: false,
    });
    if (outcome.kind === "refused") throw new TypeError(`a bench photo was refused: ${outcome.because}`);
    return machineMs() - startMs;
  };
  await Promise.all(pictures.map((_, index) => examine(index)));
  const latenciesMs: number[] = [];
  const startMs = machineMs();
  let next = 0;
  await Promise.all(
    Array.from({ length: workerCount }, async () => {
      while (next < count) {
        next += 1;
        latenciesMs.push(await examine(next));
      }
    }),
  );
  const elapsedMs = machineMs() - startMs;
  await pool.stop();
  return { latenciesMs, elapsedMs };
}

/** Photos enrolled one after another by one client, while another enrols cards; the cards' latency with it and without. */
async function enrolmentFigure(pictures: readonly Buffer[], count: number): Promise<Figure> {
  await using server = await Child.start<ServerHandlers>("server");
  const { api: address } = await server.ask("start", { dataDir: null });
  await using cards = await Child.start<ClientHandlers>("client");
  await using photos = await Child.start<ClientHandlers>("client");
  const texts = pictures.map((bytes) => bytes.toString("base64"));
  await photos.ask("enrolFaces", { address, paceMs: 0, first: 9_000_000, count: texts.length, photos: texts });
  const calls = { address, paceMs: 20 };
  await cards.ask("enrol", { ...calls, first: 0, count: Math.ceil(count / 2) });
  const alone = await cards.ask("enrol", { ...calls, first: 1_000_000, count: count * 4 });
  const enrolling = photos.ask("enrolFaces", { address, paceMs: 0, first: 2_000_000, count, photos: texts });
  const beside = await cards.ask("enrol", { ...calls, first: 3_000_000, count: count * 4 });
  const made = await enrolling;
  const perSecond = (count * 1_000) / made.elapsedMs;
  const [without, during] = [latency(alone.latenciesMs), latency(beside.latenciesMs)];
  return {
    job: "enrol with a photo, one client",
    ours: `${round(perSecond)}/s, ${latency(made.latenciesMs).text}`,
    mustReach: "cards unharmed",
    beside: `cards enrolled meanwhile, fifty a second at most: ${during.text}; without photos: ${without.text}`,
    ratio: `cards' p99 ${(during.p99Ms / without.p99Ms).toFixed(2)} × of without`,
    values: { perSecond, cardsP99Ms: during.p99Ms, cardsAloneP99Ms: without.p99Ms },
  };
}

function galleryFigure(count: number, probes: number): Figure {
  const gallery = galleryOf(count);
  for (let warm = 0; warm < 5; warm += 1) gallery.nearest(randomTemplate());
  const times = timesOf(
    probes,
    () => randomTemplate(),
    (probe) => void gallery.nearest(probe),
  );
  const [from, to] = [new Float32Array(count * DIMENSIONS).fill(1), new Float32Array(count * DIMENSIONS)];
  const copyMs = percentile(
    timesOf(
      probes,
      () => from,
      (numbers) => to.set(numbers),
    ),
    0.5,
  );
  const p50Ms = percentile(times, 0.5);
  return {
    job: `one face against ${count.toLocaleString("en-US")} templates`,
    ours: `p50 ${p50Ms.toFixed(2)} ms`,
    mustReach: count === 100_000 ? "≤ 8 ms" : "–",
    beside: `copying as many bytes: ${copyMs.toFixed(2)} ms, ${round((count * DIMENSIONS * 4) / copyMs / 1_000_000)} GB/s`,
    ratio: count === 100_000 ? underLimit(8, p50Ms) : `${(p50Ms / copyMs).toFixed(2)} × the copy`,
    values: { p50Ms, copyMs },
  };
}

/** Whether any probe is given another owner, or another second, than a plain loop in double precision gives it. */
function exactnessFigure(count: number, probes: number): Figure {
  const rows = Array.from({ length: count }, randomTemplate);
  const gallery = new TemplateGallery(DIMENSIONS);
  for (const [ownerId, row] of rows.entries()) gallery.put(ownerId, [row]);
  let different = 0;
  for (let probe = 0; probe < probes; probe += 1) {
    const sought = randomTemplate();
    const distances = rows.map((row) => row.reduce((sum, value, at) => sum + (value - (sought[at] ?? Number.NaN)) ** 2, 0));
    const best = distances.indexOf(Math.min(...distances));
    const second = Math.min(...distances.filter((_, index) => index !== best));
    const found = gallery.nearest(sought);
    if (found?.ownerId !== best || found.distance !== distances[best] || found.second !== second) different += 1;
  }
  return {
    job: "one face: decided as in double precision",
    ours: `${different} of ${(probes * count).toLocaleString("en-US")} pairs differently`,
    mustReach: "none",
    beside: "a plain loop over doubles",
    ratio: `${different} different`,
    values: { different },
  };
}

function accuracyFigure(study: FaceStudy): Figure {
  const { falseMatch, falseNonMatch } = ratesAt(study, THRESHOLD);
  return {
    job: `faces told apart at ${THRESHOLD.toFixed(2)}`,
    ours: `${round(falseMatch.rate * 100)} % taken for another, ${round(falseNonMatch.rate * 100)} % not recognised`,
    mustReach: "–",
    beside: `${study.peopleCount} faces: too few to prove anything; at most ${round(falseMatch.atMost * 100)} % and ${round(falseNonMatch.atMost * 100)} % if pairs were independent`,
    ratio: "[the study](faces.md)",
    values: { falseMatchRate: falseMatch.rate, falseNonMatchRate: falseNonMatch.rate, pairs: study.genuine.length + study.impostor.length },
  };
}

function galleryOf(count: number): TemplateGallery {
  const gallery = new TemplateGallery(DIMENSIONS);
  for (let ownerId = 0; ownerId < count; ownerId += 1) gallery.put(ownerId, [randomTemplate()]);
  return gallery;
}

/** Numbers of the size that templates have; what they are does not change how long it takes. */
function randomTemplate(): Float32Array {
  return Float32Array.from(randomBytes(DIMENSIONS), (byte) => (byte - 127.5) / 1_024);
}

function timesOf<Input>(count: number, prepare: () => Input, work: (input: Input) => void): number[] {
  return Array.from({ length: count }, () => {
    const input = prepare();
    const startMs = machineMs();
    work(input);
    return machineMs() - startMs;
  });
}
