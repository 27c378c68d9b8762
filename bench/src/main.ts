import { writeFile } from "node:fs/promises";
import { loadavg } from "node:os";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { studyFolder, writeStudy } from "./faces/run-study.ts";
import type { Figure } from "./figure.ts";
import { growthPlots } from "./growth-plots.ts";
import { append } from "./jobs/append.ts";
import { bulk } from "./jobs/bulk.ts";
import { command } from "./jobs/command.ts";
import { confirm } from "./jobs/confirm.ts";
import { decide } from "./jobs/decide.ts";
import { enrol } from "./jobs/enrol.ts";
import { faces } from "./jobs/faces.ts";
import { growth } from "./jobs/growth.ts";
import { link } from "./jobs/link.ts";
import { many } from "./jobs/many.ts";
import { pages } from "./jobs/pages.ts";
import { repair } from "./jobs/repair.ts";
import { retention } from "./jobs/retention.ts";
import { revoke } from "./jobs/revoke.ts";
import { fresh, start } from "./jobs/start.ts";
import { stream } from "./jobs/stream.ts";
import { vendor } from "./jobs/vendor.ts";
import { report } from "./report.ts";
import { tableHead, tableRow } from "./table.ts";

const JOBS: Readonly<Record<string, () => Promise<Figure[]>>> = {
  enrol,
  bulk,
  confirm,
  revoke,
  repair,
  append,
  pages,
  growth,
  retention,
  link,
  stream,
  many,
  command,
  vendor,
  decide,
  faces,
  start,
  fresh,
};
/** Jobs that are asked for by one name. */
const GROUPS: Readonly<Record<string, readonly string[]>> = { ledger: ["append", "pages", "growth", "retention", "stream", "bulk"] };
const REFERENCE = new URL("../../docs/reference/", import.meta.url);
const REPORT = fileURLToPath(new URL("performance.md", REFERENCE));

/** Twenty million events take half of it, the others a tenth; one that still runs then hangs, and the run ends. The processes it started end with this one. */
const JOB_MS_MAX = 1_200_000;

const USAGE = `npm run bench -- [--only ${[...Object.keys(JOBS), ...Object.keys(GROUPS)].join(",")}] [--json] [--write] [--photos FOLDER]

  --only    some of the jobs, with commas between them; ledger is all of what happened and how it is read
  --json    a line of JSON for each figure, with plain numbers
  --write   puts the table of a whole run into docs/reference/performance.md; with --only faces, how well faces are
            told apart into docs/reference/faces.md
  --photos  how well your own photos are told apart, from a folder with a folder of photos for each person
`;

const options = {
  only: { type: "string" },
  json: { type: "boolean" },
  write: { type: "boolean" },
  photos: { type: "string" },
  help: { type: "boolean" },
} as const;
const { values } = parseArgs({ options });
const wanted = values.only?.split(",").flatMap((name) => GROUPS[name] ?? [name]) ?? Object.keys(JOBS);
const unknown = wanted.filter((name) => JOBS[name] === undefined);
if (values.help === true) {
  process.stdout.write(USAGE);
} else if (unknown.length > 0) {
  fail(`no job ${unknown.join(", ")}\n\n${USAGE}`);
} else if (values.photos !== undefined) {
  process.stdout.write(await studyFolder(values.photos).catch((failure: unknown) => fail(messageOf(failure))));
} else if (values.write === true && values.only !== undefined && values.only !== "faces") {
  fail("--write takes the figures of one whole run: leave out --only, or name faces alone");
} else {
  await run();
}

async function run(): Promise<void> {
  const figures: Figure[] = [];
  const [loadBefore = 0] = loadavg();
  if (values.json !== true) process.stdout.write(tableHead());
  for (const name of wanted) {
    const done = await limited(name).catch((failure: unknown) => fail(`${name}: ${messageOf(failure)}`));
    figures.push(...done);
    for (const figure of done) process.stdout.write(values.json === true ? `${JSON.stringify(figure)}\n` : tableRow(figure));
  }
  if (values.only === "faces" && values.write === true) await writeStudy();
  else if (values.write === true) await writeReport(figures, loadBefore);
}

async function writeReport(figures: readonly Figure[], loadBefore: number): Promise<void> {
  await writeFile(REPORT, await report(figures, loadBefore));
  for (const [name, plot] of growthPlots(figures)) await writeFile(new URL(name, REFERENCE), plot);
}

async function limited(name: string): Promise<Figure[]> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => late.reject(new TypeError(`has not ended within ${JOB_MS_MAX / 1_000} s`)), JOB_MS_MAX);
  try {
    return await Promise.race([JOBS[name]?.() ?? [], late.promise]);
  } finally {
    clearTimeout(timer);
  }
}

function messageOf(failure: unknown): string {
  return failure instanceof Error ? failure.message : String(failure);
}

function fail(why: string): never {
  process.stderr.write(`bench: ${why}\n`);
  process.exit(1);
}
