import { createHash } from "node:crypto";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Log, type Random, seededRandom } from "@postern/core";
import { changeRoster } from "@postern/server/internal";
import type { Marked } from "../checkers/link-checker.ts";
import type { ShadowDatabase } from "../database/shadow-database.ts";
import { DatabaseHost, SimDatabase } from "../database/sim-database.ts";
import { Network } from "../network/network.ts";
import type { Scenario } from "../scenario/act.ts";
import { Life } from "../time/life.ts";
import { Scheduler } from "../time/scheduler.ts";
import { WanderingClock } from "../time/wandering-clock.ts";
import { DoorMachine } from "./door-machine.ts";
import { type ControllerLayout, controllersOf, emptyTables, firstItems, PLACE_ID, type Shape } from "./layout.ts";
import { People } from "./people.ts";
import { hint, type RunningServer, startServer } from "./server-machine.ts";
import { Vendor } from "./vendor.ts";
import { type DiskPast, Watcher } from "./watcher.ts";
import { watchfulLog } from "./watchful-log.ts";

/** A folder in memory, where there is one: what a simulated disk keeps when the power goes is the simulation's own affair. */
const MEMORY_FOLDER = "/dev/shm";

/** How often it is looked whether a process that may run does. */
const WATCHDOG_MS = 500;

/** What stands beside a world. */
export interface Beside {
  /** Is told its history, line by line. */
  readonly tell: ((line: string) => void) | null;
  /** Does everything that the database in memory does. */
  readonly shadow: ShadowDatabase | null;
  /** Disks are neither copied nor exchanged, and stand in memory. */
  readonly areDisksInMemory: boolean;
}

/** A server's place: the process in it comes and goes. */
export interface ServerSlot {
  running: RunningServer | null;
  upAtMs: number;
}

/** A machine's place at the doors. */
export interface MachineSlot {
  readonly machine: DoorMachine;
  upAtMs: number;
  /** A copy of its disk, and when the server had last been heard when it was made. */
  kept: { readonly folder: string; readonly past: DiskPast } | null;
  isClone: boolean;
}

/** Servers, doors and the network between them, in simulated time. */
export class World {
  readonly scheduler = new Scheduler();
  readonly host: DatabaseHost;
  readonly network: Network;
  readonly watcher: Watcher;
  readonly people: People;
  /** The customer's own server, where doors ask one. */
  readonly vendor: Vendor | null;
  readonly random: Random;
  readonly controllers: readonly ControllerLayout[];
  readonly servers: ServerSlot[];
  readonly machines: MachineSlot[];
  readonly serverClock: WanderingClock;
  readonly folder = mkdtempSync(join(existsSync(MEMORY_FOLDER) ? MEMORY_FOLDER : tmpdir(), "postern-sim-"));
  /** When notifications reach the servers again. */
  hintsSinceMs = 0;
  /** Processes whose life shows to none of the others. */
  readonly takenForDead = new Set<number>();
  readonly log: Log;
  epochCount = 1;
  readonly #seed: number;
  readonly #areDisksInMemory: boolean;
  #instanceCount = 0;

  constructor({ seed, shape }: Scenario, { tell, shadow, areDisksInMemory }: Beside) {
    this.#seed = seed;
    this.#areDisksInMemory = areDisksInMemory;
    this.random = seededRandom(seed ^ 0x5eed);
    this.controllers = controllersOf(shape);
    this.host = new DatabaseHost(emptyTables(this.controllers), shadow);
    this.watcher = new Watcher(this.scheduler, this.host, tell);
    this.log = watchfulLog((checker, what) => this.watcher.accuse(checker, what));
    this.serverClock = new WanderingClock(this.scheduler, { rate: 1, offsetMs: 0 });
    this.network = new Network(this.scheduler, {
      randomOf: (machine) => seededRandom(seedOf(`${seed} ${machine}`)),
      server: (random) => this.anyServer(random),
      watch: this.watcher.network,
    });
    this.people = new People(this.host, this.controllers, this.random);
    const vendorRandom = seededRandom(seedOf(`${seed} vendor`));
    this.vendor = shape.vendor === undefined ? null : new Vendor(vendorRandom, (question) => this.watcher.vendorCalled(question));
    this.servers = Array.from({ length: shape.serverCount }, () => ({ running: null, upAtMs: 0 }));
    this.machines = this.controllers.map((layout, index) => this.#slot(layout, { name: `door${index}`, seed: seed + index }));
    this.host.onRosterChanged = () => this.#rosterChanged();
    this.host.onAppendsLost = (count) => this.watcher.appendsLost(count);
  }

  /** Writes what stands in the roster from the beginning, and starts everything. */
  async begin(shape: Shape): Promise<void> {
    const { shadow, tables } = this.host;
    await shadow?.begin(PLACE_ID, tables.epoch, this.controllers, (what) => this.watcher.accuse("statements", what));
    const database = new SimDatabase(this.host, new Life(this.scheduler), this.random);
    const items = firstItems(this.controllers, shape);
    const changes = items.map((item) => ({ key: `${item.kind}:${item.id}` as const, item }));
    const written = database.transaction((transaction) => changeRoster(transaction, PLACE_ID, { changes, nowMs: 0 }));
    await this.scheduler.runUntil(1_000);
    await written;
    this.#watchOver();
  }

  /** A server that answers, or null. */
  anyServer(random: Random): RunningServer | null {
    const running = this.servers.flatMap((slot) => (slot.running === null || slot.running.life.isOver ? [] : [slot.running]));
    return running[random.int(Math.max(1, running.length))] ?? null;
  }

  addClone(of: MachineSlot, name: string): MachineSlot {
    const slot = this.#slot(of.machine.layout, { name, seed: this.random.int(1_000_000) });
    slot.isClone = true;
    slot.machine.publicKey = of.machine.publicKey;
    this.machines.push(slot);
    return slot;
  }

  hintAll(about: Parameters<typeof hint>[1]): void {
    if (this.scheduler.nowMs < this.hintsSinceMs) return;
    for (const { running } of this.servers) {
      // A notification can be lost; polling is the truth.
      if (running !== null && this.random.int(10) > 0) this.scheduler.after(this.random.int(20), () => hint(running, about));
    }
  }

  /** Everything works from now on. */
  mend(): void {
    const { host, network, scheduler } = this;
    this.watcher.note("everything is mended");
    network.mend();
    host.mend();
    this.hintsSinceMs = 0;
    this.takenForDead.clear();
    this.serverClock.setRight();
    for (const slot of this.servers) slot.upAtMs = Math.min(slot.upAtMs, scheduler.nowMs);
    for (const slot of this.machines) {
      slot.machine.gate.isFull = false;
      slot.machine.gate.armed = null;
      slot.machine.clock.setRight();
      slot.upAtMs = Math.min(slot.upAtMs, scheduler.nowMs);
      if (slot.isClone) this.switchOff(slot);
      else this.#claim(slot.machine);
    }
  }

  switchOff(slot: MachineSlot): void {
    slot.machine.isOff = true;
    slot.machine.kill();
  }

  /** The machines that belong there. */
  originals(): DoorMachine[] {
    return this.machines.filter((slot) => !slot.isClone).map((slot) => slot.machine);
  }

  restartServers(upAtMs = 0): void {
    for (const slot of this.servers) {
      slot.running?.life.end();
      slot.upAtMs = Math.max(slot.upAtMs, upAtMs);
    }
  }

  /** Everything is off, and comes back after `downMs` to clocks that are `passedMs` further. */
  close(passedMs: number, downMs: number): void {
    const upAtMs = this.scheduler.nowMs + downMs;
    this.restartServers(upAtMs);
    for (const slot of this.machines) {
      slot.machine.kill();
      slot.upAtMs = Math.max(slot.upAtMs, upAtMs);
    }
    this.scheduler.sleptMs += passedMs;
    this.watcher.slept(passedMs);
  }

  /** The database as it was: every server goes down with what it was. */
  restoreDatabase(upAtMs: number): void {
    const revision = this.host.restore(`epoch-${this.epochCount + 1}`);
    if (revision === null) return;
    this.restartServers(upAtMs);
    this.epochCount += 1;
    this.watcher.note(`the database is restored to ${revision} as epoch-${this.epochCount}`);
    this.watcher.rosterMoved();
  }

  end(): void {
    for (const { running } of this.servers) running?.life.end();
    for (const { machine } of this.machines) {
      machine.kill();
      machine.files.close();
    }
    rmSync(this.folder, { recursive: true, force: true });
  }

  #slot(layout: ControllerLayout, { name, seed }: { readonly name: string; readonly seed: number }): MachineSlot {
    const random = seededRandom(seed ^ 0xd00f);
    // A quartz of two parts in ten thousand, set by hand.
    const clock = new WanderingClock(this.scheduler, {
      rate: 1 + (random.int(401) - 200) / 1_000_000,
      offsetMs: random.int(4_000) - 2_000,
    });
    const { scheduler, network, folder, watcher, log } = this;
    const machine = new DoorMachine({
      name,
      layout,
      folder,
      isDiskInMemory: this.#areDisksInMemory,
      scheduler,
      network,
      clock,
      random,
      watch: watcher.doors,
      log,
      serverMs: () => (this.anyServer(random) === null ? null : this.serverClock.nowMs()),
    });
    watcher.add(machine);
    return { machine, upAtMs: 0, kept: null, isClone: false };
  }

  /** A database from before a claim knows the former key: somebody claims the controller again. */
  #claim(machine: DoorMachine): void {
    this.host.setKey(machine.layout.controllerId, machine.publicKey);
  }

  #watchOver(): void {
    const { nowMs } = this.scheduler;
    for (const slot of this.servers) {
      if ((slot.running === null || slot.running.life.isOver) && slot.upAtMs <= nowMs) slot.running = this.#startServer();
    }
    for (const slot of this.machines) if (slot.upAtMs <= nowMs) slot.machine.start();
    this.watcher.look(this.network.connections, this.#marked());
    this.scheduler.after(WATCHDOG_MS, () => this.#watchOver());
  }

  #marked(): Marked[] {
    return [...this.host.tables.controllers.values()].flatMap(({ serial, connectedInstance }) => {
      const server = this.servers.find(({ running }) => running?.instanceId === connectedInstance)?.running;
      return server == null || server.life.isOver ? [] : [{ serial, server }];
    });
  }

  #startServer(): RunningServer {
    const { scheduler, host, serverClock: clock, log } = this;
    this.watcher.note("a server starts");
    return startServer({
      scheduler,
      host,
      clock,
      log,
      vendor: this.vendor,
      random: seededRandom(seedOf(`${this.#seed} server ${this.#instanceCount}`)),
      drawInstance: () => {
        this.#instanceCount += 1;
        return this.#instanceCount;
      },
      isInstanceAlive: (instanceId) =>
        !this.takenForDead.has(instanceId) &&
        this.servers.some(({ running }) => running?.instanceId === instanceId && !running.life.isOver),
    });
  }

  #rosterChanged(): void {
    this.watcher.rosterMoved();
    this.watcher.note(`the roster is at ${this.host.tables.revision}`);
    this.hintAll("roster");
  }
}

/** A seed for each name, far from that of any other. */
function seedOf(name: string): number {
  return createHash("sha256").update(name).digest().readUInt32BE();
}
