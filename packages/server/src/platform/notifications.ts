import { type Log, pause, type Timers } from "@postern/core";
import { Client } from "pg";
import { clientConfig, type DatabaseAddress } from "./database-address.ts";
import { databaseError } from "./database-error.ts";
import { platformError } from "./platform-errors.ts";
import * as limits from "./platform-limits.ts";

/** `payload` is null when the listening has begun or begun again, so that something may have been missed: look for yourself. Must not throw. */
export type NotificationHandler = (payload: string | null) => void;

/** A session's advisory lock, held as long as the session lives. */
export interface HeldLock {
  /** Aborted when the lock is no longer held: released, or the session was lost. Then another process may have it at once. */
  readonly lost: AbortSignal;
  release(): Promise<void>;
}

/**
 * One connection of its own that hears what other processes say, and shows that this one is alive. A notification is a hint and never
 * the only way to learn of a change: one that was sent while the connection was away is lost.
 */
export interface Notifications {
  /** Calls `handler` for each notification, and with null once it listens and after each reconnection. Returns what ends it. */
  listen(channel: string, handler: NotificationHandler): () => void;
  /** Null when somebody holds it, this process included. Fails with `database_away` when that cannot be asked within `CONNECT_MS_MAX`. */
  holdAdvisoryLock(key: number): Promise<HeldLock | null>;
  /**
   * Holds it until closed: whenever the session it is held by is lost, the next one takes it again, and `onHeldAgain` is told. Resolves once it is held
   * for the first time; fails as `holdAdvisoryLock` does.
   */
  keepAdvisoryLock(key: number, onHeldAgain: () => void): Promise<void>;
  /** Idempotent. */
  close(): Promise<void>;
}

export interface NotificationsOptions {
  readonly address: DatabaseAddress;
  readonly timers: Timers;
  readonly log: Log;
}

/** Connects in the background and again whenever the connection is lost. */
export function openNotifications(options: NotificationsOptions): Notifications {
  const notifications = new ListeningConnection(options);
  notifications.start();
  return notifications;
}

class ListeningConnection implements Notifications {
  readonly #options: NotificationsOptions;
  readonly #closing = new AbortController();
  readonly #handlers = new Map<string, Set<NotificationHandler>>();
  #session: Session | undefined;
  #running: Promise<void> = Promise.resolve();
  #waiting: (() => void)[] = [];
  readonly #keeping: Promise<void>[] = [];

  constructor(options: NotificationsOptions) {
    this.#options = options;
  }

  start(): void {
    this.#running = this.#run();
  }

  listen(channel: string, handler: NotificationHandler): () => void {
    const handlers = this.#handlers.get(channel) ?? new Set();
    this.#handlers.set(channel, handlers.add(handler));
    // A failure means that the session is being lost; the next one listens to every channel from its start.
    void this.#session?.listen(channel).then(
      () => handler(null),
      () => undefined,
    );
    return () => void handlers.delete(handler);
  }

  async holdAdvisoryLock(key: number): Promise<HeldLock | null> {
    const session = await this.#currentSession();
    return session.hold(key);
  }

  async keepAdvisoryLock(key: number, onHeldAgain: () => void): Promise<void> {
    this.#keeping.push(this.#keep(key, { held: await this.holdAdvisoryLock(key), onHeldAgain }));
  }

  async close(): Promise<void> {
    this.#closing.abort();
    await this.#session?.end();
    await Promise.all([this.#running, ...this.#keeping]);
  }

  /** Whoever asks whether it is held takes it for a moment, so that one refusal means nothing. */
  async #keep(key: number, { held, onHeldAgain }: { held: HeldLock | null; readonly onHeldAgain: () => void }): Promise<void> {
    for (let now = held; !this.#closing.signal.aborted; ) {
      if (now !== null) await aborted(now.lost);
      else await pause(this.#options.timers, "take a lock again", limits.BACK_OFF_MS_FIRST, this.#closing.signal);
      if (this.#closing.signal.aborted) return;
      now = await this.holdAdvisoryLock(key).catch(() => null);
      if (now !== null) onHeldAgain();
    }
  }

  async #run(): Promise<void> {
    let pauseMs = limits.BACK_OFF_MS_FIRST;
    while (!this.#closing.signal.aborted) {
      const session = await Session.open(this.#options, (channel, payload) => this.#deliver(channel, payload)).catch(() => undefined);
      if (session !== undefined) {
        pauseMs = limits.BACK_OFF_MS_FIRST;
        await this.#live(session);
      }
      await pause(this.#options.timers, "listen again", pauseMs, this.#closing.signal);
      pauseMs = Math.min(pauseMs * 2, limits.BACK_OFF_MS_MAX);
    }
  }

  async #live(session: Session): Promise<void> {
    this.#session = session;
    try {
      for (const channel of this.#handlers.keys()) await session.listen(channel);
      for (const wake of this.#waiting.splice(0)) wake();
      for (const channel of this.#handlers.keys()) this.#deliver(channel, null);
      await session.beat(this.#options.timers, this.#closing.signal);
    } catch (error) {
      const failure = databaseError(error);
      this.#options.log.warn("database.listen_lost", { reason: failure instanceof Error ? failure.message : "unknown" });
    } finally {
      this.#session = undefined;
      await session.end();
    }
  }

  #deliver(channel: string, payload: string | null): void {
    for (const handler of this.#handlers.get(channel) ?? []) handler(payload);
  }

  async #currentSession(): Promise<Session> {
    if (this.#session === undefined) {
      const connected = new AbortController();
      this.#waiting.push(() => connected.abort());
      const over = AbortSignal.any([connected.signal, this.#closing.signal]);
      await pause(this.#options.timers, "listen connection", limits.CONNECT_MS_MAX, over);
    }
    if (this.#session === undefined) throw platformError("database_away");
    return this.#session;
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });
}

/** One connection from its start to its loss. Everything held on it is lost with it. */
class Session {
  readonly #client: Client;
  readonly #lost = new AbortController();
  #before: Promise<unknown> = Promise.resolve();
  readonly #heldKeys = new Set<number>();

  private constructor(client: Client) {
    this.#client = client;
    client.on("end", () => this.#lost.abort());
    client.on("error", () => this.#lost.abort());
  }

  static async open(options: NotificationsOptions, deliver: (channel: string, payload: string) => void): Promise<Session> {
    const client = new Client({
      ...clientConfig(options.address),
      application_name: "postern listen",
      connectionTimeoutMillis: limits.CONNECT_MS_MAX,
      query_timeout: limits.ANSWER_MS_MAX,
    });
    const session = new Session(client);
    client.on("notification", (notification) => deliver(notification.channel, notification.payload ?? ""));
    await client.connect();
    return session;
  }

  /** One statement at a time: a connection has no second hand. */
  #inTurn<T>(ask: () => Promise<T>): Promise<T> {
    const answer = this.#before.then(ask);
    this.#before = answer.catch(() => undefined);
    return answer;
  }

  async listen(channel: string): Promise<void> {
    await this.#inTurn(() => this.#client.query(`listen ${this.#client.escapeIdentifier(channel)}`));
  }

  async hold(key: number): Promise<HeldLock | null> {
    if (this.#heldKeys.has(key)) return null; // PostgreSQL would let one session hold it twice
    this.#heldKeys.add(key);
    const asked = this.#inTurn(() => this.#client.query<{ held: boolean }>("select pg_try_advisory_lock($1) as held", [key]));
    const answer = await asked.catch((error: unknown) => {
      this.#heldKeys.delete(key);
      throw databaseError(error);
    });
    if (answer.rows[0]?.held !== true) {
      this.#heldKeys.delete(key);
      return null;
    }
    const released = new AbortController();
    const release = async (): Promise<void> => {
      if (released.signal.aborted || this.#lost.signal.aborted) return;
      released.abort();
      this.#heldKeys.delete(key);
      // A failure means that the session is lost, and the lock with it.
      await this.#inTurn(() => this.#client.query("select pg_advisory_unlock($1)", [key])).catch(() => undefined);
    };
    return { lost: AbortSignal.any([released.signal, this.#lost.signal]), release };
  }

  /** Asks for a sign of life until there is none, or until told to stop. */
  async beat(timers: Timers, stop: AbortSignal): Promise<void> {
    const over = AbortSignal.any([stop, this.#lost.signal]);
    while (!over.aborted) {
      await pause(timers, "listen heartbeat", limits.LISTEN_HEARTBEAT_MS, over);
      if (!over.aborted) await this.#inTurn(() => this.#client.query("select 1"));
    }
    if (!stop.aborted) throw platformError("database_away");
  }

  async end(): Promise<void> {
    this.#lost.abort();
    // A farewell to a server that does not answer would wait for ever; the socket is closed instead.
    this.#client.connection.stream.destroy();
  }
}
