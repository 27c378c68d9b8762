import { join } from "node:path";
import type { TestContext } from "node:test";
import type { LinkEvent, WireItem } from "@postern/contract";
import { type Log, parseCard, silentLog } from "@postern/core";
import { Controller } from "../../src/controller/controller.ts";
import { DoorClock } from "../../src/controller/door-clock.ts";
import type { Credential, DoorWiring, Outcome } from "../../src/drivers/driver.ts";
import { VirtualDriver } from "../../src/drivers/virtual/virtual-driver.ts";
import type { Outbox } from "../../src/outbox/outbox.ts";
import { Replica } from "../../src/replica/replica.ts";
import { basicRoster, rosterFrame, SERVED } from "./builders.ts";
import { ManualTime } from "./manual-time.ts";
import { openOutbox } from "./outbox.ts";
import { StandInVendor } from "./stand-in-vendor.ts";
import { temporaryFolder } from "./temporary-folder.ts";

/** A controller without a link: real disk, virtual doors, and time that a test owns. */
export class DoorWorld {
  readonly time: ManualTime;
  readonly outbox: Outbox;
  readonly replica: Replica;
  readonly clock: DoorClock;
  readonly driver: VirtualDriver;
  readonly controller: Controller;
  readonly path: string;
  readonly log: Log;
  /** While set, every append fails as a disk that cannot be written. */
  isDiskBroken = false;
  /** Whether there is a link, over which `vendor` is asked. */
  isServerReachable = false;
  readonly vendor = new StandInVendor();
  #wiring: readonly DoorWiring[];

  constructor(context: TestContext, options: { folder?: string; time?: ManualTime; doors?: readonly DoorWiring[] } = {}) {
    const folder = options.folder ?? temporaryFolder(context);
    this.path = join(folder, "outbox.db");
    this.time = options.time ?? new ManualTime();
    this.log = silentLog;
    this.outbox = openOutbox(this.path, { startMs: this.time.nowMs() });
    this.replica = Replica.open(join(folder, "replica.db"), silentLog);
    this.#wiring = options.doors ?? SERVED;
    this.replica.welcomed({ doors: [...this.#wiring], epoch: "one" });
    this.clock = new DoorClock(this.time, { newestMs: null, heardMs: null });
    this.driver = new VirtualDriver(this.time, this.time);
    this.controller = new Controller({
      driver: this.driver,
      timers: this.time,
      log: silentLog,
      outbox: { append: (events) => this.#append(events) },
      openRelays: () => this.outbox.openRelays(),
      openAlarms: () => this.outbox.openAlarms(),
      guesses: {
        read: (doorId) => this.outbox.guessers(doorId),
        write: (doorId, guessers) => {
          if (this.isDiskBroken) throw new TypeError("the disk does not answer");
          this.outbox.writeGuessers(doorId, guessers);
        },
      },
      firstIns: {
        read: () => this.outbox.firstIns(),
        write: (doorId, firstInMs) => {
          if (this.isDiskBroken) throw new TypeError("the disk does not answer");
          this.outbox.writeFirstIn(doorId, firstInMs);
        },
      },
      watchFingers: (watcher) => this.replica.contents.watchFingers(watcher),
      onAppended: () => undefined,
      watcher: { stands: () => undefined, presented: () => undefined },
      askVendor: (ask, signal) => this.vendor.ask(ask, signal),
      facts: () => ({
        nowMs: this.clock.nowMs(),
        stampMs: this.clock.stampMs(),
        monotonicMs: this.time.monotonicMs(),
        beliefAgeMs: this.clock.beliefAgeMs(),
        isServerReachable: this.isServerReachable,
        vendorConfirmedMs: (authId) => this.outbox.vendorConfirmedMs(authId),
        qrUsedStep: (qrId) => this.outbox.qrUsedStep(qrId),
        roster: this.replica.contents,
      }),
    });
    context.after(() => this.close());
  }

  static async start(
    context: TestContext,
    items: WireItem[] = [],
    options: { folder?: string; time?: ManualTime; doors?: readonly DoorWiring[] } = {},
  ): Promise<DoorWorld> {
    const world = new DoorWorld(context, options);
    world.replica.applyFrame(rosterFrame([...basicRoster(), ...items], { completeTo: 1 }));
    await world.controller.start(world.#wiring);
    return world;
  }

  /** What the log holds after the first record. */
  events(): LinkEvent[] {
    const all = this.outbox.batchFrom({ generation: this.outbox.generation, from: 0 })?.events ?? [];
    return (all as LinkEvent[]).slice(1);
  }

  types(): string[] {
    return this.events().map((event) => event.eventType);
  }

  change(...items: WireItem[]): void {
    this.replica.applyFrame(rosterFrame(items));
    this.controller.rosterChanged();
  }

  present(cardNumber = "12345", doorId = 234): Promise<Outcome> {
    return this.driver.present(doorId, "entry", aCard(cardNumber));
  }

  isOpen(doorId = 234): boolean {
    return this.driver.isRelayOn(doorId);
  }

  /** As a kill: nothing is tidied up. */
  close(): void {
    this.replica.close();
    this.outbox.close();
  }

  #append(events: readonly LinkEvent[]): void {
    if (this.isDiskBroken) throw new TypeError("the disk does not answer");
    this.outbox.append(events);
  }
}

export function aCard(cardNumber = "12345"): Credential {
  const parsed = parseCard({ cardNumber, formatType: "CSN" });
  if (parsed.kind !== "card") throw new TypeError(parsed.message);
  return { kind: "card", factor: "CARD", card: parsed.card };
}
