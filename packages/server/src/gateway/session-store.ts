import type { HelloFrame, WelcomeFrame } from "@postern/contract";
import { type LogsAsked, readMarks } from "../ledger/ledger-store.ts";
import type { Database, Queryable } from "../platform/database.ts";
import { endForgottenCommands, type KnownCommands } from "./command-store.ts";
import { LOCKED_IN_ORDER, OFFERED_TO } from "./controller-store.ts";

/** What a session begins with. */
export interface OpenedSession {
  readonly session: number;
  readonly controllerId: number;
  readonly placeId: number;
  readonly epoch: string;
  readonly head: number;
  readonly tombstonesFrom: number;
  readonly doors: WelcomeFrame["doors"];
}

/** By generation, what the ledger has of the controller's log. */
export interface GreetedSession extends OpenedSession {
  readonly marks: ReadonlyMap<number, number>;
}

interface OpenedRow extends Omit<OpenedSession, "doors"> {
  readonly serial: string;
  readonly doors: { doorId: number; entryDeviceId: number; exitDeviceId: number | null }[];
}

/**
 * Locked in one order, as `LOCKED_IN_ORDER` says, but by serial: the controller is known only here. Doors and devices are looked up once for all, by
 * arrays, so that no plan can begin to scan them for each controller.
 */
const OPEN_SESSIONS = `
  with asked as (
    select * from unnest($2::text[], $3::jsonb[], $4::bigint[], $5::bigint[], $6::text[], $7::jsonb[])
      as asked(serial, public_key, greeted_at, clock_offset_ms, software, log_reported)
  ), locked as (
    select controllers.controller_id, asked.* from controllers join asked using (serial)
    where controllers.serial = any($2) and controllers.public_key = asked.public_key
    order by controllers.controller_id for no key update of controllers
  ), present_doors as materialized (
    select controller_id, door_id from doors where controller_id = any(array(select controller_id from locked))
  ), present_devices as materialized (
    select device_id, door_id, side, first_connected_at from devices where door_id = any(array(select door_id from present_doors))
  ), present as materialized (
    select controller_id, array_agg(door_id) as door_ids, array_agg(entry.device_id) || array_remove(array_agg(exit.device_id), null) as device_ids,
      jsonb_agg(jsonb_build_object('doorId', door_id, 'entryDeviceId', entry.device_id, 'exitDeviceId', exit.device_id) order by door_id) as doors
    from present_doors
    join (select * from present_devices where side = 'ENTRY') entry using (door_id)
    left join (select * from present_devices where side = 'EXIT') exit using (door_id)
    group by controller_id
  ), opened as (
    update controllers set session_number = session_number + 1, connected_instance = $1, connected_at = greeted_at, last_heard_at = greeted_at,
      clock_offset_ms = locked.clock_offset_ms, clock_measured_at = greeted_at, software = locked.software, log_reported = locked.log_reported,
      log_reported_at = greeted_at,
      served_door_ids = array(select unnest(served_door_ids) union select unnest(present.door_ids)),
      held_door_ids = array(select unnest(held_door_ids) union select unnest(present.door_ids)),
      served_device_ids = array(select unnest(served_device_ids) union select unnest(present.device_ids))
    from locked left join present using (controller_id) where controllers.controller_id = locked.controller_id
    returning controllers.serial, controllers.controller_id, place_id, session_number, greeted_at, present.doors
  ), arrived as (
    update devices set first_connected_at = opened.greeted_at
    from present_devices join present_doors using (door_id) join opened using (controller_id)
    where devices.device_id = present_devices.device_id and present_devices.first_connected_at is null
  )
  select opened.serial, opened.session_number as session, opened.controller_id as "controllerId", opened.place_id as "placeId", deployment.epoch,
    heads.revision as head, heads.tombstones_from as "tombstonesFrom", coalesce(opened.doors, '[]') as doors
  from opened join deployment on true join roster_heads heads on heads.place_id = opened.place_id`;

export interface SessionOpening {
  readonly serial: string;
  /** The key that the connection was opened with, as JSON. */
  readonly openedWith: string;
  readonly nowMs: number;
  readonly hello: HelloFrame;
}

/**
 * Raises the session number of each of these controllers, which makes every earlier session stale in every process; ends the commands they know
 * nothing of; and reads what the ledger has of their logs. Each at the place of its opening; null: since the connection was opened, its key was
 * replaced or taken away, or the controller was.
 */
export async function openSessions(
  database: Database,
  instanceId: number,
  openings: readonly SessionOpening[],
): Promise<readonly (GreetedSession | null)[]> {
  const greeted = new Map<SessionOpening, GreetedSession>();
  for (const round of roundsOf(openings)) await openEach(database, instanceId, round, greeted);
  return openings.map((opening) => greeted.get(opening) ?? null);
}

/** A controller that came back while its first greeting waited has greeted twice, and each raises its number: no serial stands twice in a round. */
function roundsOf(openings: readonly SessionOpening[]): SessionOpening[][] {
  const rounds: SessionOpening[][] = [];
  const counts = new Map<string, number>();
  for (const opening of openings) {
    const round = counts.get(opening.serial) ?? 0;
    counts.set(opening.serial, round + 1);
    const earlier = rounds[round];
    if (earlier === undefined) rounds.push([opening]);
    else earlier.push(opening);
  }
  return rounds;
}

async function openEach(
  database: Database,
  instanceId: number,
  round: readonly SessionOpening[],
  greeted: Map<SessionOpening, GreetedSession>,
): Promise<void> {
  const rows = await raiseSessions(database, instanceId, round);
  const openings = new Map(round.map((opening) => [opening.serial, opening]));
  const opened = rows.flatMap(({ serial, ...session }) => {
    const opening = openings.get(serial);
    return opening === undefined ? [] : [{ opening, session }];
  });
  const known = opened.flatMap(({ opening, session }) => knownCommandsOf(opening.hello, session.controllerId));
  await endForgottenCommands(database, known, Math.max(...round.map((opening) => opening.nowMs)));
  const marks = await readMarks(database, opened.map(logsOf));
  for (const [index, { opening, session }] of opened.entries()) greeted.set(opening, { ...session, marks: marks[index] ?? new Map() });
}

async function raiseSessions(database: Database, instanceId: number, openings: readonly SessionOpening[]): Promise<OpenedRow[]> {
  return database.query<OpenedRow>({
    name: "gateway-open-sessions",
    text: OPEN_SESSIONS,
    values: [
      instanceId,
      openings.map((one) => one.serial),
      openings.map((one) => one.openedWith),
      openings.map((one) => one.nowMs),
      openings.map(({ hello, nowMs }) => hello.clock.nowMs - nowMs),
      openings.map(({ hello }) => hello.software),
      openings.map(({ hello }) => JSON.stringify(hello.log.generations.map(rangeOf))),
    ],
  });
}

function knownCommandsOf({ commands }: HelloFrame, controllerId: number): KnownCommands[] {
  return commands === undefined ? [] : [{ controllerId, commandIds: commands }];
}

function logsOf({ opening, session }: { opening: SessionOpening; session: OpenedSession }): LogsAsked {
  const { placeId, controllerId } = session;
  return { placeId, controllerId, generations: opening.hello.log.generations.map((log) => log.generation) };
}

function rangeOf({ generation, first, last }: HelloFrame["log"]["generations"][number]): object {
  return { generation, first, last };
}

/** A session that is over. */
export interface ClosedSession {
  readonly controllerId: number;
  readonly session: number;
  readonly atMs: number;
}

/** Ends sessions, unless a newer one of the same controller has begun. */
export async function closeSessions(queryable: Queryable, closed: readonly ClosedSession[]): Promise<void> {
  await queryable.query({
    name: "gateway-close-sessions",
    text: `
      with ${LOCKED_IN_ORDER}
      update controllers set connected_instance = null, last_heard_at = greatest(last_heard_at, closed.at), offered_to = ${OFFERED_TO}
      from unnest($1::bigint[], $2::bigint[], $3::bigint[]) as closed(controller_id, session, at) join locked using (controller_id)
      where controllers.controller_id = closed.controller_id and session_number = closed.session`,
    values: [closed.map((one) => one.controllerId), closed.map((one) => one.session), closed.map((one) => one.atMs)],
  });
}
