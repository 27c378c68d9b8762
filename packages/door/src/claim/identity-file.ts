import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { writeFileWhole } from "../disk/write-file-whole.ts";
import { doorError } from "../errors.ts";
import { type Identity, type IdentityFile, readIdentity } from "./identity.ts";

/** The identity file of a folder, or null when there is none. One that is damaged is an error: the key in it may be the only one. */
export function loadIdentity(dataDir: string): IdentityFile | null {
  const path = join(dataDir, "identity.json");
  if (!existsSync(path)) return null;
  const file = readIdentity(readFileSync(path, "utf8"));
  if (file === null) throw doorError("identity_malformed", { context: { path } });
  return file;
}

export function saveIdentity(dataDir: string, file: IdentityFile): void {
  writeFileWhole(join(dataDir, "identity.json"), `${JSON.stringify(file, null, 2)}\n`);
}

/** Who the controller of this folder is; `not_claimed` when it is nobody yet. */
export function claimedIdentity(dataDir: string): Identity {
  const file = loadIdentity(dataDir);
  if (file?.state !== "claimed") throw doorError("not_claimed", { context: { dataDir } });
  return file;
}
