import type { LinkCode, UpKind } from "@postern/contract";
import { eventCode } from "@postern/contract";
import { type Clock, CodedError, type Log, type Timers } from "@postern/core";
import pLimit from "p-limit";
import { appendServerEvents } from "../ledger/append.ts";
import type { Appender } from "../ledger/appender.ts";
import { ensurePeriod } from "../ledger/ledger-store.ts";
import { Batcher } from "../platform/batcher.ts";
import type { Database, Queryable } from "../platform/database.ts";
import type { PersonKeys } from "../platform/person-keys/person-keys.ts";
import { PAGE_QUERIES_AT_ONCE_MAX } from "../roster/limits.ts";
import type { RosterFeeds } from "../roster/roster-feeds.ts";
import { endCommand, endOverdueCommands, takeDueCommands } from "./command-store.ts";
import type { Confirmations } from "./confirmations.ts";
import {
  findControllers,
  forgetInstance,
  type KnownController,
  type LinkHolder,
  readHolders,
  readOtherInstances,
  writeConnected,
} from "./controller-store.ts";
import { GatewaySession, type GatewaySessionDeps } from "./gateway-session.ts";
import { ALIVE_ANSWER_MS, CONTROLLERS_PER_STATEMENT_MAX, CONTROLLERS_WAITING_MAX, REFUSED_SESSION_RECORD_MS } from "./limits.ts";
import { verifyLinkToken } from "./link-token.ts";
import type { LinkConnection, LinkHandler } from "./mqtt/mqtt-listener.ts";
import { useQr } from "./qr-use-store.ts";
import { type ClosedSession, closeSessions, type GreetedSession, openSessions, type SessionOpening } from "./session-store.ts";
import { type AskVendor, askNobody } from "./vendor-question.ts";

export interface GatewayDeps {
  readonly database: Database;
  readonly feeds: RosterFeeds;
  readonly appender: Pick<Appender, "append">;
  readonly confirmations: Confirmations;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly log: Log;
  readonly instanceId: number;
  readonly personKeys: Pick<PersonKeys, "find" | "sealScanned">;
  /** Whether another server process still lives. */
  readonly isInstanceAlive: (instanceId: number, queryable: Queryable) => Promise<boolean>;
  /** Asks customers' servers for doors; left out, none is known. */
  readonly askVendor?: AskVendor;
  /** `verifyLinkToken` unless a simulation, which has no keys, brings its own. */
  readonly verifyToken?: typeof verifyLinkToken;
}

interface Connected {
  readonly connection: LinkConnection;
  readonly session: GatewaySession;
}

type Verdict = Awaited<ReturnType<LinkHandler["authenticate"]>>;

/** The controllers connected to this process: who may connect, and one session for each. */
export class Gateway implements LinkHandler {
  readonly #deps: GatewayDeps;
  readonly #sessionDeps: GatewaySessionDeps;
  readonly #finding: Batcher<string, KnownController | null>;
  readonly #opening: Batcher<SessionOpening, GreetedSession | null>;
  readonly #closing: Batcher<ClosedSession, undefined>;
  readonly #connected = new Map<string, Connected>();
  readonly #refusalRecordedAt = new Map<string, number>();
  /** By controller, the last of each: sessions whose end could not be written yet. */
  readonly #unended = new Map<number, ClosedSession>();

  constructor(deps: GatewayDeps) {
    this.#deps = deps;
    const { database, feeds, appender, clock, timers, log, instanceId, confirmations, personKeys, askVendor = askNobody } = deps;
    const limits = { weightMax: CONTROLLERS_PER_STATEMENT_MAX, waitingMax: CONTROLLERS_WAITING_MAX };
    this.#finding = new Batcher({ ...limits, answer: (serials) => findControllers(database, serials) });
    this.#opening = new Batcher({ ...limits, answer: (openings) => openSessions(database, instanceId, openings) });
    this.#closing = new Batcher({ ...limits, answer: (closed) => closeSessions(database, closed).then(() => closed.map(() => undefined)) });
    const limitPages = pLimit(PAGE_QUERIES_AT_ONCE_MAX);
    const endOne: GatewaySessionDeps["endCommand"] = (controllerId, result) =>
      endCommand(database, {
        controllerId,
        result,
        nowMs: clock.nowMs(),
        seal: (commandId, plain) => personKeys.sealScanned(commandId, plain),
      });
    this.#sessionDeps = {
      endCommand: endOne,
      database,
      feeds,
      appender,
      clock,
      timers,
      log,
      askVendor,
      useQr: (use) => useQr(database, use),
      openSession: (opening) => this.#opening.ask(opening),
      closeSession: (closed) => this.#endSession(closed),
      personKeys,
      limitPages: (work) => limitPages(work),
      confirm: (one) => confirmations.add(one),
      heard: (one) => confirmations.heard(one),
    };
  }

  get connectedCount(): number {
    return this.#connected.size;
  }

  /** Doors of all these controllers that wait for customers' own servers. */
  get askCount(): number {
    let count = 0;
    for (const { session } of this.#connected.values()) count += session.askCount;
    return count;
  }

  async authenticate(serial: string, password: string, remoteAddress: string): Promise<Verdict> {
    const { clock, verifyToken = verifyLinkToken } = this.#deps;
    const controller = await this.#finding.ask(serial);
    if (controller === null || controller.publicKey === null) return refuse("controller_unknown");
    if (!(await verifyToken(password, controller.publicKey, serial, clock.nowMs()))) return refuse("token_invalid");
    if (await this.#isConnected(serial, controller)) {
      await this.#recordRefusal(serial, controller, remoteAddress);
      return refuse("session_taken");
    }
    return { ok: true, openedWith: JSON.stringify(controller.publicKey) };
  }

  opened(connection: LinkConnection): void {
    // Both were let in while neither was open. The first keeps its place; a dead one loses it when the second comes back and asks.
    if (this.#connected.has(connection.serial)) {
      connection.close("session_taken");
      this.#refuseOpened(connection);
      return;
    }
    const session = new GatewaySession(this.#sessionDeps, connection);
    this.#connected.set(connection.serial, { connection, session });
    this.#deps.log.info("gateway.connected", { serial: connection.serial, remoteAddress: connection.remoteAddress });
  }

  async received(connection: LinkConnection, kind: UpKind, payload: Uint8Array): Promise<void> {
    const entry = this.#connected.get(connection.serial);
    if (entry?.connection !== connection) return connection.close("session_taken");
    try {
      await entry.session.received(kind, payload);
    } catch (cause) {
      this.#deps.log.warn("gateway.session_failed", {
        serial: connection.serial,
        code: cause instanceof CodedError ? cause.code : "unexpected",
        cause,
      });
      connection.close("session_failed");
    }
  }

  closed(connection: LinkConnection, reason: string): void {
    const entry = this.#connected.get(connection.serial);
    if (entry?.connection !== connection) return;
    this.#connected.delete(connection.serial);
    this.#deps.log.info("gateway.disconnected", { serial: connection.serial, reason });
    entry.session.dropped().catch((cause: unknown) => this.#deps.log.warn("gateway.close_unwritten", { serial: connection.serial, cause }));
  }

  /** Resolves once it is written down which controllers have gone. */
  drain(): Promise<void> {
    return this.#closing.drain();
  }

  /**
   * Ends the connections, greeted or not, whose key was replaced or taken away and those whose session was ended, as when their doors became others:
   * they come back and are told anew, and the latter are sent before what is gone from the doors they had. At a hint for one serial, and now and then for
   * all of them.
   */
  async endStale(serial?: string): Promise<void> {
    const connected = [...this.#connected].filter(([one]) => serial === undefined || one === serial);
    if (connected.length === 0) return;
    const read = await readHolders(
      this.#deps.database,
      connected.map(([one]) => one),
    );
    const holders = new Map(read.map((holder) => [holder.serial, holder]));
    await Promise.all(connected.map(([one, entry]) => this.#endIfStale(entry, holders.get(one))));
  }

  async #endIfStale(entry: Connected, holder: LinkHolder | undefined): Promise<void> {
    const reason = staleBecause(entry, holder);
    if (reason === null) return;
    // One that a newer session has taken the place of is told nothing more.
    if (reason === "session_ended" && holder?.connectedInstance === null) {
      await entry.session
        .sayLast()
        .catch((cause: unknown) => this.#deps.log.warn("gateway.last_unsaid", { serial: entry.connection.serial, cause }));
    }
    entry.connection.close(reason);
  }

  /** Notes that the controllers connected here were heard: a connection that says nothing for longer than its keepalive is none any more. */
  noteHeard(): void {
    const { clock, confirmations } = this.#deps;
    for (const { session } of this.#connected.values()) {
      const { opened } = session;
      if (opened === null) continue;
      confirmations.heard({ controllerId: opened.controllerId, session: opened.session, atMs: clock.nowMs(), clockOffsetMs: null });
    }
  }

  /**
   * Notes as away the controllers that were connected to a process which was killed and never said so, and those whose end could not be written down
   * here while the database was away.
   */
  async forgetDeadProcesses(): Promise<void> {
    const { database, instanceId, isInstanceAlive } = this.#deps;
    await Promise.all([...this.#unended.values()].map((ended) => this.#endSession(ended)));
    for (const other of await readOtherInstances(database, instanceId)) {
      // In one transaction, which keeps the lock of the dead: one that only lost its session cannot come back in between.
      await database.transaction(async (transaction) => {
        if (!(await isInstanceAlive(other, transaction))) await forgetInstance(transaction, other);
      });
    }
  }

  /**
   * Notes that the controllers connected here are: another process takes this one for dead, and them for away, while its own session with the database is
   * lost, and they would not say a word of their own.
   */
  async noteConnected(): Promise<void> {
    const { database, instanceId, clock } = this.#deps;
    const noted = [...this.#connected.values()].filter(({ session }) => session.opened !== null);
    const sessions = noted.flatMap(({ session }) => session.opened ?? []);
    if (sessions.length === 0) return;
    await writeConnected(database, instanceId, sessions);
    // One that ended meanwhile may have been noted as away before this wrote the contrary.
    const gone = noted.filter(({ connection }) => this.#connected.get(connection.serial)?.connection !== connection);
    const atMs = clock.nowMs();
    await Promise.all(
      gone.flatMap(({ session: { opened } }) =>
        opened === null ? [] : this.#endSession({ controllerId: opened.controllerId, session: opened.session, atMs }),
      ),
    );
  }

  /** Ends the commands whose time is over and sends those that are due for the controllers connected here: at a hint, and now and then without one. */
  async sendDueCommands(): Promise<void> {
    await endOverdueCommands(this.#deps.database, this.#deps.clock.nowMs());
    const sessions = new Map<number, GatewaySession>();
    for (const { session } of this.#connected.values()) if (session.opened !== null) sessions.set(session.opened.controllerId, session);
    if (sessions.size === 0) return;
    const commands = await takeDueCommands(this.#deps.database, [...sessions.keys()], this.#deps.clock.nowMs());
    for (const { controllerId, frame } of commands) await sessions.get(controllerId)?.command(frame);
  }

  /** A newer session of the controller is left alone, whenever this is written. */
  async #endSession(ended: ClosedSession): Promise<void> {
    const { controllerId } = ended;
    try {
      await this.#closing.ask(ended);
      if (this.#unended.get(controllerId) === ended) this.#unended.delete(controllerId);
    } catch (cause) {
      this.#deps.log.warn("gateway.close_unwritten", { controllerId, cause });
      this.#unended.set(controllerId, ended);
    }
  }

  /** A live connection keeps its place; a dead one, or one of a process that is gone, does not keep the door out. */
  async #isConnected(serial: string, controller: KnownController): Promise<boolean> {
    const here = this.#connected.get(serial);
    if (here !== undefined) {
      if (await here.connection.isAlive(ALIVE_ANSWER_MS)) return true;
      here.connection.close("not_answering");
      return false;
    }
    const { connectedInstance } = controller;
    if (connectedInstance === null || connectedInstance === this.#deps.instanceId) return false;
    return this.#deps.isInstanceAlive(connectedInstance, this.#deps.database);
  }

  #refuseOpened({ serial, remoteAddress }: LinkConnection): void {
    const record = async (): Promise<void> => {
      const controller = await this.#finding.ask(serial);
      if (controller !== null) await this.#recordRefusal(serial, controller, remoteAddress);
    };
    record().catch((cause: unknown) => this.#deps.log.warn("gateway.refusal_unwritten", { serial, cause }));
  }

  async #recordRefusal(serial: string, controller: KnownController, remoteAddress: string): Promise<void> {
    const { clock, database, log } = this.#deps;
    const nowMs = clock.nowMs();
    log.warn("gateway.second_connection_refused", { serial, remoteAddress });
    if (nowMs - (this.#refusalRecordedAt.get(serial) ?? Number.NEGATIVE_INFINITY) < REFUSED_SESSION_RECORD_MS) return;
    this.#refusalRecordedAt.set(serial, nowMs);
    await ensurePeriod(database, nowMs);
    const event = { eventAt: nowMs, eventType: eventCode("CONTROLLER_SESSION_REFUSED"), detail: { serial, remoteAddress } };
    await database.transaction((transaction) => appendServerEvents(transaction, controller.placeId, [event]));
  }
}

/** Why a connection is no longer one; null while it is. */
function staleBecause({ connection, session }: Connected, holder: LinkHolder | undefined): string | null {
  if (holder === undefined) return "controller_gone";
  if (JSON.stringify(holder.publicKey) !== connection.openedWith) return "key_replaced";
  // Its own hello may have raised the number since it was read: only a higher one ends it.
  return session.opened !== null && holder.session > session.opened.session ? "session_ended" : null;
}

function refuse(code: LinkCode): Verdict {
  return { ok: false, code };
}
