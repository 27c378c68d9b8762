import type { DownKind, UpKind } from "@postern/contract";
import type { Random } from "@postern/core";
import type { LinkConnection as DoorLink, LinkListener, LinkOptions } from "@postern/door/internal";
import type { LinkConnection, LinkHandler } from "@postern/server/internal";
import type { Life } from "../time/life.ts";
import type { Scheduler } from "../time/scheduler.ts";

/** How bad the network is: chances of a frame in a thousand, and the longest delay. */
export interface Weather {
  readonly lose: number;
  readonly repeat: number;
  readonly cut: number;
  readonly delayMsMax: number;
}

export const FINE_WEATHER: Weather = { lose: 0, repeat: 0, cut: 0, delayMsMax: 20 };

/** Roster frames and commands that come again behind newer ones; a tenth as often, any other frame, which mostly ends its session. */
export interface Echo {
  readonly inThousand: number;
  readonly lateMsMax: number;
}

/** A keepalive that stays out for so long ends a connection, at both ends. */
const SILENCE_MS_MAX = 45_000;
const PING_MS = 15_000;
const REFUSAL_MS = 250;

/** Whoever connects: the process at the door. */
export interface Caller {
  readonly machine: string;
  readonly life: Life;
}

/** Where the callers connect to. */
export interface ServerEnd {
  readonly handler: LinkHandler;
  readonly life: Life;
  readonly instanceId: number;
}

/** Sees every frame as it is sent, before anything happens to it. */
export interface NetworkWatch {
  readonly up: (connection: SimConnection, kind: UpKind, payload: string) => void;
  readonly down: (connection: SimConnection, kind: DownKind, payload: string) => void;
  /** A frame reached its controller. */
  readonly heard: (caller: Caller) => void;
  /** A connection stands at both ends. */
  readonly opened: (connection: SimConnection) => void;
  /** A server has said whether somebody may connect. */
  readonly judged: (connection: SimConnection, verdict: string) => void;
  /** A server ended a connection for a reason of its own. */
  readonly closedByServer: (connection: SimConnection, reason: string) => void;
}

export interface NetworkParts {
  /** A stream of chance for one machine. */
  readonly randomOf: (machine: string) => Random;
  readonly server: (random: Random) => ServerEnd | null;
  readonly watch: NetworkWatch;
}

/** Connections between doors and servers, with the faults of the weather. */
export class Network {
  #weather: Weather = FINE_WEATHER;
  /** Since when frames come at once. */
  fineSinceMs = 0;
  echo: Echo | null = null;
  /** Machines nothing reaches, and that reach nothing. */
  readonly cutOff = new Set<string>();
  /** Those that stand at one end at least. */
  readonly connections = new Set<SimConnection>();
  readonly scheduler: Scheduler;
  readonly watch: NetworkWatch;
  readonly #randomOf: (machine: string) => Random;
  readonly #randoms = new Map<string, Random>();
  readonly #server: NetworkParts["server"];

  /** Chance is drawn for each machine alone, so that what befalls one is not changed by what another does. */
  constructor(scheduler: Scheduler, parts: NetworkParts) {
    this.scheduler = scheduler;
    this.#randomOf = parts.randomOf;
    this.watch = parts.watch;
    this.#server = parts.server;
  }

  get weather(): Weather {
    return this.#weather;
  }

  set weather(weather: Weather) {
    this.#weather = weather;
    this.fineSinceMs = weather === FINE_WEATHER ? this.scheduler.nowMs : Number.POSITIVE_INFINITY;
  }

  /** The weather ends, unless another has come meanwhile. */
  clearUp(weather: Weather): void {
    if (this.weather === weather) this.weather = FINE_WEATHER;
  }

  /** Every connection breaks. */
  cutAll(): void {
    for (const connection of [...this.connections]) connection.cut();
  }

  /** The connections of one machine break. */
  cutOne(machine: string): void {
    for (const connection of [...this.connections]) if (connection.caller.machine === machine) connection.cut();
  }

  mend(): void {
    this.weather = FINE_WEATHER;
    this.echo = null;
    for (const machine of [...this.cutOff]) this.rejoin(machine);
  }

  /** What was sent meanwhile on connections that still stand arrives now, as it does over TCP. */
  rejoin(machine: string): void {
    this.cutOff.delete(machine);
    for (const connection of [...this.connections]) if (connection.caller.machine === machine) connection.deliverHeld();
  }

  random(machine: string): Random {
    const random = this.#randoms.get(machine) ?? this.#randomOf(machine);
    this.#randoms.set(machine, random);
    return random;
  }

  delayMs(machine: string): number {
    return 1 + this.random(machine).int(this.weather.delayMsMax);
  }

  happens(machine: string, inThousand: number): boolean {
    return inThousand > 0 && this.random(machine).int(1_000) < inThousand;
  }

  /** `server` is asked when the call arrives; null: nobody listens. */
  open(caller: Caller, options: LinkOptions, listener: LinkListener): DoorLink {
    const connection = new SimConnection(this, { caller, options, listener });
    caller.life.after(this.delayMs(caller.machine), () => {
      const server = this.#server(this.random(caller.machine));
      if (this.cutOff.has(caller.machine)) return;
      if (server === null) connection.lost("refused");
      else void connection.connect(server);
    });
    return connection.door;
  }
}

type Direction = "up" | "down";

/** One connection, with an end at the door and one at the server. */
export class SimConnection {
  readonly #network: Network;
  readonly caller: Caller;
  readonly #options: LinkOptions;
  readonly #listener: LinkListener;
  readonly #lastArrivesMs: Record<Direction, number> = { up: 0, down: 0 };
  readonly #unanswered = new Set<(isAcknowledged: boolean) => void>();
  readonly #connection: LinkConnection;
  #server: ServerEnd | null = null;
  #openedWith = "";
  #isDoorOpen = true;
  #isServerOpen = false;
  openedMs = 0;
  /** When the call arrived. */
  calledMs = 0;
  #heardMs: Record<Direction, number> = { up: 0, down: 0 };
  /** What would have arrived while the machine was cut off. */
  readonly #held: (() => void)[] = [];
  #receiving: Promise<void> = Promise.resolve();

  constructor(network: Network, parts: { readonly caller: Caller; readonly options: LinkOptions; readonly listener: LinkListener }) {
    this.#network = network;
    this.caller = parts.caller;
    this.#options = parts.options;
    this.#listener = parts.listener;
    this.#connection = this.#serverEnd();
    parts.caller.life.atEnd(() => this.#closeDoor());
  }

  get serial(): string {
    return this.#options.serial;
  }

  /** Both ends stand and nothing keeps them from hearing each other. */
  get isWhole(): boolean {
    return this.#isDoorOpen && this.#isServerOpen && !this.#network.cutOff.has(this.caller.machine);
  }

  /** The server that holds its end; null when none does. */
  get heldBy(): ServerEnd | null {
    return this.#isServerOpen ? this.#server : null;
  }

  /** Every pair of whole connections of one serial, from two machines. */
  static rivals(connections: Iterable<SimConnection>): [SimConnection, SimConnection][] {
    const bySerial = Map.groupBy(
      [...connections].filter((one) => one.isWhole),
      ({ serial }) => serial,
    );
    return [...bySerial.values()].flatMap((whole) =>
      whole.flatMap((one, index) =>
        whole
          .slice(index + 1)
          .filter((other) => other.caller.machine !== one.caller.machine)
          .map((other): [SimConnection, SimConnection] => [one, other]),
      ),
    );
  }

  /** Frames have come at once since this call arrived. */
  get isFine(): boolean {
    return this.#network.fineSinceMs < this.calledMs;
  }

  /** The whole connections of this serial from other machines. */
  rivals(): SimConnection[] {
    return [...this.#network.connections].filter(
      (other) => other.serial === this.serial && other.caller.machine !== this.caller.machine && other.isWhole,
    );
  }

  /** The newest of them that stands at this server. */
  newestRival(): SimConnection | null {
    const rivals = this.rivals().filter((other) => other.#server === this.#server);
    return rivals.reduce<SimConnection | null>((newest, one) => (newest === null || one.openedMs > newest.openedMs ? one : newest), null);
  }

  readonly door: DoorLink = {
    send: (kind, payload) => {
      if (this.caller.life.isOver || !this.#isDoorOpen) return new Promise(() => undefined);
      this.#network.watch.up(this, kind, payload);
      this.#carry("up", () => this.#receive(kind, payload));
      return Promise.resolve();
    },
    close: () => this.#closeDoor(),
  };

  #serverEnd(): LinkConnection {
    const openedWith = (): string => this.#openedWith;
    return {
      serial: this.#options.serial,
      remoteAddress: this.caller.machine,
      get openedWith() {
        return openedWith();
      },
      send: (kind, payload) => this.#sendDown(kind, payload),
      isAlive: (timeoutMs) => this.#isAlive(timeoutMs),
      close: (reason) => {
        if (this.#isServerOpen) this.#network.watch.closedByServer(this, reason);
        this.closeServer(reason);
      },
    };
  }

  async connect(server: ServerEnd): Promise<void> {
    this.#server = server;
    this.calledMs = this.#network.scheduler.nowMs;
    const { serial, password } = this.#options;
    server.life.atEnd(() => this.#serverDied());
    const verdict = await server.handler
      .authenticate(serial, password, this.caller.machine)
      .catch(() => ({ ok: false as const, code: "database_away" as const }));
    if (server.life.isOver) return;
    this.#network.watch.judged(this, verdict.ok ? "let in" : verdict.code);
    // What is transient is answered as "server unavailable", which the door's library takes for a lost connection.
    if (!verdict.ok && (verdict.code === "database_away" || verdict.code === "session_taken")) return this.#tellDoor();
    if (verdict.ok) this.#openedWith = verdict.openedWith;
    if (!verdict.ok) return void this.#network.scheduler.after(REFUSAL_MS, () => this.#refused());
    this.#network.scheduler.after(this.#network.delayMs(this.caller.machine), () => this.#opened(server));
  }

  lost(cause: string): void {
    if (!this.#isDoorOpen || this.caller.life.isOver) return;
    this.#isDoorOpen = false;
    this.#listener.onLost(cause);
  }

  closeServer(reason: string): void {
    if (!this.#isServerOpen) return;
    this.#isServerOpen = false;
    for (const settle of this.#unanswered) settle(false);
    this.#unanswered.clear();
    const server = this.#server;
    if (server !== null && !server.life.isOver) queueMicrotask(() => server.handler.closed(this.#connection, reason));
    this.#tellDoor();
  }

  #refused(): void {
    if (!this.#isDoorOpen || this.caller.life.isOver) return;
    this.#isDoorOpen = false;
    this.#listener.onRefused();
  }

  #opened(server: ServerEnd): void {
    if (server.life.isOver || !this.#isDoorOpen) return;
    const { nowMs } = this.#network.scheduler;
    this.#isServerOpen = true;
    this.openedMs = nowMs;
    this.#network.connections.add(this);
    this.#heardMs = { up: nowMs, down: nowMs };
    this.#network.watch.opened(this);
    server.handler.opened(this.#connection);
    this.#carry("down", () => this.#listener.onConnected());
    this.#ping();
  }

  /** In the order sent, unless the weather loses or repeats a frame. A frame that is lost takes its connection with it in the end. */
  #carry(direction: Direction, arrive: () => void, kind?: DownKind): void {
    const { scheduler, weather } = this.#network;
    const isLost = this.#network.happens(this.caller.machine, weather.lose);
    const times = this.#network.happens(this.caller.machine, weather.repeat) ? 2 : 1;
    if (isLost) scheduler.after(this.#network.random(this.caller.machine).int(10_000), () => this.cut());
    else for (let time = 0; time < times; time += 1) this.#plan(direction, arrive);
    this.#echo(direction, arrive, kind);
    if (this.#network.happens(this.caller.machine, weather.cut))
      scheduler.after(this.#network.random(this.caller.machine).int(50), () => this.cut());
  }

  /** A frame that comes again: whatever was sent meanwhile is there before it. */
  #echo(direction: Direction, arrive: () => void, kind: DownKind | undefined): void {
    const { echo, scheduler } = this.#network;
    const { machine } = this.caller;
    const isMeant = kind === "roster" || kind === "command";
    if (echo === null || !this.#network.happens(machine, echo.inThousand / (isMeant ? 1 : 10))) return;
    scheduler.after(this.#network.random(machine).int(echo.lateMsMax), () => this.#plan(direction, arrive));
  }

  #plan(direction: Direction, arrive: () => void): void {
    const { scheduler, cutOff } = this.#network;
    const atMs = Math.max(this.#lastArrivesMs[direction], scheduler.nowMs + this.#network.delayMs(this.caller.machine));
    this.#lastArrivesMs[direction] = atMs;
    const deliver = (): void => {
      const isGone = direction === "down" ? !this.#isDoorOpen || this.caller.life.isOver : !this.#isServerOpen;
      if (isGone) return;
      if (cutOff.has(this.caller.machine)) return void this.#held.push(deliver);
      this.#heardMs[direction] = scheduler.nowMs;
      if (direction === "down") this.#network.watch.heard(this.caller);
      arrive();
    };
    scheduler.after(atMs - scheduler.nowMs, deliver);
  }

  deliverHeld(): void {
    for (const deliver of this.#held.splice(0)) deliver();
  }

  #receive(kind: UpKind, payload: string): void {
    const server = this.#server;
    if (server === null) return;
    this.#receiving = this.#receiving.then(async () => {
      if (this.#isServerOpen && !server.life.isOver) await server.handler.received(this.#connection, kind, Buffer.from(payload));
    });
    void this.#receiving.catch(() => this.closeServer("handler_failed"));
  }

  #sendDown(kind: DownKind, payload: Uint8Array | string): Promise<boolean> {
    if (!this.#isServerOpen) return Promise.resolve(false);
    const text = typeof payload === "string" ? payload : Buffer.from(payload).toString();
    this.#network.watch.down(this, kind, text);
    return this.#acknowledged(() => {
      this.#listener.onHeard();
      this.#listener.onFrame(kind, Buffer.from(text));
    }, kind);
  }

  #acknowledged(arrive: () => void, kind?: DownKind): Promise<boolean> {
    return new Promise((resolve) => {
      this.#unanswered.add(resolve);
      this.#carry(
        "down",
        () => {
          arrive();
          this.#plan("up", () => {
            this.#unanswered.delete(resolve);
            resolve(true);
          });
        },
        kind,
      );
    });
  }

  #isAlive(timeoutMs: number): Promise<boolean> {
    if (!this.#isServerOpen) return Promise.resolve(false);
    const late = new Promise<boolean>((resolve) => {
      this.#network.scheduler.after(timeoutMs, () => resolve(false));
    });
    return Promise.race([this.#acknowledged(() => undefined), late]);
  }

  #ping(): void {
    const { scheduler } = this.#network;
    scheduler.after(PING_MS, () => {
      if (!this.#isDoorOpen && !this.#isServerOpen) return void this.#network.connections.delete(this);
      const { nowMs } = scheduler;
      if (nowMs - this.#heardMs.down > SILENCE_MS_MAX) this.lost("keepalive");
      if (nowMs - this.#heardMs.up > SILENCE_MS_MAX) this.closeServer("keepalive_expired");
      const isServing = this.#isServerOpen && this.#server?.life.isOver === false;
      if (this.#isDoorOpen && isServing) this.#plan("up", () => this.#plan("down", () => this.#listener.onHeard()));
      this.#ping();
    });
  }

  cut(): void {
    this.closeServer("cut");
    this.lost("cut");
  }

  #closeDoor(): void {
    if (!this.#isDoorOpen) return;
    this.#isDoorOpen = false;
    if (!this.#network.cutOff.has(this.caller.machine))
      this.#network.scheduler.after(this.#network.delayMs(this.caller.machine), () => this.closeServer("closed_by_peer"));
  }

  #tellDoor(): void {
    if (!this.#network.cutOff.has(this.caller.machine))
      this.#network.scheduler.after(this.#network.delayMs(this.caller.machine), () => this.lost("closed"));
  }

  #serverDied(): void {
    this.#isServerOpen = false;
    this.#tellDoor();
  }
}
