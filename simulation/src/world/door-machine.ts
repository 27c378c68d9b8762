import { join } from "node:path";
import type { LinkEvent } from "@postern/contract";
import type { Log, Random } from "@postern/core";
import {
  type ControllerDisk,
  type HeldItem,
  type LogGeneration,
  type LogPosition,
  Outbox,
  openDisk,
  Replica,
  type ReplicaPosition,
  runController,
  type VirtualDriver,
} from "@postern/door/internal";
import type { Range } from "../checkers/ledger-index.ts";
import { DiskFiles } from "../disk/disk-files.ts";
import { type DiskWatch, guardOutbox, guardReplica } from "../disk/guarded-stores.ts";
import { SimDisk } from "../disk/sim-disk.ts";
import type { Network } from "../network/network.ts";
import { Life } from "../time/life.ts";
import type { Scheduler } from "../time/scheduler.ts";
import type { WanderingClock } from "../time/wandering-clock.ts";
import { type ControllerLayout, PLACE_ID } from "./layout.ts";
import { tokenOf } from "./server-machine.ts";
import { WatchedDriver } from "./watched-driver.ts";

/** Sees what happens at the doors of one machine, as somebody who stands there. */
export interface DoorWatch {
  readonly begun: (machine: DoorMachine, generation: number, predecessor: LogPosition | null) => void;
  readonly recorded: (machine: DoorMachine, first: number, events: readonly LinkEvent[]) => void;
  readonly trimmed: (machine: DoorMachine, numbers: Range, generations: readonly LogGeneration[]) => void;
  readonly timeWritten: (machine: DoorMachine, newestMs: number) => void;
  readonly held: (machine: DoorMachine, writes: readonly HeldItem[], position: ReplicaPosition) => void;
  /** The bolt was told to move. */
  readonly pulsed: (machine: DoorMachine, doorId: number) => void;
}

export interface DoorMachineParts {
  readonly name: string;
  readonly layout: ControllerLayout;
  readonly folder: string;
  readonly isDiskInMemory: boolean;
  readonly scheduler: Scheduler;
  readonly network: Network;
  readonly clock: WanderingClock;
  readonly random: Random;
  readonly watch: DoorWatch;
  readonly log: Log;
  /** The server's own time, or null when none answers. */
  readonly serverMs: () => number | null;
}

/** A machine at the doors, with a disk and a clock that outlive its process. */
export class DoorMachine {
  readonly name: string;
  readonly layout: ControllerLayout;
  readonly clock: WanderingClock;
  readonly gate = new SimDisk();
  readonly files: DiskFiles;
  readonly #parts: DoorMachineParts;
  publicKey = JSON.stringify({ key: 1 });
  /** Whether somebody keeps it off. */
  isOff = false;
  life: Life | null = null;
  disk: ControllerDisk | null = null;
  #driver: VirtualDriver | null = null;

  constructor(parts: DoorMachineParts) {
    this.#parts = parts;
    this.name = parts.name;
    this.layout = parts.layout;
    this.clock = parts.clock;
    this.files = new DiskFiles(join(parts.folder, parts.name), parts.isDiskInMemory);
  }

  get isRunning(): boolean {
    return this.life !== null && !this.life.isOver;
  }

  /** Starts the process on what is on the disk; one that runs is left alone. */
  start(): void {
    if (this.isRunning || this.isOff) return;
    const { scheduler, clock, random, network, log } = this.#parts;
    const life = new Life(scheduler);
    this.life = life;
    this.gate.life = life;
    try {
      this.disk = this.#open();
    } catch {
      // Killed, or refused by its disk, while it started. Whoever watches over it tries again.
      life.end();
      return;
    }
    const { controllerId, serial } = this.layout;
    const driver = new WatchedDriver({ clock, timers: life.timers, pulsed: (doorId) => this.#pulsed(life, doorId) });
    this.#driver = driver;
    const options = { dataDir: "", log, clock, timers: life.timers, random, driver };
    const privateKey = { kty: "OKP", crv: "Ed25519", x: "", d: "" } as const;
    const identity = { controllerId, serial, placeId: PLACE_ID, serverUrl: "", mqttUrl: "", privateKey };
    void runController(options, {
      identity,
      disk: this.disk,
      link: {
        openLink: (link, listener) => network.open({ machine: this.name, life }, link, listener),
        signToken: (nowMs) => Promise.resolve(tokenOf(nowMs, this.publicKey)),
        askServerTime: (signal) => this.#askServerTime(life, signal),
        fetchPicture: () => Promise.resolve(null),
      },
    }).catch(() => life.end());
  }

  kill(): void {
    this.life?.end();
  }

  /** Holds a card to a door's reader, and what else is wanted after a while. Nothing happens at a door that nobody serves. */
  present(doorId: number, card: string): void {
    const credential = { kind: "card", factor: "CARD", card: { kind: "CSN", number: card } } as const;
    this.#reach((driver) => driver.present(doorId, "entry", credential));
  }

  presentFinger(doorId: number, authId: number): void {
    this.#reach((driver) => driver.present(doorId, "entry", { kind: "matched", factor: "FINGERPRINT", authId }));
  }

  #reach(act: (driver: VirtualDriver) => Promise<unknown>): void {
    if (!this.isRunning || this.#driver === null) return;
    try {
      act(this.#driver).catch(() => undefined);
    } catch {
      // The door is not served yet.
    }
  }

  #open(): ControllerDisk {
    const { clock, random, log } = this.#parts;
    const watch = this.#diskWatch();
    return openDisk(
      { log, clock, random },
      {
        lock: () => () => undefined,
        openReplica: () => Replica.load(guardReplica(this.files.replica, this.gate, watch), log),
        openOutbox: (start) => Outbox.begin(guardOutbox(this.files.outbox, this.gate, watch), start),
      },
    );
  }

  #diskWatch(): DiskWatch {
    const { watch } = this.#parts;
    return {
      outboxBegun: (generation, predecessor, { number, event }) => {
        watch.begun(this, generation, predecessor);
        watch.recorded(this, number, [event]);
      },
      outboxAppended: (first, events) => watch.recorded(this, first, events),
      outboxTrimmed: (numbers, generations) => watch.trimmed(this, numbers, generations),
      timeWritten: (newestMs) => watch.timeWritten(this, newestMs),
      replicaWritten: (writes, position) => watch.held(this, writes, position),
    };
  }

  #pulsed(life: Life, doorId: number): void {
    if (!life.isOver) this.#parts.watch.pulsed(this, doorId);
  }

  #askServerTime(life: Life, signal: AbortSignal): Promise<number | null> {
    const { network, serverMs } = this.#parts;
    return new Promise((resolve) => {
      signal.addEventListener("abort", () => resolve(null), { once: true });
      life.after(network.delayMs(this.name), () => {
        if (!network.cutOff.has(this.name)) resolve(serverMs());
      });
    });
  }
}
