import { readdir, readFile } from "node:fs/promises";
import { stripTypeScriptTypes } from "node:module";
import { fileURLToPath } from "node:url";

/** What the page imports from elsewhere, and the file of that name that is served beside it. */
const SERVED_AS: Readonly<Record<string, string>> = {
  "@postern/core/qr-code": "./qr-code.js",
  uqr: "./uqr.js",
};

const root = fileURLToPath(new URL("..", import.meta.url));

/** The scripts of the phone's page as browsers take them: the same lines without their types, by the path at which they are kept. */
export async function phoneScripts(): Promise<ReadonlyMap<string, string>> {
  const names = (await readdir(`${root}packages/phone/page`)).map((name) => `packages/phone/page/${name}`);
  const sources = [...names, "packages/core/src/qr-code.ts"].sort();
  const scripts = sources.map(async (path): Promise<[string, string]> => {
    const name = path.slice(path.lastIndexOf("/") + 1).replace(/\.ts$/, ".js");
    return [`packages/phone/served/${name}`, scriptOf(path, await readFile(`${root}${path}`, "utf8"))];
  });
  return new Map(await Promise.all(scripts));
}

function scriptOf(path: string, source: string): string {
  const script = stripTypeScriptTypes(source, { mode: "strip" })
    .replace(/(from ")([^"]+)(")/g, (_whole, before: string, from: string, after: string) => before + servedAs(from) + after)
    .replace(/[ \t]+$/gm, "")
    .replace(/\n{3,}/g, "\n\n")
    .trim();
  return `// Made from ${path} by \`npm run gen\`.\n${script}\n`;
}

function servedAs(specifier: string): string {
  return SERVED_AS[specifier] ?? specifier.replace(/\.ts$/, ".js");
}
