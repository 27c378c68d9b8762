import { writeFile } from "node:fs/promises";
import { cpus } from "node:os";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import type { Figure } from "./figure.ts";
import { append } from "./jobs/append.ts";
import { confirm } from "./jobs/confirm.ts";
import { decide } from "./jobs/decide.ts";
import { enrol } from "./jobs/enrol.ts";
import { link } from "./jobs/link.ts";
import { fresh, start } from "./jobs/start.ts";

const JOBS: Readonly<Record<string, () => Promise<Figure[]>>> = { enrol, confirm, append, link, decide, start, fresh };
const REPORT = fileURLToPath(new URL("../../docs/reference/performance.md", import.meta.url));

const { values } = parseArgs({ options: { only: { type: "string" }, json: { type: "boolean" }, write: { type: "boolean" } } });
const wanted = values.only?.split(",") ?? Object.keys(JOBS);
const unknown = wanted.filter((name) => JOBS[name] === undefined);
if (unknown.length > 0) {
  process.stderr.write(`bench: no job ${unknown.join(", ")}; there are ${Object.keys(JOBS).join(", ")}\n`);
  process.exit(1);
}
const figures: Figure[] = [];
for (const name of wanted) {
  const done = (await JOBS[name]?.()) ?? [];
  figures.push(...done);
  for (const figure of done) process.stdout.write(values.json === true ? `${JSON.stringify(figure)}\n` : `${row(figure)}\n`);
}
if (values.write === true) await writeFile(REPORT, report(figures));

function row({ job, ours, mustReach, beside, ratio }: Figure): string {
  return `| ${job} | ${ours} | ${mustReach} | ${beside} | ${ratio} |`;
}

function report(all: readonly Figure[]): string {
  const machine = `${cpus().length} cores (${cpus()[0]?.model ?? "unknown"}), Node ${process.versions.node}, ${process.platform}`;
  return `# Performance

Printed by \`npm run bench -- --write\`, everything on one machine and in one run: ${machine}; ${new Date().toISOString().slice(0, 10)}.
A figure alone says little: read it beside the limit or peer of the same run.

The append's peer is our own bulk insert without its guarantees, and not COPY, so its goal of 35 % of COPY is not shown here. \`one event a commit\` goes through
the append too.

| job | ours | must reach | beside | ratio |
|---|---|---|---|---|
${all.map(row).join("\n")}

\`npm run bench -- --only enrol,append\` runs some of the jobs; \`fresh\` clones what is committed and installs it.
`;
}
