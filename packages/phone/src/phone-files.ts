import { readdir, readFile } from "node:fs/promises";
import { extname } from "node:path";
import { fileURLToPath } from "node:url";

/** One file of the page that a person opens on their phone. */
export interface PhoneFile {
  readonly name: string;
  readonly type: string;
  readonly text: string;
}

const TYPES: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".svg": "image/svg+xml",
};

/** Everything that the page needs, as a server hands it out: `page.html`, what it names, and what that imports. */
export async function phoneFiles(): Promise<readonly PhoneFile[]> {
  const folder = new URL("../served/", import.meta.url);
  const names = await readdir(fileURLToPath(folder));
  const own = names.map((name) => readPhoneFile(name, fileURLToPath(new URL(name, folder))));
  return Promise.all([...own, readPhoneFile("uqr.js", fileURLToPath(import.meta.resolve("uqr")))]);
}

async function readPhoneFile(name: string, path: string): Promise<PhoneFile> {
  return { name, type: TYPES[extname(name)] ?? "application/octet-stream", text: await readFile(path, "utf8") };
}
