import { assertNever, type Log, type Timer, type Timers } from "@postern/core";
import type { CheckedCredential, Credential, DoorPorts, DoorWiring, Outcome, TypedPin } from "../drivers/driver.ts";
import type { Guesser } from "../guesser.ts";
import { PIN_CHECKS_AT_ONCE_MAX } from "../limits.ts";
import { checkTyped } from "./check-typed.ts";
import type { DoorFacts } from "./door-facts.ts";
import { type DoorState, type FoundDoor, newDoorState } from "./door-state.ts";
import { hasFault } from "./faults.ts";
import type { FirstIns } from "./first-in.ts";
import type { Guesses } from "./guesses.ts";
import type { Learning, LearningEnd } from "./learning.ts";
import type { CommandResult, OnceOpen } from "./open-once.ts";
import { PartRetries } from "./part-retries.ts";
import type { Recorder } from "./recorder.ts";
import { type DoorEffect, type DoorInput, stepDoor } from "./step-door.ts";
import { VendorCalls, type VendorCallsDeps } from "./vendor-calls.ts";
import type { AskThroughLink } from "./vendor-wait.ts";

export interface DoorRunnerDeps {
  readonly recorder: Recorder;
  readonly firstIns: FirstIns;
  readonly guesses: Guesses;
  readonly timers: Timers;
  readonly log: Log;
  readonly askVendor: AskThroughLink;
  /** The world as it is now. */
  readonly facts: () => DoorFacts;
  readonly watcher: DoorWatcher;
}

/** Told what happens at a door, for whoever shows it. */
export interface DoorWatcher {
  stands(state: Pick<DoorState, "wiring" | "mode">): void;
  presented(deviceId: number, outcome: Outcome): void;
}

/** Runs one door: tells `stepDoor` what happens, and does what it says on the hardware and the log. */
export class DoorRunner {
  readonly #deps: DoorRunnerDeps;
  readonly #ports: DoorPorts;
  readonly #waits = new Map<number, Timer>();
  readonly #retries: PartRetries;
  readonly #vendorCalls: VendorCalls;
  #look: Timer | null = null;
  readonly #answers = new Map<number, (outcome: Outcome) => void>();
  readonly #results = new Map<number, (result: CommandResult) => void>();
  #state: DoorState;
  #nextPresentationId = 1;
  #checkCount = 0;
  /** What was last asked of the relay. */
  #relayWork: Promise<boolean> = Promise.resolve(true);

  constructor(wiring: DoorWiring, ports: DoorPorts, deps: DoorRunnerDeps) {
    this.#deps = deps;
    this.#ports = ports;
    this.#state = newDoorState(wiring);
    this.#retries = new PartRetries({
      timers: deps.timers,
      faults: ports.faults,
      retry: (part) => this.handle({ kind: "retry", part }),
      works: (part) => this.handle({ kind: "part_works", part }),
      failed: (part) => this.handle({ kind: "part_failed", part }),
    });
    const { askVendor, timers, log } = deps;
    const answered: VendorCallsDeps["answered"] = (waitId, answer) => this.handle({ kind: "vendor_answered", waitId, answer });
    this.#vendorCalls = new VendorCalls({ askVendor, timers, log, answered });
  }

  get state(): DoorState {
    return this.#state;
  }

  /** Forces the safe state, then listens to the hardware. */
  start(found: FoundDoor): void {
    const { relay, entryReader, exitReader, entryTamper, exitTamper, sensor, exitButton, fireSignal } = this.#ports;
    const { entryDeviceId, exitDeviceId } = this.#state.wiring;
    relay.listen((isOn) => this.handle({ kind: "relay", isOn }));
    this.#ports.faults?.listen((part) => this.handle({ kind: "part_failed", part }));
    this.handle({ kind: "started", found });
    entryReader.listen((credential) => this.present(entryDeviceId, credential));
    exitReader?.listen((credential) => this.present(exitDeviceId ?? entryDeviceId, credential));
    entryTamper?.listen((isOn) => this.handle({ kind: "tamper", deviceId: entryDeviceId, isOn }));
    exitTamper?.listen((isOn) => this.handle({ kind: "tamper", deviceId: exitDeviceId ?? entryDeviceId, isOn }));
    sensor?.listen((isOpen) => this.handle({ kind: "sensor", isOpen }));
    exitButton?.listen(() => this.handle({ kind: "exit_button" }));
    fireSignal?.listen((isOn) => this.handle({ kind: "fire", isOn }));
  }

  /** Resolves once the outcome stands and the relay has done its part. */
  async present(deviceId: number, credential: Credential | TypedPin): Promise<Outcome> {
    return this.#present(deviceId, isTyped(credential) ? await this.#check(deviceId, credential) : credential);
  }

  async #check(deviceId: number, typed: TypedPin): Promise<CheckedCredential> {
    if (this.#checkCount >= PIN_CHECKS_AT_ONCE_MAX)
      return { kind: "withheld", factor: typed.kind === "pin" ? "PIN" : "UNIQUE_PIN", because: "busy" };
    this.#checkCount += 1;
    try {
      return await checkTyped(typed, deviceId, this.#state, this.#deps.facts());
    } finally {
      this.#checkCount -= 1;
    }
  }

  #present(deviceId: number, credential: CheckedCredential): Promise<Outcome> {
    const presentationId = this.#nextPresentationId;
    this.#nextPresentationId += 1;
    const { promise, resolve } = Promise.withResolvers<Outcome>();
    this.#answers.set(presentationId, resolve);
    this.handle({ kind: "presented", presentation: { presentationId, deviceId, credential } });
    void promise.then((outcome) => this.#deps.watcher.presented(deviceId, outcome));
    return promise;
  }

  /** Resolves once the relay has done its part. */
  openOnce(command: OnceOpen): Promise<CommandResult> {
    return this.#resultOf(command.commandId, { kind: "command", command });
  }

  /** Resolves with the next card, or finger, at a device of the door, or once none has come in time. */
  learn(learning: Learning): Promise<CommandResult> {
    return this.#resultOf(learning.commandId, { kind: "learn", learning });
  }

  /** Whatever a device of the door is to learn, it is judged again. */
  cancelLearning(end: LearningEnd): Promise<CommandResult> {
    return this.#resultOf(end.commandId, { kind: "cancel_learning", end });
  }

  #resultOf(commandId: number, input: DoorInput): Promise<CommandResult> {
    const { promise, resolve } = Promise.withResolvers<CommandResult>();
    this.#results.set(commandId, resolve);
    this.handle(input);
    return promise;
  }

  handle(input: DoorInput): void {
    const { state, effects } = stepDoor(this.#state, input, this.#deps.facts());
    if (state.mode !== this.#state.mode) this.#deps.watcher.stands(state);
    this.#state = state;
    for (const effect of effects) {
      if (this.#carryOut(effect) === "stop") break;
    }
  }

  /** Locks, and waits until the hardware has. */
  async stop(): Promise<void> {
    for (const timer of this.#waits.values()) timer.cancel();
    this.#waits.clear();
    this.#vendorCalls.stop();
    this.handle({ kind: "stopping" });
    await this.#relayWork;
    this.#look?.cancel();
    this.#retries.stop();
  }

  #carryOut(effect: DoorEffect): "go_on" | "stop" {
    const { relay } = this.#ports;
    switch (effect.kind) {
      case "record":
        this.#deps.recorder.record(effect.events);
        return "go_on";
      case "record_first":
        if (effect.events.length === 0 || this.#deps.recorder.recordFirst(effect.events)) return "go_on";
        this.handle({ kind: "not_recorded", about: effect.about });
        return "stop";
      case "pulse":
        this.#tellRelay(relay.pulse(effect.unlockMs));
        return "go_on";
      case "hold":
        this.#tellRelay(relay.hold(effect.isOn));
        return "go_on";
      case "lock":
        this.#tellRelay(relay.lock());
        return "go_on";
      case "result":
        void this.#tellResult(effect.commandId, effect.result);
        return "go_on";
      case "wait":
        this.#startWait(effect.waitId, effect.waitMs);
        return "go_on";
      case "ask_vendor":
        this.#vendorCalls.begin(effect.waitId, effect.ask, effect.budgetMs);
        return "go_on";
      case "let_in":
        this.handle({ kind: "let_in", deviceId: effect.deviceId });
        return "go_on";
      case "keep_first_in":
        this.#keepFirstIn(effect.firstInMs);
        return "go_on";
      case "keep_guessers":
        this.#keepGuessers(effect.guessers);
        return "go_on";
      case "retry_later":
        this.#retries.later(effect.part, effect.afterMs);
        return "go_on";
      case "revive":
        void this.#retries.revive(effect.part);
        return "go_on";
      case "look_again":
        this.#look?.cancel();
        this.#look = this.#deps.timers.after("leaf", effect.afterMs, () => this.handle({ kind: "tick" }));
        return "go_on";
      case "report_fault":
        this.#deps.log.error("controller.decision_failed", { doorId: this.#state.wiring.doorId, cause: effect.cause });
        return "go_on";
      case "answer":
        void this.#answer(effect.presentationId, effect.outcome);
        return "go_on";
      default:
        return assertNever(effect);
    }
  }

  #keepFirstIn(firstInMs: number | null): void {
    const { doorId } = this.#state.wiring;
    try {
      this.#deps.firstIns.write(doorId, firstInMs);
    } catch (cause) {
      // It holds until the next start, which then waits for somebody anew: the safe side.
      this.#deps.log.error("controller.first_in_unwritten", { doorId, cause });
    }
  }

  #keepGuessers(guessers: readonly Guesser[]): void {
    const { doorId } = this.#state.wiring;
    try {
      this.#deps.guesses.write(doorId, guessers);
    } catch (cause) {
      // They hold until the next start.
      this.#deps.log.error("controller.guesses_unwritten", { doorId, cause });
    }
  }

  #tellRelay(work: Promise<void>): void {
    const done = work.then(
      () => {
        if (hasFault(this.#state, "relay")) this.handle({ kind: "part_works", part: "relay" });
        return true;
      },
      (cause: unknown) => {
        this.#deps.log.error("controller.relay_failed", { doorId: this.#state.wiring.doorId, cause });
        this.handle({ kind: "part_failed", part: "relay" });
        return false;
      },
    );
    this.#relayWork = Promise.all([this.#relayWork, done]).then(([, isDone]) => isDone);
  }

  #startWait(waitId: number, waitMs: number): void {
    const timer = this.#deps.timers.after("next factor", waitMs, () => {
      this.#waits.delete(waitId);
      this.handle({ kind: "factor_timeout", waitId });
    });
    this.#waits.set(waitId, timer);
  }

  async #tellResult(commandId: number, result: CommandResult): Promise<void> {
    const isDone = await this.#relayWork;
    // What a reader learnt does not hang on the relay.
    const isFailed = result.outcome === "done" && result.movesBolt === true && !isDone;
    const { movesBolt: _, ...told } = result;
    this.#results.get(commandId)?.(isFailed ? { outcome: "failed", reason: "command_failed" } : told);
    this.#results.delete(commandId);
  }

  async #answer(presentationId: number, outcome: Outcome): Promise<void> {
    const isDone = await this.#relayWork;
    const told: Outcome =
      outcome.outcome === "opened" && !isDone ? { outcome: "refused", reason: "error", person: outcome.person } : outcome;
    if (told !== outcome) this.handle({ kind: "told", decided: outcome, told });
    this.#answers.get(presentationId)?.(told);
    this.#answers.delete(presentationId);
  }
}

function isTyped(credential: Credential | TypedPin): credential is TypedPin {
  return credential.kind === "pin" || credential.kind === "unique_pin";
}
