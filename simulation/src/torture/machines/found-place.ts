import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { posternClient } from "@postern/client";
import { systemTimers } from "@postern/core";
import { claimController } from "@postern/door";
import type { Shape } from "../plan/act.ts";

/** A controller of the place, claimed, with the folder it runs on. */
export interface Seat {
  readonly controllerId: number;
  readonly serial: string;
  readonly folder: string;
  readonly doorIds: readonly number[];
}

export interface FoundedPlace {
  readonly placeId: number;
  readonly key: string;
  /** In the order of the plan's numbers. */
  readonly doorIds: readonly number[];
  readonly seats: readonly Seat[];
}

export interface FoundingParts {
  /** Of a server that runs, without any line in between. */
  readonly baseUrl: string;
  readonly serverDir: string;
  readonly doorsDir: string;
  readonly shape: Shape;
}

/** How long one grant keeps a bolt released: short, so that bolts move often. */
const UNLOCK_MS = 400;

/** Makes a customer, a place, its doors and controllers, as an operator would, and claims each controller for a folder of its own. */
export async function foundPlace({ baseUrl, serverDir, doorsDir, shape }: FoundingParts): Promise<FoundedPlace> {
  const operator = posternClient({ baseUrl, key: (await readFile(join(serverDir, "operator.key"), "utf8")).trim() });
  const { placeGroupId } = await operator.createPlaceGroup({ body: { name: "Torture" } });
  const scopes = ["people", "events", "doors:operate", "doors:configure", "devices", "keys"] as const;
  const { key } = await operator.mintRootKey({ params: { placeGroupId }, body: { name: "torture", scopes: [...scopes] } });
  const client = posternClient({ baseUrl, key });
  const { placeId } = await client.createPlace({ body: { name: "Torture", timeZone: "Europe/Berlin" } });
  const doorIds: number[] = [];
  for (let door = 0; door < shape.controllerCount * shape.doorsPerController; door += 1) {
    const made = await client.createDoor({ params: { placeId }, body: { name: `Door ${door}`, settings: { unlockMs: UNLOCK_MS } } });
    doorIds.push(made.doorId);
  }
  const seats: Seat[] = [];
  for (let index = 0; index < shape.controllerCount; index += 1) {
    const own = doorIds.slice(index * shape.doorsPerController, (index + 1) * shape.doorsPerController);
    const { controllerId } = await client.createController({ params: { placeId }, body: { name: `Controller ${index}`, doorIds: own } });
    const { code } = await client.issueClaimCode({ params: { controllerId } });
    const folder = join(doorsDir, String(index));
    const { serial } = await claimController({ serverUrl: baseUrl, code, dataDir: folder, timers: systemTimers });
    seats.push({ controllerId, serial, folder, doorIds: own });
  }
  return { placeId, key, doorIds, seats };
}

/** Makes a controller call at another port for its link: that of a line of ours. */
export async function redirectLink({ folder }: Seat, port: number): Promise<void> {
  const path = join(folder, "identity.json");
  const identity: Readonly<Record<string, unknown>> = JSON.parse(await readFile(path, "utf8"));
  await writeFile(path, `${JSON.stringify({ ...identity, mqttUrl: `mqtt://127.0.0.1:${port}` }, null, 2)}\n`, { mode: 0o600 });
}
