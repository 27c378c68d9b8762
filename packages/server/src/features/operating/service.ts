import { type DoorCommand, type DoorModeAnswer, eventCode, type Lockdown, type ModeWrite, type PublishDoor } from "@postern/contract";
import { assert, type Clock, type Log, pause, type Timers } from "@postern/core";
import { type CommandKind, insertCommand, replaceLearnings } from "../../gateway/command-store.ts";
import { appendServerEvents } from "../../ledger/append.ts";
import { ensurePeriod } from "../../ledger/ledger-store.ts";
import type { ReachedPlace } from "../../platform/access/actor.ts";
import { type AuditActor, writeAudit } from "../../platform/audit/audit-store.ts";
import type { Database, Transaction } from "../../platform/database.ts";
import { NativeRefusal } from "../../platform/http/native-refusal.ts";
import { deletedSince, makeOnce } from "../../platform/operations/make-once.ts";
import type { RequestName } from "../../platform/operations/request-store.ts";
import { type Acting, auditDoor, changeLockdown, changeMode, REQUEST_EVENT } from "./change-modes.ts";
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

export interface OpenWish {
  readonly actAtMs?: number | undefined;
  readonly withinMs?: number | undefined;
  readonly once?: RequestName | null;
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

  /** Fails with `device_offline` while the door's controller has no connection. */
  async open(operator: Operator, door: store.OperatedDoor, wish: OpenWish): Promise<DoorCommand> {
    const acting = await this.#acting(operator);
    const { controllerId } = door;
    if (controllerId === null || !door.isConnected) throw new NativeRefusal("device_offline");
    if (wish.actAtMs !== undefined) judgeMoment("actAt", wish.actAtMs, acting.nowMs);
    const actAtMs = Math.max(acting.nowMs, wish.actAtMs ?? acting.nowMs);
    const notAfterMs = actAtMs + (wish.withinMs ?? limits.OPEN_WITHIN_MS_DEFAULT);
    return this.#deps.database.transaction(async (tx) => {
      const commandId = await makeOnce(tx, wish.once ?? null, () => ask(tx, acting, { ...door, controllerId, actAtMs, notAfterMs }));
      const row = await store.readCommandRow(tx, commandId);
      if (row === null) throw deletedSince();
      return commandOf(row);
    });
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
      return commandOf(row);
    });
  }

  /** Forgets the cards that were learnt longer ago than anybody needs to enrol one. */
  async dropLearntCards(): Promise<void> {
    const { database, clock } = this.#deps;
    await store.dropLearntCards(database, clock.nowMs() - limits.LEARNT_CARD_KEPT_MS);
  }

  /** CLUe's four commands (CLUe §1.5), refused while the door's controller is offline. */
  async publish(operator: Operator, door: store.OperatedDoor, { command, eventTimeMs }: PublishDoor): Promise<void> {
    if (!door.isConnected) throw new NativeRefusal("device_offline");
    judgeEventTime(eventTimeMs, this.#deps.clock.nowMs(), command === "ONCE_OPEN");
    switch (command) {
      case "ONCE_OPEN":
        await this.open(operator, door, { actAtMs: eventTimeMs });
        break;
      case "ALWAYS_OPEN":
        await this.setMode(operator, door.doorId, { operator: "unlocked" });
        break;
      case "ALWAYS_CLOSE":
        await this.setMode(operator, door.doorId, { operator: "locked" });
        break;
      case "RELEASE_MANUAL_MODE":
        await this.setMode(operator, door.doorId, { operator: "none" });
    }
  }

  async readCommand(commandId: number): Promise<(DoorCommand & { readonly placeId: number }) | null> {
    const row = await store.readCommandRow(this.#deps.database, commandId);
    return row === null ? null : commandOf(row);
  }

  /** The command once it has ended, or as it is when the time is over. */
  async whenEnded(command: DoorCommand, waitS: number, signal: AbortSignal): Promise<DoorCommand> {
    const { clock, timers } = this.#deps;
    const untilMs = clock.monotonicMs() + waitS * 1_000;
    let seen = command;
    while (seen.endedAt === null && clock.monotonicMs() < untilMs && !signal.aborted) {
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

async function ask(transaction: Transaction, acting: Acting, asked: Asked): Promise<number> {
  const { doorId, deviceId } = asked;
  const commandId = await insert(transaction, acting, asked, { command: "ONCE_OPEN" });
  await auditDoor(transaction, acting, { action: "door.open", doorId, detail: { commandId } });
  const event = { eventAt: acting.nowMs, eventType: eventCode(REQUEST_EVENT.ONCE_OPEN), doorId, deviceId, detail: { commandId } };
  await appendServerEvents(transaction, acting.placeId, [event]);
  return commandId;
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

function commandOf({ result, ...row }: store.CommandRow): DoorCommand {
  return result?.card === undefined ? row : { ...row, card: result.card };
}

/** CLUe §1.5: modes act at once; only an opening may be asked for ahead. */
function judgeEventTime(eventTimeMs: number, nowMs: number, mayLieAhead: boolean): void {
  judgeMoment("eventTime", eventTimeMs, nowMs, mayLieAhead ? A_DAY_AHEAD : AT_ONCE);
}

/** A door is never unlocked by a wish that is over, or by one nobody remembers. */
function judgeNotAfter(notAfterMs: number, nowMs: number): void {
  if (notAfterMs <= nowMs) throw refuseMoment("notAfter", "has passed", notAfterMs);
  judgeMoment("notAfter", notAfterMs, nowMs);
}

const AT_ONCE = { aheadMsMax: limits.EVENT_TIME_AGE_MS_MAX, message: "must not lie ahead for this command" } as const;
const A_DAY_AHEAD = { aheadMsMax: limits.ACT_AHEAD_MS_MAX, message: "lies more than a day ahead" } as const;

/** What was meant for another moment, or comes from a clock that is wrong, moves no bolt. */
function judgeMoment(field: string, atMs: number, nowMs: number, ahead: { aheadMsMax: number; message: string } = A_DAY_AHEAD): void {
  if (atMs - nowMs < -limits.EVENT_TIME_AGE_MS_MAX) throw refuseMoment(field, "has passed more than five minutes ago", atMs);
  if (atMs - nowMs > ahead.aheadMsMax) throw refuseMoment(field, ahead.message, atMs);
}

function refuseMoment(field: string, message: string, rejectedValue: number): NativeRefusal {
  return new NativeRefusal("argument_invalid", { problems: [{ field, message, rejectedValue }] });
}
