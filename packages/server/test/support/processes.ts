import { execFileSync } from "node:child_process";

export interface RunningProcess {
  readonly pid: number;
  readonly parentPid: number;
  readonly command: string;
}

/** All processes whose command line holds `text`, for example the path of a test's own folder. Zombies are not running. */
export function processesWith(text: string): readonly RunningProcess[] {
  const rows = execFileSync("ps", ["-A", "-o", "pid=,ppid=,stat=,args="], { encoding: "utf8" }).split("\n");
  return rows.flatMap((row) => {
    const [, pid, parentPid, state, command] = /^\s*(\d+)\s+(\d+)\s+(\S+)\s+(.*)$/.exec(row) ?? [];
    if (command === undefined || state?.startsWith("Z") === true || !command.includes(text)) return [];
    return [{ pid: Number(pid), parentPid: Number(parentPid), command }];
  });
}
