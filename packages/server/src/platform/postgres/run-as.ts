import { execFile } from "node:child_process";
import { lchown, lstat, readdir } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { platformError } from "../platform-errors.ts";

const runFile = promisify(execFile);

/** The user `nobody` of every Unix: what PostgreSQL, which refuses to run as root, is shown instead. */
const NOBODY_ID = 65_534;

/** How the database's programs are started, and who must own their files for it. */
export interface RunAs {
  readonly prefix: readonly string[];
  readonly ownerId: number;
}

/** For root, in this order of preference. */
const ROOT_WAYS: readonly RunAs[] = [
  // Inside a user namespace root is seen as nobody, while files keep their owner and folders of mode 0700 stay passable.
  { prefix: ["unshare", "--user", `--map-user=${NOBODY_ID}`, `--map-group=${NOBODY_ID}`], ownerId: 0 },
  // Where namespaces are forbidden (many containers): become nobody, and keep the one capability to pass folders of mode 0700.
  {
    prefix: [
      "setpriv",
      `--reuid=${NOBODY_ID}`,
      `--regid=${NOBODY_ID}`,
      "--clear-groups",
      "--inh-caps=+dac_override",
      "--ambient-caps=+dac_override",
    ],
    ownerId: NOBODY_ID,
  },
];

/** `ways` is an argument so that a test can take away the first. */
export async function chooseRunAs(ways: readonly RunAs[] = ROOT_WAYS): Promise<RunAs> {
  const userId = process.getuid?.() ?? NOBODY_ID;
  if (userId !== 0) return { prefix: [], ownerId: userId };
  for (const way of ways) {
    const [program = "", ...options] = way.prefix;
    const works = await runFile(program, [...options, "true"]).then(
      () => true,
      () => false,
    );
    if (works) return way;
  }
  const detail = "PostgreSQL refuses to run as root, and neither unshare nor setpriv works here: run the server as another user.";
  throw platformError("embedded_unavailable", { detail });
}

export const rootWays = ROOT_WAYS;

/** Gives a cluster made in one of root's ways to the way used now. Without root there is nothing to do, and nothing that could be done. */
export async function ensureOwner(directory: string, runAs: RunAs): Promise<void> {
  if (process.getuid?.() !== 0 || (await lstat(directory)).uid === runAs.ownerId) return;
  for (const entry of await readdir(directory, { recursive: true })) {
    await lchown(join(directory, entry), runAs.ownerId, runAs.ownerId);
  }
  await lchown(directory, runAs.ownerId, runAs.ownerId); // last: an interrupted change is noticed and repeated
}
