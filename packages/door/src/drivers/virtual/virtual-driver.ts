import type { Clock, Timers } from "@postern/core";
import { doorError } from "../../errors.ts";
import type { Credential, DoorPorts, DoorWiring, Driver, Outcome, Sensor, Tamper, TypedPin } from "../driver.ts";
import { VirtualRelay } from "./virtual-relay.ts";

type ReaderListener = (credential: Credential | TypedPin) => Promise<Outcome>;

/** The hardware of one door, in memory, with a hand on each of its parts. */
interface VirtualDoor {
  readonly relay: VirtualRelay;
  readonly entry: Hand<ReaderListener>;
  readonly exit: Hand<ReaderListener>;
  readonly entryTamper: VirtualContact;
  readonly exitTamper: VirtualContact;
  readonly sensor: VirtualContact;
  readonly exitButton: Hand<() => void>;
  readonly fireSignal: Hand<(isOn: boolean) => void>;
}

/** A part of the hardware, and who listens to it. */
class Hand<Listener> {
  listener: Listener | null = null;

  listen(listener: Listener): void {
    this.listener = listener;
  }
}

/** A sensor or a contact: says how it stands, and each change. */
class VirtualContact implements Sensor, Tamper {
  #isOn = false;
  #listener: (isOn: boolean) => void = () => undefined;

  listen(listener: (isOn: boolean) => void): void {
    this.#listener = listener;
    listener(this.#isOn);
  }

  move(isOn: boolean): void {
    this.#isOn = isOn;
    this.#listener(isOn);
  }
}

/** Doors without hardware: for the demo, for tests, and for trying an integration. */
export class VirtualDriver implements Driver {
  readonly #clock: Clock;
  readonly #timers: Timers;
  readonly #doors = new Map<number, VirtualDoor>();

  constructor(clock: Clock, timers: Timers) {
    this.#clock = clock;
    this.#timers = timers;
  }

  async start(): Promise<void> {}

  connect({ doorId, exitDeviceId }: DoorWiring): DoorPorts {
    const relay = new VirtualRelay(this.#clock, this.#timers);
    const door: VirtualDoor = {
      relay,
      entry: new Hand(),
      exit: new Hand(),
      entryTamper: new VirtualContact(),
      exitTamper: new VirtualContact(),
      sensor: new VirtualContact(),
      exitButton: new Hand(),
      fireSignal: new Hand(),
    };
    this.#doors.set(doorId, door);
    const { entry: entryReader, exit, entryTamper, exitTamper, sensor, exitButton, fireSignal } = door;
    const exitSide = exitDeviceId === null ? { exitReader: null, exitTamper: null } : { exitReader: exit, exitTamper };
    return { relay, entryReader, entryTamper, ...exitSide, sensor, exitButton, fireSignal };
  }

  async disconnect(doorId: number): Promise<void> {
    await this.#doors.get(doorId)?.relay.lock();
    this.#doors.delete(doorId);
  }

  async stop(): Promise<void> {
    for (const doorId of [...this.#doors.keys()]) await this.disconnect(doorId);
  }

  /** Holds a credential to a reader of the door. Resolves with what came of it. */
  present(doorId: number, side: "entry" | "exit", credential: Credential | TypedPin): Promise<Outcome> {
    const listener = this.#door(doorId)[side].listener;
    if (listener === null) throw doorError("request_malformed", { context: { doorId, side } });
    return listener(credential);
  }

  pressExitButton(doorId: number): void {
    this.#door(doorId).exitButton.listener?.();
  }

  moveDoor(doorId: number, isOpen: boolean): void {
    this.#door(doorId).sensor.move(isOpen);
  }

  /** Opens or closes the case of the device on one side. */
  tamper(doorId: number, side: "entry" | "exit", isOn: boolean): void {
    const door = this.#door(doorId);
    (side === "entry" ? door.entryTamper : door.exitTamper).move(isOn);
  }

  signalFire(doorId: number, isOn: boolean): void {
    this.#door(doorId).fireSignal.listener?.(isOn);
  }

  isRelayOn(doorId: number): boolean {
    return this.#door(doorId).relay.isOn;
  }

  #door(doorId: number): VirtualDoor {
    const door = this.#doors.get(doorId);
    if (door === undefined) throw doorError("door_unknown", { context: { doorId } });
    return door;
  }
}
