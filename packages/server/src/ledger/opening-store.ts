import { eventCode } from "@postern/contract";
import type { Transaction } from "../platform/database.ts";
import type { EventRow } from "./plan-append.ts";

/** What a door's log says of the bolt that was released for a command. */
export interface BoltMove {
  readonly controllerId: number;
  readonly commandId: number;
  readonly doorId: number;
  readonly kind: "on" | "off";
  readonly atMs: number;
}

const OPENED = eventCode("DOOR_OPENED_BY_COMMAND");
const ON = eventCode("DEV_DOOR_RELAY_ON");
const OFF = eventCode("DEV_DOOR_RELAY_OFF");

/** null: the event is of no command; most are not. */
export function boltMoveOf(controllerId: number, { eventType, eventAt: atMs, doorId, detail }: EventRow): BoltMove | null {
  const commandId = detail?.["commandId"];
  if (typeof commandId !== "number" || doorId === null) return null;
  // Of a bolt that was released already no other event tells that it is.
  if (eventType === ON || (eventType === OPENED && detail?.["wasOn"] === true))
    return { controllerId, commandId, doorId, kind: "on", atMs };
  return eventType === OFF ? { controllerId, commandId, doorId, kind: "off", atMs } : null;
}

/** Notes with their commands when bolts were released and fell. When one falls, that ends every opening of its door which it prolonged. Only a command's own controller may say so. */
export async function noteBoltMoves(transaction: Transaction, moves: readonly BoltMove[]): Promise<void> {
  if (moves.length === 0) return;
  const values = [
    moves.map((move) => move.controllerId),
    moves.map((move) => move.commandId),
    moves.map((move) => move.doorId),
    moves.map((move) => move.kind),
    moves.map((move) => move.atMs),
  ];
  await transaction.query({
    name: "ledger-note-bolts-on",
    text: `
      update door_commands set relay_on_at = moved.at
      from unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::text[], $5::bigint[]) as moved(controller_id, command_id, door_id, kind, at)
      where moved.kind = 'on' and door_commands.command_id = moved.command_id and door_commands.controller_id = moved.controller_id
        and door_commands.door_id = moved.door_id and command = 'ONCE_OPEN' and relay_on_at is null`,
    values,
  });
  await transaction.query({
    name: "ledger-note-bolts-off",
    text: `
      update door_commands set relay_off_at = moved.at
      from unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::text[], $5::bigint[]) as moved(controller_id, command_id, door_id, kind, at)
      where moved.kind = 'off' and door_commands.door_id = moved.door_id and door_commands.controller_id = moved.controller_id
        and relay_on_at is not null and relay_off_at is null and relay_on_at <= moved.at`,
    values,
  });
}
