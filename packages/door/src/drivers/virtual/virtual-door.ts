import type { Clock, Timers } from "@postern/core";
import { doorError } from "../../errors.ts";
import type { Credential, DoorPart, DoorPorts, Faults, Outcome, Sensor, Tamper, TypedPin } from "../driver.ts";
import { VirtualRelay } from "./virtual-relay.ts";

type ReaderListener = (credential: Credential | TypedPin) => Promise<Outcome>;

/** A part of the hardware that is pressed by hand, and who listens to it. */
class Hand<Listener> {
  listener: Listener | null = null;

  listen(listener: Listener): void {
    this.listener = listener;
  }
}

/** A sensor or a contact: says how it stands, and each change. What it could not say while it was dead it says afterwards. */
class VirtualContact implements Sensor, Tamper {
  #isOn = false;
  #listener: (isOn: boolean) => void = () => undefined;

  listen(listener: (isOn: boolean) => void): void {
    this.#listener = listener;
    listener(this.#isOn);
  }

  move(isOn: boolean, isDead: boolean): void {
    this.#isOn = isOn;
    if (!isDead) this.tell();
  }

  tell(): void {
    this.#listener(this.#isOn);
  }
}

/** The hardware of one door, in memory, with a hand on each of its parts. */
export class VirtualDoor implements Faults {
  readonly relay: VirtualRelay;
  readonly #entry = new Hand<ReaderListener>();
  readonly #exit = new Hand<ReaderListener>();
  readonly #entryTamper = new VirtualContact();
  readonly #exitTamper = new VirtualContact();
  readonly #sensor = new VirtualContact();
  readonly #exitButton = new Hand<() => void>();
  readonly #fireSignal = new Hand<(isOn: boolean) => void>();
  readonly #broken = new Set<DoorPart>();
  #tellFault: (part: DoorPart) => void = () => undefined;

  readonly #hasExit: boolean;

  constructor(clock: Clock, timers: Timers, hasExit: boolean) {
    this.#hasExit = hasExit;
    this.relay = new VirtualRelay(clock, timers, () => this.#isDead("relay"));
  }

  ports(): DoorPorts {
    const exitSide = this.#hasExit ? { exitReader: this.#exit, exitTamper: this.#exitTamper } : { exitReader: null, exitTamper: null };
    return {
      relay: this.relay,
      entryReader: this.#entry,
      entryTamper: this.#entryTamper,
      ...exitSide,
      sensor: this.#sensor,
      exitButton: this.#exitButton,
      fireSignal: this.#fireSignal,
      faults: this,
    };
  }

  listen(listener: (part: DoorPart) => void): void {
    this.#tellFault = listener;
  }

  revive(part: DoorPart): Promise<void> {
    if (this.#broken.has(part)) return Promise.reject(deadPart(part));
    if (!this.#isDead("sensor")) for (const contact of [this.#sensor, this.#entryTamper, this.#exitTamper]) contact.tell();
    return Promise.resolve();
  }

  /** Breaks a part, or mends it. What is mended works once the controller tries it again. */
  setFault(part: DoorPart, isOn: boolean): void {
    if (part === "exit_reader") this.#assertSide("exit");
    if (isOn === this.#broken.has(part)) return;
    if (!isOn) return void this.#broken.delete(part);
    this.#broken.add(part);
    if (part === "relay") this.relay.drop();
    this.#tellFault(part);
  }

  hasFault(part: DoorPart): boolean {
    return this.#broken.has(part);
  }

  /** Without power a fail-safe bolt opens and a fail-secure one stays shut. */
  setPower(isOn: boolean, isFailSafe: boolean): void {
    this.relay.setPower(isOn, isFailSafe);
    this.setFault("power", !isOn);
  }

  /** Resolves with what came of it. */
  present(side: "entry" | "exit", credential: Credential | TypedPin): Promise<Outcome> {
    this.#assertAlive(side === "entry" ? "entry_reader" : "exit_reader");
    this.#assertSide(side);
    const { listener } = side === "entry" ? this.#entry : this.#exit;
    if (listener === null) throw deadPart(side === "entry" ? "entry_reader" : "exit_reader");
    return listener(credential);
  }

  pressExitButton(): void {
    this.#assertAlive("exit_button");
    this.#exitButton.listener?.();
  }

  /** A leaf moves whether its sensor works or not. */
  moveLeaf(isOpen: boolean): void {
    this.#sensor.move(isOpen, this.#isDead("sensor"));
  }

  tamper(side: "entry" | "exit", isOn: boolean): void {
    this.#assertSide(side);
    (side === "entry" ? this.#entryTamper : this.#exitTamper).move(isOn, this.#isDead());
  }

  signalFire(isOn: boolean): void {
    this.#assertAlive("fire_signal");
    this.#fireSignal.listener?.(isOn);
  }

  #isDead(part?: DoorPart): boolean {
    return this.#broken.has("connection") || this.#broken.has("power") || (part !== undefined && this.#broken.has(part));
  }

  #assertSide(side: "entry" | "exit"): void {
    if (side === "exit" && !this.#hasExit) throw doorError("exit_missing");
  }

  #assertAlive(part: DoorPart): void {
    if (this.#isDead(part)) throw deadPart(part);
  }
}

function deadPart(part: DoorPart): Error {
  return doorError("part_dead", { context: { part } });
}
