import { readFile } from "node:fs/promises";
import { join } from "node:path";

/** What a running postmaster says about itself in `postmaster.pid`. */
export interface PostmasterFile {
  readonly pid: number;
  readonly isReady: boolean;
}

const PID_LINE = 0;
const STATUS_LINE = 7;

export function postmasterFilePath(clusterDir: string): string {
  return join(clusterDir, "postmaster.pid");
}

/** Undefined when there is none, or while it is being written. */
export async function readPostmasterFile(clusterDir: string): Promise<PostmasterFile | undefined> {
  const text = await readFile(postmasterFilePath(clusterDir), "utf8").catch(() => "");
  const lines = text.split("\n");
  const pid = Number.parseInt(lines[PID_LINE] ?? "", 10);
  if (!Number.isInteger(pid) || pid <= 0) return undefined;
  return { pid, isReady: lines[STATUS_LINE]?.trim() === "ready" };
}
