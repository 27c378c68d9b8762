import type { CommandFrame, LinkEvent } from "@postern/contract";
import type { Log, Timer, Timers } from "@postern/core";
import type { AwaitedFactor, Credential, DoorWiring, Driver, Outcome, Side } from "../drivers/driver.ts";
import { doorError } from "../errors.ts";
import { DOOR_TICK_MS } from "../limits.ts";
import type { OpenAlarm } from "../outbox/open-alarms.ts";
import type { FingerWatcher } from "../replica/fingers.ts";
import { doorEvent } from "./door-events.ts";
import type { DoorFacts } from "./door-facts.ts";
import { DoorRunner, type DoorWatcher } from "./door-runner.ts";
import { type DoorState, type FoundDoor, newDoorState } from "./door-state.ts";
import type { FirstIns } from "./first-in.ts";
import type { Guesses } from "./guesses.ts";
import { ObeyedCommands } from "./obeyed-commands.ts";
import type { CommandResult } from "./open-once.ts";
import { type EventLog, Recorder } from "./recorder.ts";
import { UnreachedDoors } from "./unreached-doors.ts";
import type { AskThroughLink } from "./vendor-wait.ts";

export interface ControllerDeps {
  readonly driver: Driver;
  readonly outbox: EventLog;
  readonly timers: Timers;
  readonly log: Log;
  readonly facts: () => DoorFacts;
  /** Doors whose relay the log last says is on. */
  readonly openRelays: () => readonly number[];
  readonly firstIns: FirstIns;
  readonly guesses: Guesses;
  readonly openAlarms: () => readonly OpenAlarm[];
  /** Tells of the fingers that are held, and of each change. */
  readonly watchFingers: (watcher: FingerWatcher) => void;
  /** Asks the customer's own server for a door. */
  readonly askVendor: AskThroughLink;
  readonly onAppended: () => void;
  /** Told what happens at the doors, for whoever shows it. */
  readonly watcher: DoorWatcher;
}

/** What looks at a door beside its readers, and at which of its sides. */
export interface DoorEye {
  readonly side: Side;
  readonly eye: "camera" | "scanner";
}

/** All doors of one controller. */
export class Controller {
  readonly #deps: ControllerDeps;
  readonly #recorder: Recorder;
  readonly #doors = new Map<number, DoorRunner>();
  readonly #unreached: UnreachedDoors;
  readonly #obeyed = new ObeyedCommands();
  #tick: Timer | null = null;
  #isStopped = false;
  #serving: Promise<void> = Promise.resolve();

  constructor(deps: ControllerDeps) {
    this.#deps = deps;
    this.#unreached = new UnreachedDoors(deps.timers);
    this.#recorder = new Recorder({ outbox: deps.outbox, log: deps.log, stampMs: () => deps.facts().stampMs, onAppended: deps.onAppended });
  }

  async start(doors: readonly DoorWiring[]): Promise<void> {
    const { driver, watchFingers } = this.#deps;
    await driver.start();
    if (driver.holdFingers !== undefined) watchFingers((authId, templates) => driver.holdFingers?.(authId, templates));
    await this.serve(doors);
    this.#scheduleTick();
  }

  /** Takes charge of exactly these doors, one such change after another. */
  serve(doors: readonly DoorWiring[]): Promise<void> {
    this.#serving = this.#serving.then(() => this.#serveNow(doors));
    return this.#serving;
  }

  /** The roster has changed: what holds each door is judged anew. */
  rosterChanged(): void {
    for (const runner of this.#doors.values()) runner.handle({ kind: "tick" });
  }

  /** Carries a command out, once. One for a door or a device that is not known here fails. */
  obey(frame: CommandFrame): Promise<CommandResult> {
    const { commandId, notAfter: notAfterMs } = frame;
    if (frame.command !== "ONCE_OPEN") return this.#atDevice(frame);
    const runner = this.#doors.get(frame.doorId);
    if (runner === undefined) {
      return Promise.resolve({ outcome: "failed", reason: this.#unreached.has(frame.doorId) ? "command_failed" : "door_unknown" });
    }
    const times = { notAfterMs, nowMs: this.#deps.facts().stampMs };
    return this.#obeyed.once(commandId, times, () => runner.openOnce({ commandId, notAfterMs }));
  }

  #atDevice(frame: Exclude<CommandFrame, { readonly command: "ONCE_OPEN" }>): Promise<CommandResult> {
    const { commandId, deviceId, notAfter: notAfterMs } = frame;
    const isItsDoor = ({ wiring }: DoorState): boolean => deviceId === wiring.entryDeviceId || deviceId === wiring.exitDeviceId;
    const runner = [...this.#doors.values()].find(({ state }) => isItsDoor(state));
    if (runner === undefined) return Promise.resolve({ outcome: "failed", reason: "device_unknown" });
    const times = { notAfterMs, nowMs: this.#deps.facts().stampMs };
    return this.#obeyed.once(commandId, times, () => {
      if (frame.command === "END_LEARNING") return runner.cancelLearning({ commandId, deviceId });
      const wanted = frame.command === "LEARN_CARD" ? { kind: "card" as const } : { kind: "finger" as const, scoreMin: frame.scoreMin };
      return runner.learn({ commandId, deviceId, notAfterMs, wanted });
    });
  }

  /** What a device of a door waits for; null: nothing. */
  awaited(doorId: number, side: Side): AwaitedFactor | null {
    const runner = this.#doors.get(doorId);
    const wait = runner?.state.waits.find((one) => one.deviceId === deviceOn(runner.state.wiring, side));
    return wait === undefined ? null : { authId: wait.person?.authId ?? null, wanted: wait.wanted };
  }

  /** What something beside the door's own readers found, as if one of them had. Fails with `door_unknown` and `exit_missing`. */
  present(doorId: number, side: Side, credential: Credential): Promise<Outcome> {
    const runner = this.#doors.get(doorId);
    if (runner === undefined) return Promise.reject(doorError("door_unknown", { context: { doorId } }));
    const deviceId = deviceOn(runner.state.wiring, side);
    return deviceId === null ? Promise.reject(doorError("exit_missing")) : runner.present(deviceId, credential);
  }

  /** A door's camera or scanner gives nothing, or does again: a fact, where the door is served. False: it is not. */
  eyeChanged(doorId: number, { side, eye }: DoorEye, eventType: "DRIVER_FAILED" | "DRIVER_RECOVERED"): boolean {
    const wiring = this.#doors.get(doorId)?.state.wiring;
    if (wiring === undefined) return false;
    const happening = { eventAt: this.#deps.facts().stampMs, doorId, deviceId: deviceOn(wiring, side) ?? wiring.entryDeviceId };
    this.record(doorEvent(happening, eventType, { part: `${side}_${eye}` }));
    return true;
  }

  /** Records a fact about the controller itself. */
  record(event: LinkEvent): void {
    this.#recorder.record([event]);
  }

  doors(): readonly DoorState[] {
    const unreached = this.#unreached
      .wirings()
      .map((wiring): DoorState => ({ ...newDoorState(wiring), faults: [{ part: "connection", tryCount: 0 }] }));
    return [...[...this.#doors.values()].map((runner) => runner.state), ...unreached];
  }

  /** Leaves every door locked. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#tick?.cancel();
    await this.#serving;
    this.#unreached.keepOnly(() => false);
    for (const [doorId, runner] of this.#doors) await this.#release(doorId, runner);
    await this.#deps.driver.stop();
  }

  async #serveNow(doors: readonly DoorWiring[]): Promise<void> {
    for (const [doorId, runner] of this.#doors) {
      if (!doors.some((door) => isSameWiring(door, runner.state.wiring))) await this.#release(doorId, runner);
    }
    this.#unreached.keepOnly((wiring) => doors.some((door) => isSameWiring(door, wiring)));
    if (this.#isStopped) return;
    for (const wiring of doors) {
      if (!this.#doors.has(wiring.doorId) && !this.#unreached.has(wiring.doorId)) this.#reach(wiring);
    }
  }

  /** What the disk says of a door. */
  #find(doorId: number): FoundDoor {
    const { openRelays, firstIns, guesses, openAlarms } = this.#deps;
    return {
      wasRelayOn: openRelays().includes(doorId),
      firstInMs: firstIns.read().get(doorId) ?? null,
      guessers: guesses.read(doorId),
      alarms: openAlarms().filter((one) => one.doorId === doorId),
    };
  }

  /** A door whose hardware cannot be reached stands alone: the others are served, and it is tried again. */
  #reach(wiring: DoorWiring): void {
    const { log, facts } = this.#deps;
    this.#unreached.reach(wiring, {
      connect: () => this.#connect(wiring),
      failed: (cause) => {
        log.error("controller.door_failed", { doorId: wiring.doorId, cause });
        this.record(connectionEvent(wiring, "DRIVER_FAILED", facts().stampMs));
      },
      recovered: () => this.record(connectionEvent(wiring, "DRIVER_RECOVERED", facts().stampMs)),
    });
  }

  #connect(wiring: DoorWiring): void {
    const { driver, timers, log, facts, firstIns, guesses, askVendor, watcher } = this.#deps;
    const { doorId } = wiring;
    const deps = { recorder: this.#recorder, firstIns, guesses, timers, log, facts, askVendor, watcher };
    const runner = new DoorRunner(wiring, driver.connect(wiring), deps);
    runner.start(this.#find(doorId));
    watcher.stands(runner.state);
    this.#doors.set(doorId, runner);
  }

  async #release(doorId: number, runner: DoorRunner): Promise<void> {
    this.#doors.delete(doorId);
    try {
      await runner.stop();
      await this.#deps.driver.disconnect(doorId);
    } catch (cause) {
      this.#deps.log.error("controller.door_failed", { doorId, cause });
      this.record(connectionEvent(runner.state.wiring, "DRIVER_FAILED", this.#deps.facts().stampMs));
    }
  }

  #scheduleTick(): void {
    if (this.#isStopped) return;
    this.#tick = this.#deps.timers.after("door modes", DOOR_TICK_MS, () => {
      this.#recorder.flush();
      this.rosterChanged();
      this.#scheduleTick();
    });
  }
}

function deviceOn({ entryDeviceId, exitDeviceId }: DoorWiring, side: Side): number | null {
  return side === "entry" ? entryDeviceId : exitDeviceId;
}

function isSameWiring(left: DoorWiring, right: DoorWiring): boolean {
  return left.doorId === right.doorId && left.entryDeviceId === right.entryDeviceId && left.exitDeviceId === right.exitDeviceId;
}

function connectionEvent(
  { doorId, entryDeviceId }: DoorWiring,
  eventType: "DRIVER_FAILED" | "DRIVER_RECOVERED",
  eventAt: number,
): LinkEvent {
  return doorEvent({ eventAt, doorId, deviceId: entryDeviceId }, eventType, { part: "connection" });
}
