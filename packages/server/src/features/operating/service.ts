import {
  type CommandStage,
  type DoorCommand,
  type DoorCommandName,
  type DoorModeAnswer,
  eventCode,
  isPast,
  type Lockdown,
  type ModeWrite,
  type PublishDoor,
} from "@postern/contract";
import { assert, assertNever, type Clock, type Log, pause, type Timers } from "@postern/core";
import { type CommandKind, insertCommand, replaceLearnings } from "../../gateway/command-store.ts";
import { appendServerEvents } from "../../ledger/append.ts";
import { ensurePeriod } from "../../ledger/ledger-store.ts";
import type { ReachedPlace } from "../../platform/access/actor.ts";
import { type AuditActor, writeAudit } from "../../platform/audit/audit-store.ts";
import type { Database, Transaction } from "../../platform/database.ts";
import { NativeRefusal } from "../../platform/http/native-refusal.ts";
import { deletedSince, makeOnce } from "../../platform/operations/make-once.ts";
import { pageOfRows } from "../../platform/operations/page-cursor.ts";
import type { RequestName } from "../../platform/operations/request-store.ts";
import { lockRoster } from "../../roster/roster-store.ts";
import { type Acting, auditDoor, changeLockdown, changeMode, MODE_OF_COMMAND, REQUEST_EVENT } from "./change-modes.ts";
import { commandView } from "./command-view.ts";
import * as limits from "./limits.ts";
import * as store from "./store.ts";

export interface OperatingDeps {
  readonly database: Database;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly log: Log;
}

/** Somebody who was let into the place, and who they are in the audit log. */
export interface Operator {
  readonly place: ReachedPlace;
  readonly by: AuditActor;
}

/** What is asked of a door from afar. */
export interface Order {
  readonly command: DoorCommandName;
  /** Left out: now. */
  readonly actAtMs?: number | undefined;
  /** Of an opening. */
  readonly withinMs?: number | undefined;
  readonly once?: RequestName | null;
}

export interface Watch {
  readonly waitS: number;
  /** Left out: its end. */
  readonly past?: CommandStage | undefined;
}

/** What people do to doors from afar. Every act is one transaction: its effect, its event and its audit row. */
export class Operating {
  readonly #deps: OperatingDeps;

  constructor(deps: OperatingDeps) {
    this.#deps = deps;
  }

  findDoor(doorId: number): Promise<store.OperatedDoor | null> {
    return store.findDoor(this.#deps.database, doorId);
  }

  /** A mode is part of the roster: it survives a reboot and reaches a door that was offline. An unlocking one that no door confirms in time is taken back. */
  async setMode(operator: Operator, doorId: number, { operator: mode, notAfter }: ModeWrite): Promise<DoorModeAnswer> {
    const acting = await this.#acting(operator);
    const notAfterMs = mode === "unlocked" ? (notAfter ?? acting.nowMs + limits.UNLOCK_CONFIRMED_WITHIN_MS) : null;
    if (notAfterMs !== null) judgeNotAfter(notAfterMs, acting.nowMs);
    await this.#deps.database.transaction((tx) => changeMode(tx, acting, { doorId, operator: mode, notAfterMs }));
    return { doorId, mode: await store.readMode(this.#deps.database, doorId) };
  }

  /**
   * Asks a door for one of CLUe's four commands, now or at a time; what is for later is written down, and survives whatever stops meanwhile. Fails with
   * `device_offline` while the door's controller has no connection.
   */
  async order(operator: Operator, door: store.OperatedDoor, wish: Order): Promise<DoorCommand> {
    const acting = await this.#acting(operator);
    const { controllerId } = door;
    if (controllerId === null || !door.isConnected) throw new NativeRefusal("device_offline");
    if (wish.actAtMs !== undefined) judgeMoment("actAt", wish.actAtMs, acting.nowMs);
    const actAtMs = Math.max(acting.nowMs, wish.actAtMs ?? acting.nowMs);
    const asked = { ...door, controllerId, command: wish.command, actAtMs, notAfterMs: actAtMs + actWithinMs(wish) };
    return this.#deps.database.transaction(async (tx) => {
      const commandId = await makeOnce(tx, wish.once ?? null, () => ask(tx, acting, asked));
      const row = await store.readCommandRow(tx, commandId);
      if (row === null) throw deletedSince();
      return commandView(row, acting.nowMs);
    });
  }

  /** Brings doors into the modes that were asked for by now. */
  async carryOutOrders(): Promise<void> {
    const { database, clock, log } = this.#deps;
    for (const due of await store.readOrdersDue(database, clock.nowMs())) {
      const { doorId, placeId, placeGroupId, commandId } = due;
      const nowMs = clock.nowMs();
      const acting: Acting = { placeId, placeGroupId, by: { keyId: null, source: "SYSTEM" }, nowMs };
      await ensurePeriod(database, nowMs);
      const operator = MODE_OF_COMMAND[due.command];
      await database
        .transaction(async (tx) => {
          // The roster first, as every change of it takes them.
          await lockRoster(tx, placeId);
          if (!(await store.endOrder(tx, commandId, nowMs))) return;
          await changeMode(tx, acting, { doorId, operator, notAfterMs: confirmedByMs(operator, nowMs), commandId, isForetold: true });
        })
        .catch((cause: unknown) => log.warn("operating.order_failed", { commandId, doorId, cause }));
    }
  }

  /** Takes a command of a door back. Fails with `conflict` once it is on its way. */
  async cancel(operator: Operator, command: DoorCommand): Promise<DoorCommand> {
    const acting = await this.#acting(operator);
    const { commandId, doorId } = command;
    return this.#deps.database.transaction(async (tx) => {
      if (doorId === null || !(await store.cancelCommand(tx, commandId, acting.nowMs))) {
        const problem = { field: "commandId", message: "is on its way to the door, has ended, or is for a device" };
        throw new NativeRefusal("conflict", { problems: [problem] });
      }
      await auditDoor(tx, acting, { action: "door.cancel", doorId, detail: { commandId } });
      const row = await store.readCommandRow(tx, commandId);
      assert(row !== null, "what was just changed is there");
      return commandView(row, acting.nowMs);
    });
  }

  async commandsOf(door: store.OperatedDoor, page: store.CommandsWanted): Promise<{ items: readonly DoorCommand[]; next?: string }> {
    const rows = await store.listCommandRows(this.#deps.database, door, page);
    const nowMs = this.#deps.clock.nowMs();
    return pageOfRows(rows, page, { idOf: (row) => row.commandId, item: (row) => commandView(row, nowMs) });
  }

  findDevice(deviceId: number): Promise<store.OperatedDevice | null> {
    return store.findDevice(this.#deps.database, deviceId);
  }

  /** Asks which card is presented next at a device. Fails with `device_offline` while its controller has no connection, and where it stands at no door. */
  async learn(operator: Operator, { deviceId, door }: store.OperatedDevice, withinMs: number | undefined): Promise<DoorCommand> {
    const acting = await this.#acting(operator);
    const controllerId = door?.controllerId ?? null;
    if (door === null || controllerId === null || !door.isConnected) throw new NativeRefusal("device_offline");
    const notAfterMs = acting.nowMs + (withinMs ?? limits.LEARN_WITHIN_MS_DEFAULT);
    return this.#deps.database.transaction(async (tx) => {
      const times = { actAtMs: acting.nowMs, notAfterMs };
      const commandId = await askToLearn(tx, acting, { deviceId, doorId: door.doorId, controllerId, ...times });
      const row = await store.readCommandRow(tx, commandId);
      assert(row !== null, "an inserted command can be read in its transaction");
      return commandView(row, acting.nowMs);
    });
  }

  /** Forgets the cards that were learnt longer ago than anybody needs to enrol one. */
  async dropLearntCards(): Promise<void> {
    const { database, clock } = this.#deps;
    await store.dropLearntCards(database, clock.nowMs() - limits.LEARNT_CARD_KEPT_MS);
  }

  /** CLUe's four commands (CLUe §1.5), refused while the door's controller is offline. A time that has passed means now. */
  async publish(operator: Operator, door: store.OperatedDoor, { command, eventTimeMs }: PublishDoor): Promise<void> {
    if (!door.isConnected) throw new NativeRefusal("device_offline");
    const nowMs = this.#deps.clock.nowMs();
    // Locking is never too late; what may unlock is, when a request that was held up for hours comes at last.
    if (command !== "ALWAYS_CLOSE" || eventTimeMs > nowMs) judgeMoment("eventTime", eventTimeMs, nowMs);
    await this.order(operator, door, { command, actAtMs: Math.max(nowMs, eventTimeMs) });
  }

  async readCommand(commandId: number): Promise<DoorCommand | null> {
    const row = await store.readCommandRow(this.#deps.database, commandId);
    return row === null ? null : commandView(row, this.#deps.clock.nowMs());
  }

  /** The command once it has ended, or is further than `past`; or as it is when the time is over. */
  async whenFurther(command: DoorCommand, { waitS, past }: Watch, signal: AbortSignal): Promise<DoorCommand> {
    const { clock, timers } = this.#deps;
    const untilMs = clock.monotonicMs() + waitS * 1_000;
    const isOver = (one: DoorCommand): boolean => (past === undefined ? one.endedAt !== null : isPast(one, past));
    let seen = command;
    while (!isOver(seen) && clock.monotonicMs() < untilMs && !signal.aborted) {
      await pause(timers, "look at a command", limits.COMMAND_LOOK_MS, signal);
      seen = (await this.readCommand(command.commandId)) ?? seen;
    }
    return seen;
  }

  async readLockdown({ placeId }: ReachedPlace): Promise<Lockdown> {
    const { doorIds, isWhole } = await store.readLockedDown(this.#deps.database, placeId);
    return { placeId, doorIds: [...doorIds], isWhole };
  }

  async lockdown(operator: Operator, doors: "all" | readonly number[], isOn: boolean): Promise<Lockdown> {
    const acting = await this.#acting(operator);
    const doorIds = await store.findDoorIds(this.#deps.database, acting.placeId, doors);
    const unknown = doors === "all" ? undefined : doors.find((doorId) => !doorIds.includes(doorId));
    if (unknown !== undefined) {
      const problem = { field: "doors", message: "names no door of this place", rejectedValue: unknown };
      throw new NativeRefusal("argument_invalid", { problems: [problem] });
    }
    if (doorIds.length > 0) await this.#deps.database.transaction((tx) => changeLockdown(tx, acting, { doorIds, isOn }));
    return this.readLockdown(operator.place);
  }

  /** Takes back what was not confirmed in time: a door that learns of it hours later must not open then. */
  async takeBackModes(): Promise<void> {
    const { database, clock, log } = this.#deps;
    const nowMs = clock.nowMs() - limits.CONFIRMATION_GRACE_MS;
    for (const { doorId, placeId, placeGroupId, isConfirmed } of await store.readModesDue(database, nowMs)) {
      if (isConfirmed) {
        await store.keepMode(database, doorId, nowMs);
        continue;
      }
      const acting: Acting = { placeId, placeGroupId, by: { keyId: null, source: "SYSTEM" }, nowMs: clock.nowMs() };
      await ensurePeriod(database, acting.nowMs);
      await database.transaction(async (tx) => {
        if (await store.lockModeDue(tx, doorId, nowMs)) await changeMode(tx, acting, { doorId, operator: "none", notAfterMs: null });
      });
      log.info("operating.mode_taken_back", { doorId });
    }
  }

  async #acting({ place, by }: Operator): Promise<Acting> {
    const nowMs = this.#deps.clock.nowMs();
    await ensurePeriod(this.#deps.database, nowMs);
    return { placeId: place.placeId, placeGroupId: place.placeGroupId, by, nowMs };
  }
}

interface Asked {
  readonly doorId: number;
  readonly controllerId: number;
  readonly deviceId: number;
  readonly actAtMs: number;
  readonly notAfterMs: number;
}

/** A mode that is for now is changed in this very transaction; everything else waits for its time, or for the controller. */
async function ask(transaction: Transaction, acting: Acting, asked: Asked & { readonly command: DoorCommandName }): Promise<number> {
  const { doorId, deviceId, actAtMs, command } = asked;
  const { nowMs, placeId } = acting;
  const isNow = actAtMs <= nowMs;
  if (isNow && command !== "ONCE_OPEN") await lockRoster(transaction, placeId);
  const commandId = await insert(transaction, acting, asked, { command });
  if (isNow && command !== "ONCE_OPEN") {
    const operator = MODE_OF_COMMAND[command];
    await store.endOrder(transaction, commandId, nowMs);
    await changeMode(transaction, acting, { doorId, operator, notAfterMs: confirmedByMs(operator, nowMs), commandId });
    return commandId;
  }
  const action = command === "ONCE_OPEN" ? "door.open" : "door.order";
  await auditDoor(transaction, acting, { action, doorId, detail: command === "ONCE_OPEN" ? { commandId } : { commandId, command } });
  const detail = isNow ? { commandId } : { commandId, actAt: actAtMs };
  const event = { eventAt: nowMs, eventType: eventCode(REQUEST_EVENT[command]), doorId, deviceId, detail };
  await appendServerEvents(transaction, placeId, [event]);
  return commandId;
}

/** How much later than its time it may still be done: nobody stands before the door an hour later, and a door that was to be locked is to be locked. */
function actWithinMs({ command, withinMs }: Order): number {
  switch (command) {
    case "ONCE_OPEN":
      return withinMs ?? limits.OPEN_WITHIN_MS_DEFAULT;
    case "ALWAYS_OPEN":
      return limits.UNLOCK_CONFIRMED_WITHIN_MS;
    case "ALWAYS_CLOSE":
    case "RELEASE_MANUAL_MODE":
      return limits.LOCK_WITHIN_MS;
    default:
      return assertNever(command);
  }
}

function confirmedByMs(operator: store.OperatorMode, nowMs: number): number | null {
  return operator === "unlocked" ? nowMs + limits.UNLOCK_CONFIRMED_WITHIN_MS : null;
}

/** No event: nothing happens at the door, and a card that is learnt is nobody's passage. */
async function askToLearn(transaction: Transaction, acting: Acting, asked: Asked): Promise<number> {
  const { by, placeGroupId, placeId, nowMs } = acting;
  await replaceLearnings(transaction, asked.deviceId, nowMs);
  const commandId = await insert(transaction, acting, asked, { command: "LEARN_CARD", deviceId: asked.deviceId });
  const target = { kind: "device", id: asked.deviceId };
  await writeAudit(transaction, { by, placeGroupId, placeId, atMs: nowMs, action: "device.learn", target, detail: { commandId } });
  return commandId;
}

async function insert(
  transaction: Transaction,
  { placeId, by, nowMs }: Acting,
  { doorId, controllerId, actAtMs, notAfterMs }: Asked,
  command: CommandKind,
): Promise<number> {
  const askedBy = by.keyId ?? by.source;
  const fields = { placeId, doorId, controllerId, actAtMs, notAfterMs, askedBy, madeAtMs: nowMs };
  const commandId = await insertCommand(transaction, { ...fields, ...command });
  assert(commandId > 0, "an inserted command has an id");
  return commandId;
}

/** A door is never unlocked by a wish that is over, or by one nobody remembers. */
function judgeNotAfter(notAfterMs: number, nowMs: number): void {
  if (notAfterMs <= nowMs) throw refuseMoment("notAfter", "has passed", notAfterMs);
  judgeMoment("notAfter", notAfterMs, nowMs);
}

/** What was meant for another moment, or comes from a clock that is wrong, moves no bolt. */
function judgeMoment(field: string, atMs: number, nowMs: number): void {
  if (atMs - nowMs < -limits.ACT_AT_AGE_MS_MAX) throw refuseMoment(field, "has passed more than five minutes ago", atMs);
  if (atMs - nowMs > limits.ACT_AHEAD_MS_MAX) throw refuseMoment(field, "lies more than a day ahead", atMs);
}

function refuseMoment(field: string, message: string, rejectedValue: number): NativeRefusal {
  return new NativeRefusal("argument_invalid", { problems: [{ field, message, rejectedValue }] });
}
