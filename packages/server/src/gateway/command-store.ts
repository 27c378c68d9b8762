import type { CommandFrame, ResultFrame } from "@postern/contract";
import type { Queryable } from "../platform/database.ts";

/** Where gateways listen for a hint that a command waits; the payload is the controller's id. */
export const COMMAND_WAITS_CHANNEL = "postern_commands";

export interface NewCommand {
  readonly placeId: number;
  readonly doorId: number;
  readonly controllerId: number;
  readonly actAtMs: number;
  readonly notAfterMs: number;
  /** The key or person that asked. */
  readonly askedBy: string;
  readonly madeAtMs: number;
}

/** Writes a command for the gateway that holds the controller's connection. Returns its id. */
export async function insertCommand(queryable: Queryable, command: NewCommand): Promise<number> {
  const { placeId, doorId, controllerId, actAtMs, notAfterMs, askedBy, madeAtMs } = command;
  const [row] = await queryable.query<{ command_id: number }>({
    name: "gateway-insert-command",
    text: `
      with made as (
        insert into door_commands(command_id, place_id, door_id, controller_id, command, act_at, not_after, state, asked_by, made_at)
        values (nextval('command_ids'), $1, $2, $3, 'ONCE_OPEN', $4, $5, 'waiting', $6, $7) returning command_id, controller_id
      )
      select command_id, pg_notify('${COMMAND_WAITS_CHANNEL}', controller_id::text) from made`,
    values: [placeId, doorId, controllerId, actAtMs, notAfterMs, askedBy, madeAtMs],
  });
  return row?.command_id ?? 0;
}

/** Takes the commands that are due for these controllers, each once; those beyond their time are ended as too late. */
export async function takeDueCommands(
  queryable: Queryable,
  controllerIds: readonly number[],
  nowMs: number,
): Promise<(CommandFrame & { controllerId: number })[]> {
  await queryable.query({
    name: "gateway-expire-commands",
    text: "update door_commands set state = 'too_late', ended_at = $2 where controller_id = any($1) and state in ('waiting', 'sent') and not_after < $2",
    values: [controllerIds, nowMs],
  });
  return queryable.query({
    name: "gateway-take-commands",
    text: `
      update door_commands set state = 'sent' where controller_id = any($1) and state = 'waiting' and act_at <= $2
      returning command_id as "commandId", command, door_id as "doorId", not_after as "notAfter", controller_id as "controllerId"`,
    values: [controllerIds, nowMs],
  });
}

/** Writes what came of a command; only its own controller may say so, and only once. */
export async function endCommand(queryable: Queryable, controllerId: number, result: ResultFrame, nowMs: number): Promise<void> {
  await queryable.query({
    name: "gateway-end-command",
    text: `
      update door_commands set state = $3, reason = $4, ended_at = $5
      where command_id = $1 and controller_id = $2 and state in ('waiting', 'sent')`,
    values: [result.commandId, controllerId, result.outcome === "refused" ? "failed" : result.outcome, result.reason ?? null, nowMs],
  });
}
