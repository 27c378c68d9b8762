import type { Queryable, Transaction } from "../platform/database.ts";

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

/** Each at the place of its serial; null: there is none. */
export async function findControllers(queryable: Queryable, serials: readonly string[]): Promise<readonly (KnownController | null)[]> {
  const rows = await queryable.query<KnownController & { readonly serial: string }>({
    name: "gateway-find-controllers",
    text: `
      select serial, controller_id as "controllerId", place_id as "placeId", public_key as "publicKey", connected_instance as "connectedInstance"
      from controllers where serial = any($1)`,
    values: [serials],
  });
  const found = new Map(rows.map((row) => [row.serial, row]));
  return serials.map((serial) => found.get(serial) ?? null);
}

/**
 * Makes the sessions of these controllers stale in every process, because what a welcome told them is no longer so: they come back and are told
 * anew. Until then a connection may go on for a moment, so that nothing is known of what was not sent to it. Returns their serials.
 */
export async function endSessions(transaction: Transaction, controllerIds: readonly number[]): Promise<readonly string[]> {
  if (controllerIds.length === 0) return [];
  const rows = await transaction.query<{ serial: string }>({
    name: "gateway-end-sessions",
    text: `
      with ${LOCKED_IN_ORDER}, ended as (
        update controllers set session_number = session_number + 1, connected_instance = null, offered_to = ${Number.MAX_SAFE_INTEGER} from locked
        where controllers.controller_id = locked.controller_id returning serial
      )
      select serial, pg_notify('${CONTROLLERS_CHANGED_CHANNEL}', serial) from ended`,
    values: [controllerIds],
  });
  return rows.map((row) => row.serial);
}

/** Of a statement that writes the controllers `$1`: whoever writes many locks them in this order, so that no two wait for each other. */
export const LOCKED_IN_ORDER =
  "locked as (select controller_id from controllers where controller_id = any($1) order by controller_id for no key update)";

/** What makes a connection stale: another key, or a session number above its own. */
export interface LinkHolder {
  readonly serial: string;
  readonly publicKey: unknown;
  readonly session: number;
  /** The process that a newer session is connected to; null: it was ended, and none has begun. */
  readonly connectedInstance: number | null;
}

export async function readHolders(queryable: Queryable, serials: readonly string[]): Promise<readonly LinkHolder[]> {
  return queryable.query<LinkHolder>({
    name: "gateway-read-holders",
    text: `select serial, public_key as "publicKey", session_number as session, connected_instance as "connectedInstance"
      from controllers where serial = any($1)`,
    values: [serials],
  });
}

/** What a controller whose connection has ended can have been sent at most. */
export const OFFERED_TO = "coalesce((select revision from roster_heads heads where heads.place_id = controllers.place_id), offered_to)";

/** What a controller has confirmed that it holds. */
export interface Confirmation {
  readonly controllerId: number;
  readonly placeId: number;
  readonly session: number;
  /** The doors that this session was welcomed with. */
  readonly doorIds: readonly number[];
  readonly urgentRevision: number;
  /** The newest revision at which the digests agreed; null when none was compared since the last write. */
  readonly confirmed: { readonly revision: number; readonly digest: string; readonly atMs: number } | null;
  /** What it said last with a digest, right or wrong; null when nothing was compared since the last write. */
  readonly reported: ReportedDigest | null;
  readonly failures: readonly { readonly key: string; readonly revision: number; readonly code: string }[];
  readonly atMs: number;
}

export interface ReportedDigest {
  readonly revision: number;
  readonly digest: string;
  /** What it should have been; null: a revision older than the history. */
  readonly expected: string | null;
  readonly atMs: number;
}

const WRITE_CONFIRMATIONS = `
  with said as (
    select * from unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::jsonb[], $5::bigint[], $6::bigint[], $7::text[], $8::bigint[], $9::bigint[], $10::text[], $11::text[], $12::bigint[], $13::text[])
      as said(controller_id, session, urgent_revision, failures, at, confirmed_revision, confirmed_digest, confirmed_at, reported_revision, reported_digest, expected_digest, reported_at, door_ids)
  ), known as (
    select controller_id, place_id, controllers.confirmed_revision, controllers.confirmed_digest
    from controllers join said using (controller_id) order by controller_id for no key update of controllers
  ), written as (
    update controllers set urgent_revision = said.urgent_revision, last_heard_at = said.at, failures = said.failures,
      confirmed_revision = coalesce(said.confirmed_revision, controllers.confirmed_revision),
      confirmed_digest = coalesce(said.confirmed_digest, controllers.confirmed_digest),
      confirmed_at = coalesce(said.confirmed_at, controllers.confirmed_at),
      held_door_ids = case when said.confirmed_revision is null then controllers.held_door_ids else said.door_ids::bigint[] end,
      reported_revision = coalesce(said.reported_revision, controllers.reported_revision),
      reported_digest = coalesce(said.reported_digest, controllers.reported_digest),
      expected_digest = case when said.reported_revision is null then controllers.expected_digest else said.expected_digest end,
      reported_at = coalesce(said.reported_at, controllers.reported_at)
    from said join known using (controller_id) where controllers.controller_id = said.controller_id and controllers.session_number = said.session
    returning controllers.controller_id
  )
  insert into receipts(place_id, controller_id, revision_before, digest_before, revision, digest, confirmed_at)
  select known.place_id, controller_id, known.confirmed_revision, known.confirmed_digest, said.confirmed_revision, said.confirmed_digest, said.confirmed_at
  from said join known using (controller_id) join written using (controller_id)
  where said.confirmed_revision > known.confirmed_revision and exists (
    select from revocations revoked where revoked.place_id = known.place_id and revoked.revision > known.confirmed_revision
      and revoked.revision <= said.confirmed_revision and controller_id = any(revoked.controller_ids))
  on conflict do nothing`;

/**
 * Writes many confirmations at once; one of a stale session changes nothing. A confirmation that passes revocations which its controller owed is their
 * receipt: what it proved before and what it proves now.
 */
export async function writeConfirmations(queryable: Queryable, confirmations: readonly Confirmation[]): Promise<void> {
  await queryable.query({
    name: "gateway-write-confirmations",
    text: WRITE_CONFIRMATIONS,
    values: [
      confirmations.map((one) => one.controllerId),
      confirmations.map((one) => one.session),
      confirmations.map((one) => one.urgentRevision),
      confirmations.map((one) => JSON.stringify(one.failures)),
      confirmations.map((one) => one.atMs),
      confirmations.map((one) => one.confirmed?.revision ?? null),
      confirmations.map((one) => one.confirmed?.digest ?? null),
      confirmations.map((one) => one.confirmed?.atMs ?? null),
      confirmations.map((one) => one.reported?.revision ?? null),
      confirmations.map((one) => one.reported?.digest ?? null),
      confirmations.map((one) => one.reported?.expected ?? null),
      confirmations.map((one) => one.reported?.atMs ?? null),
      confirmations.map((one) => `{${one.doorIds.join(",")}}`),
    ],
  });
}

/** That a controller was heard, and how far its clock was from ours. */
export interface Contact {
  readonly controllerId: number;
  readonly session: number;
  readonly atMs: number;
  /** Its time less ours; null: it did not say. */
  readonly clockOffsetMs: number | null;
}

/** Writes many contacts at once; one of a stale session changes nothing. */
export async function writeContacts(queryable: Queryable, contacts: readonly Contact[]): Promise<void> {
  await queryable.query({
    name: "gateway-write-contacts",
    text: `
      with ${LOCKED_IN_ORDER}
      update controllers set last_heard_at = greatest(controllers.last_heard_at, heard.at),
        clock_offset_ms = coalesce(heard.clock_offset_ms, controllers.clock_offset_ms),
        clock_measured_at = case when heard.clock_offset_ms is null then controllers.clock_measured_at else heard.at end
      from unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::bigint[]) as heard(controller_id, session, at, clock_offset_ms)
        join locked using (controller_id)
      where controllers.controller_id = heard.controller_id and controllers.session_number = heard.session`,
    values: [
      contacts.map((one) => one.controllerId),
      contacts.map((one) => one.session),
      contacts.map((one) => one.atMs),
      contacts.map((one) => one.clockOffsetMs),
    ],
  });
}

/** The other processes that controllers are noted as connected to. */
export async function readOtherInstances(queryable: Queryable, instanceId: number): Promise<readonly number[]> {
  const rows = await queryable.query<{ instance: number }>({
    name: "gateway-other-instances",
    text: "select distinct connected_instance as instance from controllers where connected_instance is not null and connected_instance <> $1",
    values: [instanceId],
  });
  return rows.map((row) => row.instance);
}

/** Notes as away whatever was connected to a process that is gone. */
export async function forgetInstance(queryable: Queryable, instanceId: number): Promise<void> {
  await queryable.query({
    name: "gateway-forget-instance",
    text: `update controllers set connected_instance = null, offered_to = ${OFFERED_TO} where connected_instance = $1`,
    values: [instanceId],
  });
}

/** Notes which process holds these sessions; one that is not the newest of its controller changes nothing. */
export async function writeConnected(
  queryable: Queryable,
  instanceId: number,
  sessions: readonly { readonly controllerId: number; readonly session: number }[],
): Promise<void> {
  await queryable.query({
    name: "gateway-write-connected",
    // Only what is noted otherwise is locked, in the order of `LOCKED_IN_ORDER`: as a rule that is nothing.
    text: `
      with locked as (
        select controllers.controller_id
        from controllers join unnest($2::bigint[], $3::bigint[]) as here(controller_id, session)
          on controllers.controller_id = here.controller_id and session_number = here.session
        where connected_instance is distinct from $1 order by controllers.controller_id for no key update of controllers
      )
      update controllers set connected_instance = $1 from locked where controllers.controller_id = locked.controller_id`,
    values: [instanceId, sessions.map((one) => one.controllerId), sessions.map((one) => one.session)],
  });
}
