import {
  type AnswerFrame,
  COMMANDS_PER_HELLO_MAX,
  type CommandFrame,
  type DownKind,
  type EventsFrame,
  type FrameRead,
  type HelloFrame,
  type RosterFrame,
  readAnswer,
  readCommand,
  readRoster,
  readStored,
  readWelcome,
  type StoredFrame,
  type UpKind,
  type WelcomeFrame,
} from "@postern/contract";
import { assertNever, type Clock, type Log, type Random, type Timer, type Timers } from "@postern/core";
import type { DoorClock } from "../controller/door-clock.ts";
import type { CommandResult } from "../controller/open-once.ts";
import { type AskThroughLink, silentBecause } from "../controller/vendor-wait.ts";
import { HTTP_MS_MAX } from "../limits.ts";
import type { LogCursor } from "../outbox/log-generation.ts";
import type { Outbox } from "../outbox/outbox.ts";
import type { Replica } from "../replica/replica.ts";
import { LinkAsks } from "./link-asks.ts";
import type { LinkConnection, OpenLink } from "./link-connection.ts";
import { retryDelayMs } from "./retry-delay.ts";
import { stepUplink, type UplinkEffect, type UplinkInput, type UplinkState } from "./step-uplink.ts";
import type { UplinkKind } from "./uplink-table.ts";

export interface UplinkDeps {
  readonly serial: string;
  readonly url: string;
  readonly software: string;
  readonly openLink: OpenLink;
  /** A token dated with this time. */
  readonly signToken: (nowMs: number) => Promise<string>;
  /** The server's own time, or null. */
  readonly askServerTime: (signal: AbortSignal) => Promise<number | null>;
  readonly replica: Replica;
  readonly outbox: Outbox;
  readonly doorClock: DoorClock;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly random: Random;
  readonly log: Log;
  /** Called once the replica knows which doors it serves. */
  readonly onWelcome: (frame: WelcomeFrame) => void;
  /** What the server's clock said when it answered, and how long that answer was waited for. */
  readonly onServerTime: (serverMs: number, waitedMs: number) => void;
  readonly onRosterChanged: () => void;
  /** Resolves with what came of it. */
  readonly onCommand: (frame: CommandFrame) => Promise<CommandResult>;
  readonly onStateChanged: () => void;
}

/** Runs the link: carries out what `stepUplink` wants, and tells it what came of it. */
export class Uplink {
  readonly #deps: UplinkDeps;
  readonly #timers = new Map<string, Timer>();
  #state: UplinkState = { kind: "idle" };
  #connection: LinkConnection | null = null;
  /** Counts connections, so that nothing of an earlier one is taken for this one's. */
  #attempt = 0;
  /** When what is being answered was sent, by a clock that never jumps. */
  #askedMonotonicMs = 0;
  #serverTime: { readonly ms: number; readonly monotonicMs: number } | null = null;
  #asking: AbortController | null = null;
  /** Commands under way, and what came of those that could not be told yet. */
  readonly #commands = new Map<number, CommandResult | null>();
  readonly #asks: LinkAsks;

  constructor(deps: UplinkDeps) {
    this.#deps = deps;
    this.#asks = new LinkAsks(deps.log);
  }

  get kind(): UplinkKind {
    return this.#state.kind;
  }

  start(): void {
    this.#handle({ kind: "start" });
  }

  /** The outbox holds more. */
  appended(): void {
    this.#handle({ kind: "appended" });
  }

  /** Asks the customer's own server. Without a session, or when it ends, the answer is silence at once. */
  readonly ask: AskThroughLink = (ask, signal) => {
    if (this.#state.kind !== "live") return Promise.resolve(silentBecause("link_down"));
    const { session } = this.#state;
    return this.#asks.ask(ask, signal, (frame) => this.#send("ask", { session, ...frame }));
  };

  stop(): void {
    this.#asking?.abort();
    this.#handle({ kind: "stop" });
  }

  #handle(input: UplinkInput): void {
    const before = this.#state.kind;
    const { state, effects } = stepUplink(this.#state, input);
    this.#state = state;
    if (state.kind !== before) this.#deps.log.debug("uplink.state", { from: before, to: state.kind, input: input.kind });
    for (const effect of effects) this.#carryOut(effect);
    if (state.kind !== before) this.#deps.onStateChanged();
  }

  #carryOut(effect: UplinkEffect): void {
    switch (effect.kind) {
      case "connect":
        void this.#connect();
        break;
      case "disconnect":
        this.#disconnect();
        break;
      case "send_hello":
        this.#askedMonotonicMs = this.#deps.clock.monotonicMs();
        this.#send("hello", this.#hello());
        break;
      case "take_welcome":
        this.#guard(() => this.#takeWelcome(effect.frame));
        break;
      case "send_events":
        this.#guard(() => this.#sendEvents(effect.cursor));
        break;
      case "ask_time":
        this.#sendLog({ generation: effect.cursor.generation, first: effect.cursor.from, events: [] });
        break;
      case "mark_stored":
        this.#guard(() => this.#markStored(effect.frame));
        break;
      case "apply_roster":
        this.#guard(() => this.#applyRoster(effect.frame));
        break;
      case "set_timer":
        this.#setTimer(effect.timer, effect.delayMs, () => this.#handle({ kind: effect.timer }));
        break;
      case "stop_timer":
        this.#timers.get(effect.timer)?.cancel();
        break;
      case "pause":
        this.#setTimer("retry", retryDelayMs(effect.failureCount, this.#deps.random), () => this.#handle({ kind: "retry" }));
        break;
      case "ask_server_time":
        void this.#askServerTime();
        break;
      default:
        assertNever(effect);
    }
  }

  async #connect(): Promise<void> {
    this.#attempt += 1;
    const attempt = this.#attempt;
    try {
      const password = await this.#deps.signToken(await this.#tokenTime());
      if (attempt !== this.#attempt || this.#state.kind !== "connecting") return;
      this.#connection = this.#open(password, attempt);
    } catch (cause) {
      if (attempt === this.#attempt) this.#fail("uplink.connect_failed", cause);
    }
  }

  #open(password: string, attempt: number): LinkConnection {
    const { openLink, url, serial, log, doorClock } = this.#deps;
    const current = (input: UplinkInput): void => {
      if (attempt === this.#attempt) this.#handle(input);
    };
    return openLink(
      { url, serial, password },
      {
        onConnected: () => current({ kind: "connected" }),
        onFrame: (kind, payload) => {
          const input = this.#readFrame(kind, payload);
          if (input !== null) current(input);
        },
        onHeard: () => {
          if (this.#state.kind === "live") doorClock.heard();
        },
        onRefused: () => {
          log.warn("uplink.refused", { url });
          current({ kind: "refused" });
        },
        onLost: (cause) => {
          log.info("uplink.lost", { url, cause });
          current({ kind: "lost" });
        },
      },
    );
  }

  #disconnect(): void {
    this.#attempt += 1;
    for (const timer of this.#timers.values()) timer.cancel();
    this.#timers.clear();
    this.#connection?.close();
    this.#connection = null;
    this.#asks.lost();
  }

  /** Null for what the link itself does nothing about. */
  #readFrame(kind: DownKind, payload: Uint8Array): UplinkInput | null {
    switch (kind) {
      case "welcome":
        return this.#read("welcome", readWelcome(payload));
      case "stored":
        return this.#read("stored", readStored(payload));
      case "roster":
        return this.#read("roster", readRoster(payload));
      case "command":
        return this.#obey(readCommand(payload));
      case "answer":
        // Without a word it asks whether anybody is there.
        return payload.length === 0 ? null : this.#takeAnswer(readAnswer(payload));
      default:
        return assertNever(kind);
    }
  }

  #takeAnswer(read: FrameRead<AnswerFrame>): UplinkInput | null {
    if (!read.ok) return this.#malformed("answer", read.problem);
    if (this.#state.kind === "live") this.#asks.answered(read.frame);
    return null;
  }

  /** Only a greeted session has anything to command. What came of it is told on whichever connection is there then. */
  #obey(read: FrameRead<CommandFrame>): UplinkInput | null {
    if (!read.ok) return this.#malformed("command", read.problem);
    if (this.#state.kind !== "live") return null;
    const { commandId } = read.frame;
    if (!this.#commands.has(commandId)) this.#commands.set(commandId, null);
    this.#deps.onCommand(read.frame).then(
      (result) => {
        this.#commands.set(commandId, result);
        this.#tellResults();
      },
      (cause: unknown) => {
        this.#commands.delete(commandId);
        this.#deps.log.error("uplink.command_failed", { commandId, cause });
      },
    );
    return null;
  }

  /** Each once: one that is lost with its connection is not named in the next hello, and the server then says so. */
  #tellResults(): void {
    if (this.#state.kind !== "live") return;
    for (const [commandId, result] of this.#commands) {
      if (result === null) continue;
      this.#commands.delete(commandId);
      this.#send("result", { session: this.#state.session, commandId, ...result });
    }
  }

  #read<Kind extends "welcome" | "stored" | "roster", Frame>(
    kind: Kind,
    read: FrameRead<Frame>,
  ): { kind: Kind; frame: Frame } | { kind: "malformed" } {
    return read.ok ? { kind, frame: read.frame } : this.#malformed(kind, read.problem);
  }

  #malformed(kind: DownKind, problem: string): { kind: "malformed" } {
    this.#deps.log.error("uplink.frame_malformed", { kind, problem });
    return { kind: "malformed" };
  }

  #hello(): HelloFrame {
    const { replica, outbox, doorClock, software } = this.#deps;
    const commands = [...this.#commands.keys()].slice(-COMMANDS_PER_HELLO_MAX);
    return { protocol: 1, software, ...replica.greeting(), log: outbox.greeting(), clock: { nowMs: doorClock.stampMs() }, commands };
  }

  #takeWelcome(frame: WelcomeFrame): void {
    this.#serverTime = null;
    this.#deps.replica.welcomed(frame);
    this.#tellServerTime(frame.serverMs);
    this.#deps.onWelcome(frame);
    this.#deps.log.info("uplink.welcomed", { session: frame.session, epoch: frame.epoch, doorIds: frame.doors.map((door) => door.doorId) });
    this.#handle({ kind: "resumed", cursor: this.#deps.outbox.welcomed(frame.marks) });
    this.#tellResults();
  }

  #sendEvents(cursor: LogCursor): void {
    const { outbox, log } = this.#deps;
    const batch = outbox.batchFrom(cursor);
    if (batch === null) {
      this.#handle({ kind: "drained" });
      return;
    }
    if (batch.lost !== undefined) log.warn("uplink.events_lost", { lost: batch.lost });
    this.#sendLog(batch);
  }

  #sendLog(batch: Omit<EventsFrame, "session" | "sentAt">): void {
    const { clock, doorClock } = this.#deps;
    if (this.#state.kind !== "live") return;
    this.#askedMonotonicMs = clock.monotonicMs();
    this.#send("events", { session: this.#state.session, ...batch, sentAt: doorClock.stampMs() });
  }

  #tellServerTime(serverMs: number): void {
    this.#deps.onServerTime(serverMs, this.#deps.clock.monotonicMs() - this.#askedMonotonicMs);
  }

  #markStored({ generation, through, refused, expect, serverMs }: StoredFrame): void {
    const { outbox, doorClock, log } = this.#deps;
    if (refused.length > 0) log.warn("uplink.events_refused", { generation, refused: refused.slice(0, 10), count: refused.length });
    if (expect !== undefined) log.warn("uplink.events_expected", { generation, through, expect });
    if (serverMs !== undefined) this.#tellServerTime(serverMs);
    outbox.stored(generation, through, doorClock.stampMs());
  }

  #applyRoster(frame: RosterFrame): void {
    if (this.#state.kind !== "live") return;
    const { session } = this.#state;
    for (const answer of this.#deps.replica.applyFrame(frame)) this.#send("synced", { session, ...answer });
    this.#deps.onRosterChanged();
  }

  #send(kind: UpKind, frame: unknown): void {
    const attempt = this.#attempt;
    this.#connection?.send(kind, JSON.stringify(frame)).catch((cause: unknown) => {
      if (attempt === this.#attempt) this.#fail("uplink.send_failed", cause);
    });
  }

  /** The disk may fail under any of these: the connection is then given up, and the next one begins where the disk is. */
  #guard(work: () => void): void {
    try {
      work();
    } catch (cause) {
      this.#fail("uplink.step_failed", cause);
    }
  }

  #fail(event: string, cause: unknown): void {
    this.#deps.log.error(event, { cause });
    this.#handle({ kind: "failed" });
  }

  async #tokenTime(): Promise<number> {
    const { clock, doorClock } = this.#deps;
    const known = this.#serverTime;
    if (known !== null) return known.ms + clock.monotonicMs() - known.monotonicMs;
    const nowMs = doorClock.nowMs();
    if (nowMs !== null) return nowMs;
    await this.#askServerTime();
    return this.#serverTime?.ms ?? doorClock.stampMs();
  }

  async #askServerTime(): Promise<void> {
    this.#asking?.abort();
    const asking = new AbortController();
    this.#asking = asking;
    const timer = this.#deps.timers.after("server time", HTTP_MS_MAX, () => asking.abort());
    const ms = await this.#deps.askServerTime(asking.signal);
    timer.cancel();
    if (ms !== null && !asking.signal.aborted) this.#serverTime = { ms, monotonicMs: this.#deps.clock.monotonicMs() };
  }

  #setTimer(name: string, delayMs: number, action: () => void): void {
    this.#timers.get(name)?.cancel();
    this.#timers.set(name, this.#deps.timers.after(`uplink ${name}`, delayMs, action));
  }
}
