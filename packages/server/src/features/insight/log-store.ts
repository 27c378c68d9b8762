import { eventCode } from "@postern/contract";
import type { Queryable } from "../../platform/database.ts";
import { FACTS_SHOWN_COUNT_MAX, GENERATIONS_SHOWN_COUNT_MAX } from "./limits.ts";

/** A generation of a controller's log, as far as the ledger has it. */
export interface ReceivedRow {
  readonly generation: number;
  readonly from: number;
  readonly to: number;
}

/** A declared loss, or a fork. */
export interface FactRow {
  readonly kind: "lost" | "forked";
  readonly at: number;
  readonly generation: number;
  readonly from: number | null;
  readonly to: number | null;
  readonly because: string | null;
}

export interface LogRow {
  readonly controllerId: number;
  readonly serial: string;
  readonly connected: boolean;
  readonly reportedAt: number | null;
  /** What it said when it last greeted. */
  readonly reported: readonly { readonly generation: number; readonly first: number; readonly last: number }[];
  readonly received: readonly ReceivedRow[];
  readonly receivedCount: number;
  readonly lostCount: number;
  readonly facts: readonly FactRow[];
  readonly forkCount: number;
  /** The marks of the generations that it named, whether they are among those shown or not. */
  readonly marks: readonly { readonly generation: number; readonly through: number }[];
}

/** The logs of controllers of one place, in ascending id. */
export async function loadLogs(queryable: Queryable, placeId: number, controllerIds: readonly number[]): Promise<readonly LogRow[]> {
  return queryable.query<LogRow>({
    name: "insight-load-logs",
    text: `
      with facts as (
        select sequence, received_at, event_type, detail, (detail->>'controllerId')::bigint as controller_id,
          row_number() over (partition by detail->>'controllerId', event_type order by sequence desc) as age
        from events where place_id = $1 and event_type in (${eventCode("LOG_LOST")}, ${eventCode("LOG_FORKED")})
          and (detail->>'controllerId')::bigint = any($2)
      )
      select controller_id as "controllerId", serial, connected_instance is not null as connected, log_reported_at as "reportedAt", log_reported as reported,
        (select coalesce(jsonb_agg(jsonb_build_object('generation', generation, 'from', first_local_log_id, 'to', last_local_log_id) order by begun_at desc, generation), '[]')
          from (select * from log_marks where log_marks.place_id = $1 and log_marks.controller_id = controllers.controller_id
            order by begun_at desc, generation limit ${GENERATIONS_SHOWN_COUNT_MAX}) as newest) as received,
        totals.received as "receivedCount", totals.lost as "lostCount",
        (select coalesce(jsonb_agg(jsonb_build_object('generation', generation, 'through', last_local_log_id)), '[]') from log_marks
          where log_marks.place_id = $1 and log_marks.controller_id = controllers.controller_id
            and generation in (select (named->>'generation')::bigint from jsonb_array_elements(log_reported) as named)) as marks,
        (select coalesce(jsonb_agg(jsonb_build_object('kind', case event_type when ${eventCode("LOG_LOST")} then 'lost' else 'forked' end, 'at', received_at,
            'generation', (detail->>'generation')::bigint, 'from', (detail->>'from')::bigint, 'to', (detail->>'to')::bigint, 'because', detail->>'because')
            order by sequence desc), '[]')
          from facts where facts.controller_id = controllers.controller_id and age <= ${FACTS_SHOWN_COUNT_MAX}) as facts,
        (select count(*) from facts where facts.controller_id = controllers.controller_id and event_type = ${eventCode("LOG_FORKED")}) as "forkCount"
      from controllers cross join lateral (
        select coalesce(sum(last_local_log_id - first_local_log_id + 1 - lost_count), 0)::bigint as received, coalesce(sum(lost_count), 0)::bigint as lost
        from log_marks where log_marks.place_id = $1 and log_marks.controller_id = controllers.controller_id
      ) totals
      where place_id = $1 and controller_id = any($2) order by controller_id`,
    values: [placeId, controllerIds],
  });
}

/** The next controllers of a place, in ascending id. */
export async function listControllerIds(
  queryable: Queryable,
  placeId: number,
  { afterId, limit }: { readonly afterId: number; readonly limit: number },
): Promise<readonly number[]> {
  const rows = await queryable.query<{ id: number }>({
    name: "insight-controller-ids",
    text: "select controller_id as id from controllers where place_id = $1 and controller_id > $2 order by controller_id limit $3",
    values: [placeId, afterId, limit],
  });
  return rows.map(({ id }) => id);
}
