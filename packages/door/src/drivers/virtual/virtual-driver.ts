import type { Clock, Timers } from "@postern/core";
import { doorError } from "../../errors.ts";
import type { Credential, DoorPart, DoorPorts, DoorWiring, Driver, Outcome, ScannedFinger, Shown, TypedPin } from "../driver.ts";
import { VirtualDoor } from "./virtual-door.ts";

/** Doors without hardware: for the demo, for tests, and for trying an integration. */
export class VirtualDriver implements Driver {
  readonly #clock: Clock;
  readonly #timers: Timers;
  readonly #isFailSafe: (doorId: number) => boolean;
  readonly #doors = new Map<number, VirtualDoor>();
  readonly #fingers = new Map<number, readonly string[]>();
  readonly #shown = new Map<number, Shown>();

  /** `isFailSafe`: whether a door's bolt opens without power. */
  constructor(clock: Clock, timers: Timers, isFailSafe: (doorId: number) => boolean = () => false) {
    this.#clock = clock;
    this.#timers = timers;
    this.#isFailSafe = isFailSafe;
  }

  async start(): Promise<void> {}

  connect({ doorId, exitDeviceId }: DoorWiring): DoorPorts {
    const door = new VirtualDoor(this.#clock, this.#timers, exitDeviceId !== null);
    this.#doors.set(doorId, door);
    return door.ports();
  }

  async disconnect(doorId: number): Promise<void> {
    this.#doors.get(doorId)?.relay.drop();
    this.#doors.delete(doorId);
  }

  holdFingers(authId: number, templates: readonly string[]): void {
    if (templates.length === 0) this.#fingers.delete(authId);
    else this.#fingers.set(authId, templates);
  }

  show(deviceId: number, shown: Shown): void {
    this.#shown.set(deviceId, shown);
  }

  /** What somebody who stands before a device sees on its screen. */
  shownAt(deviceId: number): Shown {
    return this.#shown.get(deviceId) ?? { message: null, picture: null };
  }

  /** Lays a finger on a reader that compares: here a finger is its template, to the byte. */
  presentFinger(doorId: number, side: "entry" | "exit", finger: ScannedFinger): Promise<Outcome> {
    const [authId = null] = [...this.#fingers].find(([, templates]) => templates.includes(finger.template)) ?? [];
    return this.present(doorId, side, { kind: "matched", factor: "FINGERPRINT", authId, finger });
  }

  async stop(): Promise<void> {
    for (const doorId of [...this.#doors.keys()]) await this.disconnect(doorId);
  }

  /** Holds a credential to a reader of the door. Resolves with what came of it. */
  present(doorId: number, side: "entry" | "exit", credential: Credential | TypedPin): Promise<Outcome> {
    return this.#door(doorId).present(side, credential);
  }

  pressExitButton(doorId: number): void {
    this.#door(doorId).pressExitButton();
  }

  moveDoor(doorId: number, isOpen: boolean): void {
    this.#door(doorId).moveLeaf(isOpen);
  }

  /** Opens or closes the case of the device on one side. */
  tamper(doorId: number, side: "entry" | "exit", isOn: boolean): void {
    this.#door(doorId).tamper(side, isOn);
  }

  signalFire(doorId: number, isOn: boolean): void {
    this.#door(doorId).signalFire(isOn);
  }

  /** Of the door's lock, readers, sensor and button; the controller runs on. */
  setPower(doorId: number, isOn: boolean): void {
    this.#door(doorId).setPower(isOn, this.#isFailSafe(doorId));
  }

  setFault(doorId: number, part: DoorPart, isOn: boolean): void {
    this.#door(doorId).setFault(part, isOn);
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
