import { readFile, writeFile } from "node:fs/promises";
import { setTimeout as wait } from "node:timers/promises";
import { parseArgs } from "node:util";
import type { CaseResult } from "./case.ts";
import { ClueClient } from "./clue-client.ts";
import { htmlReport } from "./reports/html.ts";
import { junitReport } from "./reports/junit.ts";
import { resultLines, tallyLine, tallyOf } from "./reports/terminal.ts";
import { runCases } from "./run-cases.ts";
import { SECTIONS } from "./sections/all.ts";
import { World } from "./world.ts";

const USAGE = `npm run conformance -- --base-url URL --api-key KEY

  --place N         the place to ask about; left out, the one that the key's events name
  --place-group N   the key's place group, for dynamic QRs
  --schedule N      a schedule of the place
  --photo FILE      a JPEG or PNG of one person's face
  --turned-photo F  one of a face that looks aside, which must be refused
  --operate         may open the place's doors, scan at its devices and change what they show
  --only A,B        some sections: ${SECTIONS.map(({ id }) => id).join(", ")}
  --junit FILE      the results as JUnit XML
  --html FILE       the results as a page

The key may stand in API_KEY too. It makes people at the place and takes them away again. Exits with 0 when no case failed, 1 when one did, 2 when it could not begin, 130 when it was stopped.
`;

const options = {
  "base-url": { type: "string" },
  "api-key": { type: "string" },
  place: { type: "string" },
  "place-group": { type: "string" },
  schedule: { type: "string" },
  photo: { type: "string" },
  "turned-photo": { type: "string" },
  operate: { type: "boolean" },
  only: { type: "string" },
  junit: { type: "string" },
  html: { type: "string" },
  help: { type: "boolean" },
} as const;

process.exitCode = await main().catch((failure: unknown) => {
  process.stderr.write(`conformance: ${failure instanceof Error ? failure.message : String(failure)}\n`);
  return 2;
});

async function main(): Promise<number> {
  const { values } = parseArgs({ options });
  if (values.help === true) {
    process.stdout.write(USAGE);
    return 0;
  }
  const baseUrl = values["base-url"] ?? "";
  const apiKey = values["api-key"] ?? process.env["API_KEY"] ?? "";
  if (!URL.canParse(baseUrl) || apiKey === "") throw new TypeError(`--base-url and --api-key are needed\n\n${USAGE}`);
  const clue = new ClueClient({ baseUrl, apiKey, wait: (ms) => wait(ms) });
  await clue.get("/v1/events").catch((failure: unknown) => {
    throw new TypeError(`${baseUrl} gives no answer: ${String(failure instanceof Error ? (failure.cause ?? failure.message) : failure)}`);
  });
  const world = new World(clue, {
    placeId: numberOf("place", values.place),
    placeGroupId: numberOf("place-group", values["place-group"]),
    scheduleId: numberOf("schedule", values.schedule),
    photo: values.photo === undefined ? null : await readFile(values.photo),
    turnedPhoto: values["turned-photo"] === undefined ? null : await readFile(values["turned-photo"]),
    mayOperate: values.operate === true,
  });
  const sections = chosen(values.only);
  const stop = new AbortController();
  process.once("SIGINT", () => stop.abort());
  const onResult = (result: CaseResult): boolean => process.stdout.write(resultLines(result));
  const results = await runCases(sections, { clue, world }, { onResult, signal: stop.signal }).finally(() => cleanedUp(world));
  if (stop.signal.aborted) return 130;
  if (values.junit !== undefined) await writeFile(values.junit, junitReport(results));
  if (values.html !== undefined) await writeFile(values.html, htmlReport(results, { baseUrl, at: new Date() }));
  const tally = tallyOf(results);
  process.stdout.write(`\n${tallyLine(tally)}\n`);
  return tally.failed === 0 ? 0 : 1;
}

async function cleanedUp(world: World): Promise<void> {
  const left = await world.cleanUp();
  if (left.length > 0) process.stderr.write(`These auths were made and could not be taken away again: ${left.join(", ")}\n`);
}

function chosen(only: string | undefined): typeof SECTIONS {
  if (only === undefined) return SECTIONS;
  const ids = only.split(",");
  const unknown = ids.find((id) => !SECTIONS.some((section) => section.id === id));
  if (unknown !== undefined) throw new TypeError(`there is no section ${unknown}\n\n${USAGE}`);
  return SECTIONS.filter(({ id }) => ids.includes(id));
}

function numberOf(name: string, text: string | undefined): number | null {
  if (text === undefined) return null;
  if (!/^\d{1,15}$/.test(text)) throw new TypeError(`--${name} takes a number`);
  return Number(text);
}
