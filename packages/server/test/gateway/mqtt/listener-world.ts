import type { UpKind } from "@postern/contract";
import { type LogFields, silentLog, systemClock, systemTimers } from "@postern/core";
import type { LinkConnection, LinkHandler } from "../../../src/gateway/mqtt/link-handler.ts";
import { type MqttListener, type MqttListenerOptions, startMqttListener } from "../../../src/gateway/mqtt/mqtt-listener.ts";
import { eventually } from "../../support/eventually.ts";
import { ManualTime } from "./manual-time.ts";

export interface Received {
  readonly serial: string;
  readonly kind: UpKind;
  readonly text: string;
}

type Verdict = Awaited<ReturnType<LinkHandler["authenticate"]>>;

/** Lets everybody in unless told otherwise, and remembers what happened. */
export class RecordingHandler implements LinkHandler {
  readonly asked: { serial: string; password: string; remoteAddress: string }[] = [];
  readonly connections = new Map<string, LinkConnection>();
  readonly messages: Received[] = [];
  readonly ends: { serial: string; reason: string }[] = [];
  verdict: (serial: string) => Promise<Verdict> = async () => ({ ok: true, openedWith: "key" });
  onReceived: (connection: LinkConnection, text: string) => Promise<void> = async () => undefined;
  onOpened: (connection: LinkConnection) => void = () => undefined;

  authenticate(serial: string, password: string, remoteAddress: string): Promise<Verdict> {
    this.asked.push({ serial, password, remoteAddress });
    return this.verdict(serial);
  }

  opened(connection: LinkConnection): void {
    this.connections.set(connection.serial, connection);
    this.onOpened(connection);
  }

  async received(connection: LinkConnection, kind: UpKind, payload: Uint8Array): Promise<void> {
    const text = Buffer.from(payload).toString();
    this.messages.push({ serial: connection.serial, kind, text });
    await this.onReceived(connection, text);
  }

  closed(connection: LinkConnection, reason: string): void {
    this.ends.push({ serial: connection.serial, reason });
  }

  connection(serial: string): Promise<LinkConnection> {
    return eventually(`the connection of ${serial}`, () => this.connections.get(serial));
  }

  closedReason(serial: string): Promise<string> {
    return eventually(`the end of ${serial}`, () => this.ends.find((one) => one.serial === serial)?.reason);
  }
}

export interface ListenerWorld extends AsyncDisposable {
  readonly handler: RecordingHandler;
  readonly listener: MqttListener;
  readonly port: number;
  readonly log: { readonly event: string; readonly fields: LogFields }[];
  /** Reasons in the order in which connections ended, also of those that never opened. */
  endReasons(): unknown[];
}

/** A listener on a free port; disposed with the test. */
export async function listenerWorld(options: Partial<MqttListenerOptions> = {}): Promise<ListenerWorld> {
  const handler = new RecordingHandler();
  const log: { event: string; fields: LogFields }[] = [];
  const note = (event: string, fields: LogFields = {}): void => void log.push({ event, fields });
  const listener = await startMqttListener({
    host: "127.0.0.1",
    port: 0,
    handler,
    log: { ...silentLog, debug: note, info: note, warn: note, error: note },
    clock: systemClock,
    timers: systemTimers,
    ...options,
  });
  return {
    handler,
    listener,
    port: listener.port,
    log,
    endReasons: () => log.filter(({ event }) => event === "link.closed").map(({ fields }) => fields["reason"]),
    [Symbol.asyncDispose]: () => listener.stop(),
  };
}

export interface TimedWorld extends ListenerWorld {
  readonly time: ManualTime;
}

/** The same, in a time that passes only when the test says so. */
export async function timedWorld(options: Partial<MqttListenerOptions> = {}): Promise<TimedWorld> {
  const time = new ManualTime();
  const world = await listenerWorld({ clock: time.clock, timers: time.timers, ...options });
  return { ...world, time };
}

/** Holds a handler up until it is opened, at the latest when the test ends: a listener does not stop before its handler. */
export class Gate implements Disposable {
  readonly #resolvers = Promise.withResolvers<void>();

  get passed(): Promise<void> {
    return this.#resolvers.promise;
  }

  open(): void {
    this.#resolvers.resolve();
  }

  [Symbol.dispose](): void {
    this.open();
  }
}
