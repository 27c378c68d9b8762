import { generateKeyPairSync } from "node:crypto";
import { type AuthItem, itemKey, systemClock } from "@postern/core";
import type { RunningServer } from "@postern/server";
import { addDoor, changeRoster } from "@postern/server/internal";
import type { ApiAddress } from "./people-client.ts";
import type { ControllerSeat } from "./scripted-controller.ts";

export const PLACE_ID = 178;
const FIRST_SEAT_ID = 500_000;
const FIRST_AUTH_ID = 10_000_000;

export interface SeatsWanted {
  readonly placeId?: number;
  readonly first?: number;
  readonly count: number;
}

/** So many doors of a place, each with a controller of its own whose key the bench holds; numbered from `first` over all places. */
export async function addSeats(
  { database }: RunningServer,
  { placeId = PLACE_ID, first = 0, count }: SeatsWanted,
): Promise<ControllerSeat[]> {
  const madeAtMs = systemClock.nowMs();
  return database.transaction(async (transaction) => {
    const seats: ControllerSeat[] = [];
    const changes = [];
    for (let index = first; index < first + count; index += 1) {
      const id = FIRST_SEAT_ID + index;
      const serial = String(700_000_000 + index);
      const { privateKey, publicKey } = generateKeyPairSync("ed25519");
      const text =
        "insert into controllers(controller_id, place_id, serial, name, public_key, made_at) values ($1, $2, $3, 'bench', $4, $5)";
      await transaction.execute(text, [id, placeId, serial, publicKey.export({ format: "jwk" }), madeAtMs]);
      const named = { deviceType: "Virtual", modelName: "VIRTUAL_1", name: `Reader ${index}`, side: "ENTRY" } as const;
      const devices = [{ deviceId: id, serial: String(800_000_000 + index), ...named }];
      changes.push(...(await addDoor(transaction, { placeId, doorId: id, controllerId: id, name: `Door ${index}`, devices, madeAtMs })));
      const key = privateKey.export({ format: "pem", type: "pkcs8" }).toString();
      seats.push({ serial, controllerId: id, doorId: id, deviceId: id, privateKey: key });
    }
    await changeRoster(transaction, placeId, { changes, nowMs: madeAtMs });
    return seats;
  });
}

/** Puts so many people who may pass every door into the roster, in one change; the doors are sent each of them. */
export async function addPeople({ database }: RunningServer, first: number, count: number): Promise<void> {
  const changes = Array.from({ length: count }, (_, index) => {
    const item = benchPerson(first + index);
    return { key: itemKey(item), item };
  });
  await database.transaction((transaction) => changeRoster(transaction, PLACE_ID, { changes, nowMs: systemClock.nowMs() }));
}

/** The person of that number who may pass every door. */
export function benchPerson(number: number): AuthItem {
  const id = FIRST_AUTH_ID + number;
  const right = { startMs: 1_700_000_000_000, endMs: 2_000_000_000_000, doors: "all", scheduleId: null, grants: [] } as const;
  const credentials = { chains: [["CARD"]], cards: [`CSN:${id}`], pin: null, uniquePin: null, fingerprints: [] } as const;
  return { kind: "auth", id, userId: id, name: "Bench Person", status: "ACTIVE", ...right, ...credentials };
}

/** Makes so many empty places, as a client would. Returns their ids. */
export async function addPlaces({ baseUrl, key }: ApiAddress, count: number): Promise<number[]> {
  const headers = { authorization: `Bearer ${key}`, "content-type": "application/json" };
  const placeIds: number[] = [];
  for (let index = 0; index < count; index += 1) {
    const body = JSON.stringify({ name: `Bench ${index}`, timeZone: "Asia/Seoul" });
    const answer = await fetch(new URL("/v2/places", baseUrl), { method: "POST", headers, body });
    const text = await answer.text();
    const place: { placeId?: number } = JSON.parse(text);
    if (place.placeId === undefined) throw new TypeError(text.slice(0, 200));
    placeIds.push(place.placeId);
  }
  return placeIds;
}
