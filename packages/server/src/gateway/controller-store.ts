import type { HelloFrame, WelcomeFrame } from "@postern/contract";
import type { Database, Queryable, Transaction } from "../platform/database.ts";

/** Where gateways listen for a hint that a controller's key or doors are others now; the payload is its serial. Polling is the truth. */
export const CONTROLLERS_CHANGED_CHANNEL = "postern_controllers";

/** Tells every gateway, once the transaction is committed, to look whether the controller's connection is still one. */
export async function tellControllerChanged(transaction: Transaction, serial: string): Promise<void> {
  await transaction.query("select pg_notify($1, $2)", [CONTROLLERS_CHANGED_CHANNEL, serial]);
}

/** What a connecting controller is checked against. */
export interface KnownController {
  readonly controllerId: number;
  readonly placeId: number;
  /** Public JWK, or null before the first claim. */
  readonly publicKey: unknown;
  /** The server process that holds its connection, as far as the database knows. */
  readonly connectedInstance: number | null;
}

export async function findController(queryable: Queryable, serial: string): Promise<KnownController | null> {
  const [row] = await queryable.query<KnownController>({
    name: "gateway-find-controller",
    text: `
      select controller_id as "controllerId", place_id as "placeId", public_key as "publicKey", connected_instance as "connectedInstance"
      from controllers where serial = $1`,
    values: [serial],
  });
  return row ?? null;
}

/** What makes a connection stale: another key, or a session number above its own. */
export interface LinkHolder {
  readonly serial: string;
  readonly publicKey: unknown;
  readonly session: number;
}

export async function readHolders(queryable: Queryable, serials: readonly string[]): Promise<readonly LinkHolder[]> {
  return queryable.query<LinkHolder>({
    name: "gateway-read-holders",
    text: `select serial, public_key as "publicKey", session_number as session from controllers where serial = any($1)`,
    values: [serials],
  });
}

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

interface OpenedRow extends Omit<OpenedSession, "doors"> {
  readonly doors: { doorId: number; entryDeviceId: number; exitDeviceId: number | null }[];
}

const OPEN_SESSION = `
  with opened as (
    update controllers set session_number = session_number + 1, connected_instance = $2, connected_at = $3, last_heard_at = $3, clock_offset_ms = $4, software = $5
    where serial = $1 and public_key = $6::jsonb returning controller_id, place_id, session_number
  ), arrived as (
    update devices set first_connected_at = $3 where first_connected_at is null
      and door_id in (select doors.door_id from doors join opened using (controller_id))
  )
  select opened.session_number as session, opened.controller_id as "controllerId", opened.place_id as "placeId", deployment.epoch,
    heads.revision as head, heads.tombstones_from as "tombstonesFrom",
    (select coalesce(jsonb_agg(jsonb_build_object('doorId', doors.door_id, 'entryDeviceId', entry.device_id, 'exitDeviceId', exit.device_id) order by doors.door_id), '[]')
      from doors
      join devices entry on entry.door_id = doors.door_id and entry.side = 'ENTRY'
      left join devices exit on exit.door_id = doors.door_id and exit.side = 'EXIT'
      where doors.controller_id = opened.controller_id) as doors
  from opened join deployment on true join roster_heads heads on heads.place_id = opened.place_id`;

export interface SessionOpening {
  readonly serial: string;
  /** The key that the connection was opened with, as JSON. */
  readonly openedWith: string;
  readonly instanceId: number;
  readonly nowMs: number;
  readonly hello: HelloFrame;
}

/**
 * Raises the controller's session number, which makes every earlier session stale in every process. Null: since the connection was opened, its key
 * was replaced or taken away, or the controller was.
 */
export async function openSession(database: Database, opening: SessionOpening): Promise<OpenedSession | null> {
  const { serial, openedWith, instanceId, nowMs, hello } = opening;
  const [row] = await database.query<OpenedRow>({
    name: "gateway-open-session",
    text: OPEN_SESSION,
    values: [serial, instanceId, nowMs, hello.clock.nowMs - nowMs, hello.software, openedWith],
  });
  return row ?? null;
}

/** Ends a session, unless a newer one has begun. */
export async function closeSession(queryable: Queryable, controllerId: number, session: number, nowMs: number): Promise<void> {
  await queryable.query({
    name: "gateway-close-session",
    text: "update controllers set connected_instance = null, last_heard_at = $3 where controller_id = $1 and session_number = $2",
    values: [controllerId, session, nowMs],
  });
}

/** What a controller has confirmed that it holds. */
export interface Confirmation {
  readonly controllerId: number;
  readonly placeId: number;
  readonly session: number;
  readonly urgentRevision: number;
  /** The newest revision at which the digests agreed; null when none was compared since the last write. */
  readonly confirmed: { readonly revision: number; readonly digest: string } | null;
  readonly failures: readonly { readonly key: string; readonly revision: number; readonly code: string }[];
  readonly atMs: number;
}

/** Writes many confirmations at once; one of a stale session changes nothing. */
export async function writeConfirmations(queryable: Queryable, confirmations: readonly Confirmation[]): Promise<void> {
  await queryable.query({
    name: "gateway-write-confirmations",
    text: `
      update controllers set urgent_revision = said.urgent_revision, last_heard_at = said.at, failures = said.failures,
        confirmed_revision = coalesce(said.confirmed_revision, controllers.confirmed_revision),
        confirmed_digest = coalesce(said.confirmed_digest, controllers.confirmed_digest),
        confirmed_at = case when said.confirmed_revision is null then controllers.confirmed_at else said.at end
      from unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::bigint[], $5::text[], $6::jsonb[], $7::bigint[])
        as said(controller_id, session, urgent_revision, confirmed_revision, confirmed_digest, failures, at)
      where controllers.controller_id = said.controller_id and controllers.session_number = said.session`,
    values: [
      confirmations.map((one) => one.controllerId),
      confirmations.map((one) => one.session),
      confirmations.map((one) => one.urgentRevision),
      confirmations.map((one) => one.confirmed?.revision ?? null),
      confirmations.map((one) => one.confirmed?.digest ?? null),
      confirmations.map((one) => JSON.stringify(one.failures)),
      confirmations.map((one) => one.atMs),
    ],
  });
}
