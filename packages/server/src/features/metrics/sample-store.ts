import { assert } from "@postern/core";
import type { Queryable } from "../../platform/database.ts";
import { BEHIND_TIMED_COUNT_MAX } from "./limits.ts";

/** What all processes of a database share, at one moment. */
export interface Sample {
  readonly controllers: {
    readonly agreed: number;
    readonly behind: number;
    readonly away: number;
    readonly unclaimed: number;
    readonly lost: number;
  };
  /** Places of webhooks, by how their deliveries fare. */
  readonly webhookPlaces: { readonly ready: number; readonly retrying: number; readonly parked: number; readonly paused: number };
  readonly webhookLagEvents: number;
  readonly webhookFailingSeconds: number;
  readonly awaySeconds: number;
  readonly clockOffsetSeconds: number;
  readonly ledgerPosition: number;
  readonly unsummedEvents: number;
  readonly commandsWaiting: number;
  readonly importsOpen: number;
  readonly places: number;
  readonly doors: number;
}

interface SampleRow extends Omit<Sample, "controllers" | "webhookPlaces"> {
  readonly agreed: number;
  readonly behind: number;
  readonly away: number;
  readonly unclaimed: number;
  readonly lost: number;
  readonly behindIds: readonly number[];
  readonly ready: number;
  readonly retrying: number;
  readonly parked: number;
  readonly paused: number;
}

/** A controller has agreed when it confirmed the newest revision of its place, and is behind while it is connected and has not. */
const SAMPLE = `
  with standing as (
    select controller_id, last_heard_at, clock_offset_ms,
      case when lost_at is not null then 'lost' when public_key is null then 'unclaimed' when connected_instance is null then 'away'
        when confirmed_revision >= coalesce(heads.revision, 0) then 'agreed' else 'behind' end as state
    from controllers left join roster_heads heads using (place_id)
  ), controllers_now as (
    select count(*) filter (where state = 'agreed') as agreed, count(*) filter (where state = 'behind') as behind, count(*) filter (where state = 'away') as away,
      count(*) filter (where state = 'unclaimed') as unclaimed, count(*) filter (where state = 'lost') as lost,
      (array_agg(controller_id order by controller_id) filter (where state = 'behind'))[1:${BEHIND_TIMED_COUNT_MAX}] as behind_ids,
      coalesce(max($1::bigint - last_heard_at) filter (where state = 'away'), 0) as away_ms,
      coalesce(max(abs(clock_offset_ms)) filter (where state in ('agreed', 'behind')), 0) as clock_offset_ms
    from standing
  ), ledgers_now as (
    select coalesce(sum(next_sequence - 1), 0)::bigint as ledger_position, coalesce(sum(next_sequence - 1 - summed_to), 0)::bigint as unsummed from ledger_heads
  ), deliveries as (
    select case when parked_at is not null then 'parked' when paused then 'paused' when attempts > 0 then 'retrying' else 'ready' end as state,
      greatest(next_sequence - 1 - webhook_places.sequence, 0) as lag, failing_since
    from webhook_places join webhooks using (webhook_id) join ledger_heads on ledger_heads.place_id = webhook_places.place_id
  ), webhooks_now as (
    select count(*) filter (where state = 'ready') as ready, count(*) filter (where state = 'retrying') as retrying, count(*) filter (where state = 'parked') as parked,
      count(*) filter (where state = 'paused') as paused, coalesce(max(lag) filter (where state in ('ready', 'retrying')), 0) as lag,
      coalesce(max($1::bigint - failing_since) filter (where state = 'retrying'), 0) as failing_ms
    from deliveries
  )
  select agreed, behind, away, unclaimed, lost, coalesce(behind_ids, '{}') as "behindIds", away_ms::float8 / 1000 as "awaySeconds",
    clock_offset_ms::float8 / 1000 as "clockOffsetSeconds", ledger_position as "ledgerPosition", unsummed as "unsummedEvents",
    ready, retrying, parked, paused, lag as "webhookLagEvents", failing_ms::float8 / 1000 as "webhookFailingSeconds",
    (select count(*) from door_commands where state in ('waiting', 'sent')) as "commandsWaiting",
    (select count(*) from imports where state = 'open') as "importsOpen",
    (select count(*) from places) as places, (select count(*) from doors where deleted_at is null) as doors
  from controllers_now, ledgers_now, webhooks_now`;

export async function readSample(
  queryable: Queryable,
  nowMs: number,
): Promise<{ readonly sample: Sample; readonly behindIds: readonly number[] }> {
  const [row] = await queryable.query<SampleRow>({ name: "metrics-sample", text: SAMPLE, values: [nowMs] });
  assert(row !== undefined, "a sample is one row");
  const { agreed, behind, away, unclaimed, lost, behindIds, ready, retrying, parked, paused, ...values } = row;
  const controllers = { agreed, behind, away, unclaimed, lost };
  return { sample: { ...values, controllers, webhookPlaces: { ready, retrying, parked, paused } }, behindIds };
}
