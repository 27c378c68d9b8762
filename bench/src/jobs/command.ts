import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type Figure, latency } from "../figure.ts";
import { machineMs } from "../machine-time.ts";
import { startedServer } from "../started-server.ts";
import { temporaryFolder } from "../temporary-folder.ts";

const ROOT = fileURLToPath(new URL("../../../", import.meta.url));
const COMMAND = { command: process.execPath, words: ["packages/cli/src/main.ts", "start"], cwd: ROOT } as const;

/** The shortest there is: the next opening must move the bolt again. */
const UNLOCK_MS = 100;
const WARM_SHARE = 0.1;

interface Api {
  readonly placeId: number;
  readonly doorId: number;
  readonly call: (method: string, path: string, body?: unknown) => Promise<Record<string, unknown>>;
}

/** From the asking until the door's RELAY_ON is committed and told, one opening after the other, on a server as users start it, its virtual door in the same process. */
export async function command({ count = 300 } = {}): Promise<Figure[]> {
  await using folder = await temporaryFolder("command");
  await using server = await startedServer({ ...COMMAND, dataDir: folder.path });
  const api = await apiOf(server.baseUrl, folder.path);
  await api.call("PATCH", `/doors/${api.doorId}`, { settings: { unlockMs: UNLOCK_MS } });
  const answered: number[] = [];
  const told: number[] = [];
  const released: number[] = [];
  for (let index = 0; index < count * (1 + WARM_SHARE); index += 1) {
    const times = await openOnce(api);
    if (index < count * WARM_SHARE) continue;
    answered.push(times.answeredMs);
    told.push(times.toldMs);
    released.push(times.releasedMs);
  }
  const [whole, call, bolt] = [latency(told), latency(answered), latency(released)];
  return [
    {
      job: "asked to open → RELAY_ON read from the ledger",
      ours: whole.text,
      mustReach: "–",
      beside: `the call alone: ${call.text}; the bolt, by the door's clock in whole milliseconds: ${bolt.text}; one opening after the other`,
      ratio: `${(whole.p50Ms / Math.max(call.p50Ms, 0.001)).toFixed(1)} × the call's p50`,
      values: {
        p50Ms: whole.p50Ms,
        p99Ms: whole.p99Ms,
        callP50Ms: call.p50Ms,
        callP99Ms: call.p99Ms,
        boltP50Ms: bolt.p50Ms,
        boltP99Ms: bolt.p99Ms,
      },
    },
  ];
}

async function openOnce({ placeId, doorId, call }: Api) {
  const { next } = await call("GET", `/places/${placeId}/events?after=now`);
  const events = `/places/${placeId}/events?after=${String(next)}&types=DEV_DOOR_RELAY_ON&doorIds=${doorId}&wait=30`;
  const reading = call("GET", events).then((page) => ({ page, atMs: machineMs() }));
  const askedAt = Date.now();
  const beginMs = machineMs();
  const { commandId } = await call("POST", `/doors/${doorId}/open`);
  const answeredMs = machineMs() - beginMs;
  const { page, atMs } = await reading;
  const [event] = Array.isArray(page["events"]) ? page["events"] : [];
  if (event === undefined) throw new TypeError("the door did not open");
  // The next opening begins when the bolt has fallen.
  await call("GET", `/commands/${String(commandId)}?wait=30&past=relay_on`);
  return { answeredMs, toldMs: atMs - beginMs, releasedMs: Number(event.eventAt) - askedAt };
}

async function apiOf(baseUrl: string, dataDir: string): Promise<Api> {
  const demo: unknown = JSON.parse(await readFile(join(dataDir, "demo.json"), "utf8"));
  const key = String(Reflect.get(Object(demo), "apiKey"));
  const call: Api["call"] = async (method, path, body) => {
    const headers = { authorization: `Bearer ${key}`, ...(body === undefined ? {} : { "content-type": "application/json" }) };
    const answer = await fetch(`${baseUrl}/v2${path}`, { method, headers, ...(body === undefined ? {} : { body: JSON.stringify(body) }) });
    if (!answer.ok) throw new TypeError(`${method} ${path}: ${answer.status} ${await answer.text()}`);
    return Object(await answer.json());
  };
  return { placeId: 178, doorId: 234, call };
}
