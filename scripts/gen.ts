// `npm run gen` writes what is made from the code and kept in the repository; `--check` says which of it is not current, or not good.
import { readFile, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { asyncDocument } from "../packages/contract/src/index.ts";
import { SERVER_VERSION } from "../packages/server/src/version.ts";
import { describeApi } from "./describe-api.ts";
import { lintDescription } from "./lint-description.ts";
import { phoneScripts } from "./phone-scripts.ts";

const { v1, v2, undescribed } = await describeApi();
const problems = undescribed.map((route) => `${route} is served and not described: add it to the operations of packages/contract`);
const texts = new Map<string, string>(await phoneScripts());
const documents = { "openapi-v1": v1, "openapi-v2": v2, asyncapi: asyncDocument(SERVER_VERSION) };
for (const [name, document] of Object.entries(documents)) {
  const path = `docs/reference/${name}.json`;
  const text = `${JSON.stringify(document, null, 2)}\n`;
  problems.push(...(await lintDescription(text)).map((problem) => `${path}: ${problem}`));
  texts.set(path, text);
}
for (const [path, text] of texts) {
  const file = fileURLToPath(new URL(`../${path}`, import.meta.url));
  if (!process.argv.includes("--check")) await writeFile(file, text);
  else if ((await readFile(file, "utf8").catch(() => "")) !== text) problems.push(`${path} is not current: run npm run gen`);
}
for (const problem of problems) process.stderr.write(`${problem}\n`);
process.exitCode = problems.length === 0 ? 0 : 1;
