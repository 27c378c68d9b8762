import { type ClueDoorItem, readDoorsQuery, writeDoor } from "@postern/contract";
import type { Clock } from "@postern/core";
import type { Access, Actor, Scope } from "../../platform/access/actor.ts";
import type { Database } from "../../platform/database.ts";
import { accepted } from "../../platform/http/accepted.ts";
import { gmtOffsetSeconds } from "../../roster/place-items.ts";
import { doorView } from "./door-view.ts";
import { listDoors } from "./store.ts";

export interface DoorsDeps {
  readonly database: Database;
  readonly access: Access;
  readonly clock: Clock;
}

export interface DoorsPage {
  readonly total: number;
  readonly doors: readonly ClueDoorItem[];
}

export interface DoorsService {
  /** CLUe §1.5. `query` as it came: it is read once the actor has been let in. */
  list(actor: Actor, placeId: number, query: unknown): Promise<DoorsPage>;
}

/** Each of them has to know which doors there are. */
const READING_SCOPES: readonly Scope[] = ["doors:operate", "doors:configure", "devices"];

export function doorsService(deps: DoorsDeps): DoorsService {
  return { list: (actor, placeId, query) => list(deps, actor, placeId, query) };
}

async function list(deps: DoorsDeps, actor: Actor, placeId: number, query: unknown): Promise<DoorsPage> {
  const scope = READING_SCOPES.find((each) => actor.scopes.has(each)) ?? "doors:operate";
  const { timeZone } = await deps.access.place(actor, scope, placeId);
  const page = await listDoors(deps.database, placeId, accepted(readDoorsQuery(query)));
  const place = { placeId, timeZone, gmtOffsetSeconds: gmtOffsetSeconds(timeZone, deps.clock.nowMs()) };
  return { total: page.total, doors: page.doors.map((row) => writeDoor(doorView(row, place))) };
}
