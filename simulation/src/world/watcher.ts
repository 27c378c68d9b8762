import { createHash } from "node:crypto";
import type { DownKind, LinkEvent, SyncedFrame, UpKind } from "@postern/contract";
import type { ItemKey } from "@postern/core";
import { CLOCK_PLAUSIBLE_FROM_MS, type HeldItem } from "@postern/door/internal";
import type { VendorQuestion } from "@postern/server/internal";
import { chainFaults } from "../checkers/chain-checker.ts";
import { HeldItems } from "../checkers/held-items.ts";
import { LinkChecker, type Marked } from "../checkers/link-checker.ts";
import { LogChecker } from "../checkers/log-checker.ts";
import { PassageChecker } from "../checkers/passage-checker.ts";
import { PlaceHistory } from "../checkers/place-history.ts";
import { type Claim, isFor, RosterChecker } from "../checkers/roster-checker.ts";
import { VendorChecker } from "../checkers/vendor-checker.ts";
import type { Violation } from "../checkers/violation.ts";
import type { DatabaseHost } from "../database/sim-database.ts";
import type { Caller, NetworkWatch, SimConnection } from "../network/network.ts";
import type { Scheduler } from "../time/scheduler.ts";
import type { DoorMachine, DoorWatch } from "./door-machine.ts";

/** What is known of the past of a disk's contents. */
export interface DiskPast {
  /** When the server was last heard by the machine that wrote it. */
  readonly heardMs: number;
  /** Items that were spoiled on it, and not written since. */
  readonly spoiled: ReadonlySet<ItemKey>;
}

/** What is known of one machine by somebody who sees its disk and its wire. */
interface Seen {
  readonly held: HeldItems;
  generation: number;
  lastEvents: Map<number, LinkEvent>;
  /** By door and person, the last success of a credential: what the customer's own server was then asked about. */
  readonly successes: Map<string, LinkEvent>;
  confirmed: Claim | null;
  heardMs: number;
  /** The newest time that stands on its disk. */
  newestMs: number;
}

/** Sees everything that happens, keeps the history's hash, and lets the checkers judge. */
export class Watcher {
  readonly violations: Violation[] = [];
  readonly history = new PlaceHistory();
  readonly passages: PassageChecker;
  readonly #scheduler: Scheduler;
  readonly #host: DatabaseHost;
  readonly #hash = createHash("sha256");
  readonly #logs: LogChecker;
  readonly #rosters: RosterChecker;
  readonly #links: LinkChecker;
  readonly #vendors: VendorChecker;
  readonly #seen = new Map<string, Seen>();
  readonly #machines = new Map<string, DoorMachine>();
  /** Server processes that the others once took for dead: what they hold may be given to somebody else. */
  readonly doubted = new Set<number>();
  /** Lines of the history, when somebody wants to read it. */
  readonly tell: ((line: string) => void) | null;
  countFrames = 0;

  constructor(scheduler: Scheduler, host: DatabaseHost, tell: ((line: string) => void) | null) {
    this.#scheduler = scheduler;
    this.#host = host;
    this.tell = tell;
    const accuse = (checker: string, what: string): void => this.accuse(checker, what);
    this.#logs = new LogChecker(accuse);
    this.#rosters = new RosterChecker(this.history, accuse);
    this.#links = new LinkChecker(this.history, this.doubted, accuse);
    this.#vendors = new VendorChecker(accuse);
    this.passages = new PassageChecker(this.history, accuse);
    this.passages.isKnown = (authId) => this.#vendors.isKnown(authId);
    this.passages.notAfter = (commandId) => host.tables.commands.get(commandId)?.notAfterMs;
  }

  accuse(checker: string, what: string): void {
    this.note(`!! ${checker}: ${what}`);
    this.violations.push({ atMs: this.#scheduler.nowMs, checker, what });
  }

  note(line: string): void {
    const dated = `${this.#scheduler.nowMs} ${line}\n`;
    this.#hash.update(dated);
    this.tell?.(dated);
  }

  /** Of everything noted so far. */
  hash(): string {
    return this.#hash.copy().digest("hex");
  }

  add(machine: DoorMachine): void {
    this.#machines.set(machine.name, machine);
    this.#seen.set(machine.name, {
      held: new HeldItems(),
      generation: 0,
      lastEvents: new Map(),
      successes: new Map(),
      confirmed: null,
      heardMs: Number.NEGATIVE_INFINITY,
      newestMs: Number.NEGATIVE_INFINITY,
    });
  }

  /** The machine has another disk than before. */
  diskExchanged(machine: DoorMachine, { heardMs, spoiled }: DiskPast): void {
    const seen = this.#of(machine.name);
    seen.held.reload(machine.files.replica);
    for (const key of spoiled) seen.held.spoiled.add(key);
    seen.lastEvents.clear();
    seen.confirmed = null;
    seen.newestMs = Number.NEGATIVE_INFINITY;
    seen.heardMs = heardMs;
  }

  /** What a copy of the machine's disk, made now, brings along. */
  pastOf(machine: DoorMachine): DiskPast {
    const { heardMs, held } = this.#of(machine.name);
    return { heardMs, spoiled: new Set(held.spoiled) };
  }

  held(machine: DoorMachine): HeldItems {
    return this.#of(machine.name).held;
  }

  /** Nothing ran for so long. */
  slept(forMs: number): void {
    for (const seen of this.#seen.values()) seen.heardMs -= forMs;
  }

  /** Not what was promised is to be judged then, but that everything comes back. */
  appendsLost(countEvents: number): void {
    this.note(`the ledger has lost its last ${countEvents} events`);
    this.#logs.forgetPromises();
  }

  /** The customer's own server is asked. */
  vendorCalled(question: VendorQuestion): void {
    this.note(`the customer is asked ${JSON.stringify(question)}`);
    this.#vendors.called(question);
  }

  rosterMoved(): void {
    this.history.follow(this.#host.tables, this.#scheduler.nowMs);
  }

  readonly doors: DoorWatch = {
    begun: (machine, generation, predecessor) => {
      this.#of(machine.name).generation = generation;
      this.#logs.begun(generation, predecessor);
    },
    recorded: (machine, first, events) => {
      const seen = this.#of(machine.name);
      this.#logs.recorded(seen.generation, first, events);
      this.#judgeClock(machine, seen, events);
      for (const event of events) {
        this.note(`${machine.name} writes ${first} ${event.eventType} ${event.authId ?? ""} ${JSON.stringify(event.detail ?? {})}`);
        this.#vendors.recorded(machine.name, machine.life, event, this.#scheduler.nowMs);
        if (event.eventType.startsWith("DEV_") && event.eventType.endsWith("_AUTH_SUCCESS")) seen.successes.set(passageKey(event), event);
        // What only follows from a bolt that moved is no reason for it to move.
        if (event.doorId !== undefined && !event.eventType.startsWith("DEV_DOOR_RELAY_")) seen.lastEvents.set(event.doorId, event);
      }
    },
    trimmed: ({ name }, { from, to }, generations) => {
      this.note(`${name} forgets ${from} to ${to}`);
      this.#logs.trimmed(name, { from, to }, { generations, wallMs: this.#wallMs() });
    },
    timeWritten: (machine, newestMs) => {
      this.#of(machine.name).newestMs = newestMs;
    },
    held: (machine: DoorMachine, writes: readonly HeldItem[]) => this.#of(machine.name).held.write(writes),
    pulsed: (machine, doorId) => {
      const { lastEvents, successes, confirmed, heardMs } = this.#of(machine.name);
      const event = lastEvents.get(doorId);
      const shown = event?.eventType.startsWith("VENDOR_") === true ? successes.get(passageKey(event)) : event;
      this.note(`${machine.name} releases door ${doorId}`);
      const doorMs = machine.disk?.doorClock.nowMs() ?? null;
      this.passages.passed({ machine, doorId, event, shown, atMs: this.#scheduler.nowMs, doorMs, confirmed, heardMs });
      // One event moves one bolt once.
      lastEvents.delete(doorId);
    },
  };

  readonly network: NetworkWatch = {
    up: (caller, kind, payload) => this.#up(caller, kind, payload),
    down: (caller, kind, payload) => this.#down(caller, kind, payload),
    heard: ({ machine }: Caller) => {
      this.#of(machine).heardMs = this.#scheduler.nowMs;
    },
    opened: (connection: SimConnection) => this.note(`${connection.caller.machine} is connected`),
    judged: (connection, verdict) => {
      this.note(`${connection.caller.machine} calls: ${verdict}`);
      const row = [...this.#host.tables.controllers.values()].find(({ serial }) => serial === connection.serial);
      if (verdict === "let in" && row !== undefined) this.#links.letIn(connection, row);
    },
    closedByServer: (connection, reason) => this.#closedByServer(connection, reason),
  };

  /** Everything was mended long enough ago. */
  judge(machines: readonly DoorMachine[]): void {
    const { tables } = this.#host;
    this.rosterMoved();
    for (const machine of machines) {
      this.#rosters.judge(machine, this.held(machine));
      const row = tables.controllers.get(machine.layout.controllerId);
      if (row?.confirmedRevision !== tables.revision)
        this.accuse(
          "convergence",
          `the server knows of ${machine.name} that it confirmed ${row?.confirmedRevision ?? 0} of ${tables.revision}`,
        );
    }
    this.#logs.judge(tables, keptLogs(machines));
    for (const fault of chainFaults(tables)) this.accuse("chain", fault);
  }

  /** A start never goes back behind what its disk has seen: an ended right would come back. */
  #judgeClock({ name }: DoorMachine, seen: Seen, events: readonly LinkEvent[]): void {
    for (const { eventType, eventAt } of events) {
      if (eventType === "DEV_DEVICE_START" && eventAt < seen.newestMs && seen.newestMs >= CLOCK_PLAUSIBLE_FROM_MS)
        this.accuse("clock", `${name} starts ${Math.round((seen.newestMs - eventAt) / 1_000)} s before the last it wrote down`);
      seen.newestMs = Math.max(seen.newestMs, eventAt);
    }
  }

  /** The world's time with what has passed while everything was off. */
  #wallMs(): number {
    return this.#scheduler.nowMs + this.#scheduler.sleptMs;
  }

  #of(machine: string): Seen {
    const seen = this.#seen.get(machine);
    if (seen === undefined) throw new TypeError(`no machine ${machine}`);
    return seen;
  }

  #up(connection: SimConnection, kind: UpKind, payload: string): void {
    const { machine: name } = connection.caller;
    this.countFrames += 1;
    this.note(`${name} up ${kind} ${payload}`);
    if (kind === "ask") this.#vendors.asked(name, connection.caller.life, JSON.parse(payload), this.#scheduler.nowMs);
    if (kind !== "synced") return;
    const machine = this.#machines.get(name);
    const epoch = this.#links.epochOf(connection);
    // The server takes the number for one of its own epoch, whatever the door has in mind.
    const { urgentTo }: SyncedFrame = JSON.parse(payload);
    // At 0 of an epoch nothing is claimed yet: the comparison goes on.
    if (machine === undefined || epoch === null || urgentTo === 0) return;
    const seen = this.#of(name);
    seen.confirmed = { epoch, urgentTo };
    this.#rosters.claimed(machine, seen.held, seen.confirmed);
  }

  #down(connection: SimConnection, kind: DownKind, payload: string): void {
    const { machine: name } = connection.caller;
    this.countFrames += 1;
    this.note(`${name} down ${kind} ${payload}`);
    const atMs = this.#scheduler.nowMs;
    const machine = this.#machines.get(name);
    if (kind === "answer" && payload !== "") this.#vendors.answered(name, JSON.parse(payload), atMs);
    if (kind === "welcome") this.#links.welcomed(connection, JSON.parse(payload), atMs);
    if (kind === "stored") {
      this.#logs.answered(JSON.parse(payload), this.#wallMs());
      this.#logs.promised(JSON.parse(payload), this.#host.tables);
      this.#links.stored(connection, atMs);
    }
    if (kind !== "roster" || machine === undefined) return;
    this.#links.roster(connection, JSON.parse(payload), {
      atMs,
      held: this.held(machine),
      databaseSinceMs: this.#host.answersSinceMs,
      isFor: (version) => isFor(machine, version),
    });
  }

  #closedByServer(connection: SimConnection, reason: string): void {
    this.note(`the server ends the connection of ${connection.caller.machine}: ${reason}`);
    this.#links.ended(connection, this.#scheduler.nowMs);
  }

  /** Looks at what stands, now and then. */
  look(connections: ReadonlySet<SimConnection>, marked: readonly Marked[]): void {
    const atMs = this.#scheduler.nowMs;
    this.#links.look(connections, atMs);
    this.#links.marked(marked, connections, { atMs, databaseSinceMs: this.#host.answersSinceMs });
  }
}

function passageKey({ doorId, authId }: LinkEvent): string {
  return `${doorId ?? 0} ${authId ?? "nobody"}`;
}

/** What stands in the logs on these disks. */
function keptLogs(machines: readonly DoorMachine[]): Map<number, Set<number>> {
  const kept = new Map<number, Set<number>>();
  for (const { files } of machines) {
    const { outbox } = files;
    for (const { generation, first, last } of outbox.generations(outbox.ends().next)) {
      const numbers = outbox.read(first, last, Number.MAX_SAFE_INTEGER).map(({ number }) => number);
      kept.set(generation, new Set([...(kept.get(generation) ?? []), ...numbers]));
    }
  }
  return kept;
}
