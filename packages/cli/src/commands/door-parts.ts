import type { BreakablePart, ControlRequest, DoneResult } from "@postern/door";
import { askVirtualDriver } from "@postern/door/ask-virtual-driver";
import { failure } from "../failure.ts";
import { controllerOf, controllersFor } from "../local-door.ts";
import type { Output } from "../output.ts";
import { dataDir, wholeNumber } from "../settings.ts";

const LOOK_MS_MAX = 5_000;

export interface PressOptions {
  readonly door: string;
  readonly json?: boolean;
}

/** Presses the exit button of a virtual door. */
export async function pressExitButton(options: PressOptions, output: Output): Promise<void> {
  const doorId = wholeNumber("--door", options.door);
  const done = await tell({ op: "exit_button", doorId });
  if (options.json === true) return output.json(done);
  output.line(`Door ${doorId} is ${done.relay === "on" ? "open" : "locked"}.`);
}

export interface SensorOptions extends PressOptions {
  readonly position: string;
}

/** Opens or closes the leaf of a virtual door, as its sensor sees it. */
export async function moveSensor({ position, door, json }: SensorOptions, output: Output): Promise<void> {
  if (position !== "open" && position !== "closed") throw failure("argument_invalid", "The sensor is open or closed.");
  const doorId = wholeNumber("--door", door);
  const done = await tell({ op: "sensor", doorId, isOpen: position === "open" });
  if (json === true) return output.json({ ...done, sensor: position });
  output.line(`The sensor of door ${doorId} says ${position}.`);
}

export interface FireOptions {
  readonly door?: string;
  readonly json?: boolean;
  readonly position: string;
}

/** Raises or ends the fire signal at one virtual door, or at all of a data directory. */
export async function signalFire({ position, door, json }: FireOptions, output: Output): Promise<void> {
  const isOn = readSwitch("The fire signal", position);
  const only = door === undefined ? null : wholeNumber("--door", door);
  for (const { socketPath, doorIds } of await controllersFor(dataDir(), only)) {
    for (const doorId of only === null ? doorIds : [only]) {
      const done = await askVirtualDriver(socketPath, { op: "fire", doorId, isOn }, { timeoutMs: LOOK_MS_MAX });
      if (json === true) output.json({ ...done, fire: position });
      else output.line(`The fire signal of door ${doorId} is ${position}; ${boltText(done)}`);
    }
  }
}

export interface TamperOptions extends SensorOptions {
  readonly side?: string;
}

/** Opens or closes the case of a device at a virtual door. */
export async function tamperDevice({ position, door, side = "entry", json }: TamperOptions, output: Output): Promise<void> {
  const isOn = readSwitch("Tampering", position);
  if (side !== "entry" && side !== "exit") throw failure("argument_invalid", "--side takes entry or exit.");
  const doorId = wholeNumber("--door", door);
  const done = await tell({ op: "tamper", doorId, side, isOn });
  if (json === true) return output.json({ ...done, side, tamper: position });
  output.line(`The ${side} device of door ${doorId} ${isOn ? "is being tampered with" : "is whole"}.`);
}

/** Takes the power from a virtual door, or gives it back. */
export async function switchPower({ position, door, json }: SensorOptions, output: Output): Promise<void> {
  const isOn = readSwitch("The power", position);
  const doorId = wholeNumber("--door", door);
  const done = await tell({ op: "power", doorId, isOn });
  if (json === true) return output.json({ ...done, power: position });
  output.line(`Door ${doorId} has ${isOn ? "power" : "no power"}; ${boltText(done)}`);
}

export interface FaultOptions extends SensorOptions {
  readonly part: string;
}

const PARTS: ReadonlyMap<string, BreakablePart> = new Map([
  ["connection", "connection"],
  ["relay", "relay"],
  ["entry-reader", "entry_reader"],
  ["exit-reader", "exit_reader"],
  ["sensor", "sensor"],
  ["exit-button", "exit_button"],
  ["fire-signal", "fire_signal"],
]);

/** Breaks a part of a virtual door, or mends it. */
export async function setFault({ part: typed, position, door, json }: FaultOptions, output: Output): Promise<void> {
  const part = PARTS.get(typed);
  if (part === undefined) throw failure("argument_invalid", `A part is ${[...PARTS.keys()].join(", ")}; "door power" takes the power.`);
  const isOn = readSwitch("A fault", position);
  const doorId = wholeNumber("--door", door);
  const done = await tell({ op: "fault", doorId, part, isOn });
  if (json === true) return output.json({ ...done, part, fault: position });
  output.line(`The ${typed} of door ${doorId} is ${isOn ? "broken" : "mended, and works when it is tried again"}; ${boltText(done)}`);
}

async function tell(request: Exclude<ControlRequest, { readonly op: "state" | "present" | "show" }>): Promise<DoneResult> {
  const { socketPath } = await controllerOf(dataDir(), request.doorId);
  return await askVirtualDriver(socketPath, request, { timeoutMs: LOOK_MS_MAX });
}

function readSwitch(what: string, typed: string): boolean {
  if (typed === "on" || typed === "off") return typed === "on";
  throw failure("argument_invalid", `${what} is on or off.`);
}

function boltText({ relay }: DoneResult): string {
  return `the bolt is ${relay === "on" ? "open" : "locked"}.`;
}
