import { execFile, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { EVENTS_PER_FRAME_MAX } from "@postern/contract";
import { pause, systemTimers } from "@postern/core";
import { Child } from "./child.ts";
import { freePort } from "./free-port.ts";
import { machineMs } from "./machine-time.ts";
import type { ControllersHandlers } from "./processes/controllers-process.ts";
import { PacketLink } from "./processes/packet-link.ts";
import { passageEvents } from "./processes/passage-events.ts";
import { temporaryFolder } from "./temporary-folder.ts";

const START_MS_MAX = 5_000;

/**
 * Events a second through mosquitto: the same frames from as many publishers, each with one unacknowledged, to one subscriber that looks at
 * nothing; nothing is stored. Null where it is not installed.
 */
export async function relayThroughMosquitto({ publishers, countEach }: { publishers: number; countEach: number }): Promise<number | null> {
  if (spawnSync("mosquitto", ["-h"]).error !== undefined) return null;
  await using broker = await startMosquitto();
  const frames = Math.ceil(countEach / EVENTS_PER_FRAME_MAX);
  const wanted = frames * publishers;
  const events = passageEvents({ doorId: 500_000, deviceId: 500_000 }, EVENTS_PER_FRAME_MAX, Date.now());
  const payload = JSON.stringify({ session: 1, generation: 7, first: 1, events, sentAt: Date.now() });
  let seen = 0;
  const arrived = Promise.withResolvers<void>();
  const subscriber = await PacketLink.open({ url: broker.url, clientId: "bench-subscriber" }, "postern/1/+/up/+", () => {
    seen += 1;
    if (seen === wanted) arrived.resolve();
  });
  await using publishing = await Child.start<ControllersHandlers>("controllers");
  const startMs = machineMs();
  await Promise.all([publishing.ask("publishFrames", { url: broker.url, publishers, frames, payload }), arrived.promise]);
  const elapsedMs = machineMs() - startMs;
  await subscriber.end();
  return (wanted * EVENTS_PER_FRAME_MAX * 1_000) / elapsedMs;
}

/** What mosquitto keeps resident, empty and with so many idle connections. Null where it is not installed. */
export async function mosquittoMemory(clientIds: readonly string[], addresses: readonly string[]): Promise<MemoryUse | null> {
  if (spawnSync("mosquitto", ["-h"]).error !== undefined) return null;
  await using broker = await startMosquitto();
  const emptyBytes = await residentBytes(broker.pid);
  await using clients = await Child.start<ControllersHandlers>("controllers");
  await clients.ask("holdOpen", { url: broker.url, clientIds, addresses });
  return { emptyBytes, fullBytes: await residentBytes(broker.pid) };
}

export interface MemoryUse {
  readonly emptyBytes: number;
  readonly fullBytes: number;
}

/** What a process keeps in memory, by `ps`, which every Unix has. */
export async function residentBytes(pid: number): Promise<number> {
  const { stdout } = await promisify(execFile)("ps", ["-o", "rss=", "-p", String(pid)]);
  return Number(stdout.trim()) * 1024;
}

async function startMosquitto(): Promise<AsyncDisposable & { readonly url: string; readonly pid: number }> {
  const stack = new AsyncDisposableStack();
  const { path } = stack.use(await temporaryFolder("mosquitto"));
  const port = await freePort();
  const file = join(path, "mosquitto.conf");
  const noLimits = "max_queued_messages 0\nmax_inflight_messages 0\n";
  await writeFile(
    file,
    `listener ${port} 127.0.0.1\nallow_anonymous true\npersistence false\nset_tcp_nodelay true\nlog_dest none\nuser root\n${noLimits}`,
  );
  const broker = spawn("mosquitto", ["-c", file], { stdio: "ignore" });
  const kill = (): void => void broker.kill("SIGTERM");
  process.on("exit", kill);
  const ended = once(broker, "exit");
  stack.defer(async () => {
    process.off("exit", kill);
    kill();
    await ended;
  });
  const url = `mqtt://127.0.0.1:${port}`;
  const endMs = machineMs() + START_MS_MAX;
  for (;;) {
    const link = await PacketLink.open({ url, clientId: "bench-first" }, null, () => undefined).catch(() => null);
    await link?.end();
    if (link !== null) break;
    if (machineMs() > endMs) {
      await stack.disposeAsync();
      throw new TypeError("mosquitto did not start");
    }
    await pause(systemTimers, "look again", 20);
  }
  return { url, pid: broker.pid ?? 0, [Symbol.asyncDispose]: () => stack.disposeAsync() };
}
