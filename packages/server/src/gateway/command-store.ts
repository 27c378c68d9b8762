import { type CommandFrame, FINGER_SCORE_MIN, type ResultFrame } from "@postern/contract";
import { assert } from "@postern/core";
import type { Queryable } from "../platform/database.ts";
import { COMMAND_ANSWER_GRACE_MS } from "./limits.ts";

/** Where gateways listen for a hint that a command waits; the payload is the controller's id. */
export const COMMAND_WAITS_CHANNEL = "postern_commands";

/** Those for a device name it; it is one of the door's. Modes are roster: what holds a door is changed by the server when the time has come, and sent to nobody. */
export type CommandKind =
  | { readonly command: "ONCE_OPEN" | "ALWAYS_OPEN" | "ALWAYS_CLOSE" | "RELEASE_MANUAL_MODE" }
  | { readonly command: DeviceCommand; readonly deviceId: number };

export type DeviceCommand = "LEARN_CARD" | "LEARN_FINGER" | "END_LEARNING";

export type NewCommand = CommandFields & CommandKind;

interface CommandFields {
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
  const deviceId = "deviceId" in command ? command.deviceId : null;
  const [row] = await queryable.query<{ command_id: number }>({
    name: "gateway-insert-command",
    text: `
      with made as (
        insert into door_commands(command_id, place_id, door_id, device_id, controller_id, command, act_at, not_after, state, asked_by, made_at)
        values (nextval('command_ids'), $1, $2, $3, $4, $5, $6, $7, 'waiting', $8, $9) returning command_id, controller_id
      )
      select command_id, pg_notify('${COMMAND_WAITS_CHANNEL}', controller_id::text) from made`,
    values: [placeId, doorId, deviceId, controllerId, command.command, actAtMs, notAfterMs, askedBy, madeAtMs],
  });
  return row?.command_id ?? 0;
}

type SentCommand = "ONCE_OPEN" | DeviceCommand;

interface DueRow {
  readonly command_id: number;
  readonly command: SentCommand;
  readonly door_id: number;
  readonly device_id: number | null;
  readonly not_after: number;
  readonly controller_id: number;
}

/**
 * Ends every command whose time is over: one that was never sent is too late; one whose controller has not said what came of it is unanswered, and its
 * door may have done it. Whether or not a controller is connected anywhere.
 */
export async function endOverdueCommands(queryable: Queryable, nowMs: number): Promise<void> {
  await queryable.query({
    name: "gateway-end-overdue-commands",
    text: `
      update door_commands set ended_at = $1, state = case state when 'waiting' then 'too_late' else 'failed' end,
        reason = case state when 'waiting' then 'command_too_late' else 'command_unanswered' end
      where state in ('waiting', 'sent') and ((state = 'waiting' and not_after < $1) or (state = 'sent' and not_after < $2))`,
    values: [nowMs, nowMs - COMMAND_ANSWER_GRACE_MS],
  });
}

/** Which of the commands that were sent to it a controller still knows. */
export interface KnownCommands {
  readonly controllerId: number;
  readonly commandIds: readonly number[];
}

/** Ends the commands that were sent to controllers and of which they know nothing any more: they restarted, or what they said was lost with a connection. */
export async function endForgottenCommands(queryable: Queryable, known: readonly KnownCommands[], nowMs: number): Promise<void> {
  if (known.length === 0) return;
  await queryable.query({
    name: "gateway-end-forgotten-commands",
    text: `
      update door_commands set state = 'failed', reason = 'command_forgotten', ended_at = $4
      where controller_id = any($1) and state = 'sent' and not exists (
        select from unnest($2::bigint[], $3::bigint[]) as known(controller_id, command_id)
        where known.controller_id = door_commands.controller_id and known.command_id = door_commands.command_id)`,
    values: [
      known.map((one) => one.controllerId),
      known.flatMap((one) => one.commandIds.map(() => one.controllerId)),
      known.flatMap((one) => one.commandIds),
      nowMs,
    ],
  });
}

/** Takes the commands that are due for these controllers, each once, and none beyond its time. */
export async function takeDueCommands(
  queryable: Queryable,
  controllerIds: readonly number[],
  nowMs: number,
): Promise<{ readonly controllerId: number; readonly frame: CommandFrame }[]> {
  const rows = await queryable.query<DueRow>({
    name: "gateway-take-commands",
    text: `
      update door_commands set state = 'sent', sent_at = $2
      where controller_id = any($1) and state = 'waiting' and act_at <= $2 and not_after >= $2
        and command in ('ONCE_OPEN', 'LEARN_CARD', 'LEARN_FINGER', 'END_LEARNING')
      returning command_id, command, door_id, device_id, not_after, controller_id`,
    values: [controllerIds, nowMs],
  });
  // In the order of their making: a device that is told to stop and then to learn anew must not hear it the other way round.
  const inOrder = rows.toSorted((one, other) => one.command_id - other.command_id);
  return inOrder.map((row) => ({ controllerId: row.controller_id, frame: commandFrame(row) }));
}

function commandFrame({ command_id: commandId, command, door_id: doorId, device_id: deviceId, not_after: notAfter }: DueRow): CommandFrame {
  if (command === "ONCE_OPEN") return { commandId, command, doorId, notAfter };
  assert(deviceId !== null, "the table's check gives a command that learns a device");
  const wanted = { commandId, deviceId, notAfter };
  return command === "LEARN_FINGER" ? { ...wanted, command, scoreMin: FINGER_SCORE_MIN } : { ...wanted, command };
}

/** What a device learnt, as it is kept for a while: a finger's template sealed, because nobody has agreed to anything yet. */
export interface LearntResult {
  readonly card?: NonNullable<ResultFrame["card"]>;
  readonly finger?: { readonly sealed: string; readonly authIds: readonly number[] };
  readonly score?: number;
}

export interface EndOfCommand {
  readonly controllerId: number;
  readonly result: ResultFrame;
  readonly nowMs: number;
  readonly seal: (commandId: number, plain: Uint8Array) => Uint8Array;
}

/** Writes what came of a command; only its own controller may say so, and only once. */
export async function endCommand(queryable: Queryable, { controllerId, result, nowMs, seal }: EndOfCommand): Promise<void> {
  const { commandId, outcome, reason = null, card, finger, score } = result;
  const learntCard: LearntResult | null = card === undefined ? null : { card };
  const sealed = finger && {
    authIds: finger.authIds,
    sealed: Buffer.from(seal(commandId, Buffer.from(finger.template))).toString("base64"),
  };
  const learntFinger: LearntResult | null = score === undefined ? null : { ...(sealed === undefined ? {} : { finger: sealed }), score };
  await queryable.query({
    name: "gateway-end-command",
    text: `
      update door_commands set state = $3, reason = $4, ended_at = $5,
        result = case command when 'LEARN_CARD' then $6::jsonb when 'LEARN_FINGER' then $7::jsonb end
      where command_id = $1 and controller_id = $2 and state in ('waiting', 'sent')`,
    values: [commandId, controllerId, outcome, reason, nowMs, jsonOf(learntCard), jsonOf(learntFinger)],
  });
}

function jsonOf(result: LearntResult | null): string | null {
  return result === null ? null : JSON.stringify(result);
}

/** Ends what a device is asked to learn, before somebody else asks it: its controller does the same when it hears of the newer wish. */
export async function replaceLearnings(queryable: Queryable, deviceId: number, nowMs: number): Promise<void> {
  await queryable.query({
    name: "gateway-replace-learnings",
    text: `
      update door_commands set state = 'failed', reason = 'learning_replaced', ended_at = $2
      where device_id = $1 and state in ('waiting', 'sent') and command in ('LEARN_CARD', 'LEARN_FINGER')`,
    values: [deviceId, nowMs],
  });
}
