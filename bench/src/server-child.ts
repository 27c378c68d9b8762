import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

export interface ServerChild extends AsyncDisposable {
  readonly baseUrl: string;
  readonly mqttUrl: string;
  readonly key: string;
  readonly child: ChildProcess;
}

interface Started {
  readonly baseUrl: string;
  readonly mqttUrl: string;
  readonly key: string;
}

/** Starts a server with an empty data directory of its own; disposing ends it and removes the directory. */
export async function startServerChild(): Promise<ServerChild> {
  const folder = await mkdtemp(join(tmpdir(), "postern-bench-"));
  const child = fork(fileURLToPath(new URL("./server-process.ts", import.meta.url)), [folder], {
    stdio: ["ignore", "ignore", "inherit", "ipc"],
  });
  // biome-ignore lint/nursery/noUnsafeTypeAssertion: both ends of this pipe are of this package.
  const [started] = (await once(child, "message")) as [Started];
  return {
    ...started,
    child,
    async [Symbol.asyncDispose]() {
      const ended = once(child, "exit");
      child.disconnect();
      await ended;
      await rm(folder, { recursive: true, force: true });
    },
  };
}
