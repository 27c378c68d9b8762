// Runs before every npm script. Installs what the lock file names when node_modules does not match it, so that
// `npm start` and `npm test` are the only commands a newcomer needs. Plain JavaScript: it must parse on any Node >= 18.
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const stampFile = join(root, "node_modules", ".postern-setup");
const wanted = createHash("sha256")
  .update(readFileSync(join(root, "package-lock.json")))
  .digest("hex");

function installed() {
  return existsSync(stampFile) && readFileSync(stampFile, "utf8") === wanted;
}

if (!installed()) {
  process.stderr.write("postern: installing packages (once per change of package-lock.json) …\n");
  const result = spawnSync("npm", ["ci", "--no-fund", "--no-audit", "--loglevel=error"], {
    cwd: root,
    stdio: ["ignore", 2, 2],
    shell: process.platform === "win32",
  });
  if (result.status !== 0) {
    process.stderr.write("postern: `npm ci` failed. Read the lines above, mend the cause and run the command again.\n");
    process.exit(result.status ?? 1);
  }
  writeFileSync(stampFile, wanted);
}
