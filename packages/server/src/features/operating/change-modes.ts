import { type DoorCommandName, type EventType, eventCode } from "@postern/contract";
import { appendServerEvents } from "../../ledger/append.ts";
import { type AuditActor, writeAudit } from "../../platform/audit/audit-store.ts";
import type { Transaction } from "../../platform/database.ts";
import { deriveRoster } from "../../roster/derive-roster.ts";
import { lockRoster } from "../../roster/roster-store.ts";
import { type OperatorMode, writeLockdown, writeOperatorMode } from "./store.ts";

/** Who acts at a place, and when. */
export interface Acting {
  readonly placeId: number;
  readonly placeGroupId: number;
  readonly by: AuditActor;
  readonly nowMs: number;
}

/** The event of a person's wish (CLUe §2.1). */
export const REQUEST_EVENT: Readonly<Record<DoorCommandName, EventType>> = {
  ONCE_OPEN: "DOOR_TEMP_OPEN_REQ",
  ALWAYS_OPEN: "DOOR_MANUAL_OPEN_REQ",
  ALWAYS_CLOSE: "DOOR_MANUAL_CLOSE_REQ",
  RELEASE_MANUAL_MODE: "DOOR_MANUAL_RELEASE_REQ",
};

const COMMAND_OF_MODE = { unlocked: "ALWAYS_OPEN", locked: "ALWAYS_CLOSE", none: "RELEASE_MANUAL_MODE" } as const satisfies Readonly<
  Record<OperatorMode, DoorCommandName>
>;

export const MODE_OF_COMMAND: Readonly<Record<(typeof COMMAND_OF_MODE)[OperatorMode], OperatorMode>> = {
  ALWAYS_OPEN: "unlocked",
  ALWAYS_CLOSE: "locked",
  RELEASE_MANUAL_MODE: "none",
};

export interface ModeChange {
  readonly doorId: number;
  readonly operator: OperatorMode;
  /** null: it stays, confirmed or not. */
  readonly notAfterMs: number | null;
  /** What asked for it. */
  readonly commandId?: number;
  /** The wish has its event already: it was for this moment. */
  readonly isForetold?: true;
}

/** Holds a door by an operator, in one transaction with its way to the door, its event and its audit row. */
export async function changeMode(transaction: Transaction, acting: Acting, change: ModeChange): Promise<void> {
  const { doorId, operator, notAfterMs, commandId } = change;
  const { placeId, nowMs } = acting;
  await lockRoster(transaction, placeId);
  await writeOperatorMode(transaction, { doorId, placeId }, { operator, notAfterMs, nowMs });
  await deriveRoster(transaction, placeId, { touched: { modes: [doorId] }, nowMs });
  await auditDoor(transaction, acting, {
    action: "door.mode",
    doorId,
    detail: { operator, ...(commandId === undefined ? {} : { commandId }) },
  });
  if (change.isForetold === true) return;
  const detail = commandId === undefined ? null : { commandId };
  await appendServerEvents(transaction, placeId, [
    { eventAt: nowMs, eventType: eventCode(REQUEST_EVENT[COMMAND_OF_MODE[operator]]), doorId, detail },
  ]);
}

/** Begins or ends a lockdown at these doors of the place. */
export async function changeLockdown(
  transaction: Transaction,
  acting: Acting,
  lockdown: { doorIds: readonly number[]; isOn: boolean },
): Promise<void> {
  const { placeId, nowMs } = acting;
  const { doorIds, isOn } = lockdown;
  await lockRoster(transaction, placeId);
  await writeLockdown(transaction, placeId, { doorIds, isOn, nowMs });
  await deriveRoster(transaction, placeId, { touched: { modes: doorIds }, nowMs });
  await writeAudit(transaction, {
    by: acting.by,
    placeGroupId: acting.placeGroupId,
    placeId,
    atMs: nowMs,
    action: isOn ? "lockdown.begin" : "lockdown.end",
    target: { kind: "place", id: placeId },
    detail: { doorIds },
  });
  const eventType = eventCode(isOn ? "LOCKDOWN_BEGIN_REQ" : "LOCKDOWN_END_REQ");
  await appendServerEvents(transaction, placeId, [{ eventAt: nowMs, eventType, detail: { doorCount: doorIds.length } }]);
}

export async function auditDoor(
  transaction: Transaction,
  { by, placeGroupId, placeId, nowMs }: Acting,
  act: { readonly action: string; readonly doorId: number; readonly detail?: Readonly<Record<string, unknown>> },
): Promise<void> {
  const { action, doorId, detail } = act;
  const target = { kind: "door", id: doorId };
  await writeAudit(transaction, { by, placeGroupId, placeId, atMs: nowMs, action, target, ...(detail === undefined ? {} : { detail }) });
}
