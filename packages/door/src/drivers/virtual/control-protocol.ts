import { isAbsolute } from "node:path";
import { FINGER_SCORE_MAX } from "@postern/contract";
import type { ControllerState } from "../../controller-state.ts";
import type { DoorPart, Outcome, Shown } from "../driver.ts";

/** A card as CLUe writes it (CLUe §1.2). */
export interface PresentedCard {
  readonly cardNumber: string;
  /** `CSN` or `WIEGAND`; CSN when left out. */
  readonly formatType?: string;
  readonly formatData?: string;
}

/** What is held to a reader or typed at its keypad: one of these. PINs are digits. */
export type PresentedThing =
  | { readonly card: PresentedCard }
  /** A user id. */
  | { readonly code: number }
  | { readonly pin: string }
  | { readonly uniquePin: string }
  /** A template in base64, and how well it was read, of a hundred; well when left out. */
  | { readonly finger: string; readonly score?: number }
  /** The absolute path of a picture, as the camera would take it. */
  | { readonly face: string }
  /** What a QR code says, as a scanner reads it. */
  | { readonly qr: string }
  /** The absolute path of a picture of one. */
  | { readonly qrPicture: string };

/** One line of JSON to the virtual driver's socket. */
export type ControlRequest =
  | ({ readonly op: "present"; readonly doorId: number; readonly side?: "entry" | "exit" } & PresentedThing)
  | { readonly op: "state"; readonly doorId?: number }
  /** What the screens of the door's devices show. */
  | { readonly op: "show"; readonly doorId: number }
  | { readonly op: "exit_button"; readonly doorId: number }
  | { readonly op: "sensor"; readonly doorId: number; readonly isOpen: boolean }
  | { readonly op: "fire"; readonly doorId: number; readonly isOn: boolean }
  /** The case of the device on one side; the entry's when left out. */
  | { readonly op: "tamper"; readonly doorId: number; readonly side?: "entry" | "exit"; readonly isOn: boolean }
  /** Of everything at the door but the controller. */
  | { readonly op: "power"; readonly doorId: number; readonly isOn: boolean }
  /** Breaks a part of the door, or mends it. */
  | { readonly op: "fault"; readonly doorId: number; readonly part: BreakablePart; readonly isOn: boolean };

export type BreakablePart = Exclude<DoorPart, "power">;

export const BREAKABLE_PARTS: readonly BreakablePart[] = [
  "connection",
  "relay",
  "entry_reader",
  "exit_reader",
  "sensor",
  "exit_button",
  "fire_signal",
];

/** What each request is answered with. */
export interface ControlResults {
  readonly present: PresentResult;
  readonly state: ControllerState;
  readonly show: ShowResult;
  readonly exit_button: DoneResult;
  readonly sensor: DoneResult;
  readonly fire: DoneResult;
  readonly tamper: DoneResult;
  readonly power: DoneResult;
  readonly fault: DoneResult;
}

export interface ShowResult {
  readonly doorId: number;
  readonly devices: readonly (Shown & { readonly deviceId: number; readonly side: "entry" | "exit" })[];
}

export interface PresentResult {
  readonly doorId: number;
  readonly deviceId: number;
  readonly outcome: Outcome["outcome"];
  /** Why it was refused. */
  readonly reason?: string;
  /** What holds the door unlocked. */
  readonly because?: string;
  /** What the customer's own server wants shown. */
  readonly message?: string;
  /** The factors that may come next. */
  readonly wanted?: readonly string[];
  readonly authId?: number;
  readonly userId?: number;
  readonly relay: "on" | "off";
}

export interface DoneResult {
  readonly doorId: number;
  readonly relay: "on" | "off";
}

/** One line of JSON back. */
export type ControlAnswer =
  | { readonly ok: true; readonly result: unknown }
  | { readonly ok: false; readonly error: { readonly code: string; readonly message: string } };

type RequestRead = { readonly ok: true; readonly request: ControlRequest } | { readonly ok: false; readonly message: string };

/** Reads one line as a request. What is wrong with it is said, never what it was. */
export function readControlRequest(line: string): RequestRead {
  const value = parseObject(line);
  if (value === null) return wrong("A request is one line with one JSON object.");
  const { op, doorId, side, isOpen } = value;
  if (op === "state" && doorId === undefined) return { ok: true, request: { op } };
  if (typeof doorId !== "number" || !Number.isSafeInteger(doorId) || doorId < 1) return wrong("doorId is the id of a door.");
  switch (op) {
    case "present": {
      if (side !== undefined && side !== "entry" && side !== "exit") return wrong("side is entry or exit.");
      const presented = readThing(value);
      return presented === null
        ? wrong(
            "One of card {cardNumber, formatType?, formatData?}, code (a number), pin or uniquePin (1 to 14 digits as a text), finger (a template in base64; score, 0 to 100), face (the absolute path of a picture), qr (a code's text), qrPicture (the absolute path of a picture).",
          )
        : { ok: true, request: { op, doorId, ...presented, ...(side === undefined ? {} : { side }) } };
    }
    case "state":
    case "show":
    case "exit_button":
      return { ok: true, request: { op, doorId } };
    case "sensor":
      return typeof isOpen === "boolean" ? { ok: true, request: { op, doorId, isOpen } } : wrong("isOpen is true or false.");
    case "fire":
    case "power":
    case "tamper":
    case "fault":
      return readSwitch(op, doorId, value);
    default:
      return wrong("op is present, state, show, exit_button, sensor, fire, tamper, power or fault.");
  }
}

/** What is turned on or off. */
function readSwitch(
  op: "fire" | "power" | "tamper" | "fault",
  doorId: number,
  { isOn, side, part }: Readonly<Record<string, unknown>>,
): RequestRead {
  if (typeof isOn !== "boolean") return wrong("isOn is true or false.");
  if (op === "fire" || op === "power") return { ok: true, request: { op, doorId, isOn } };
  if (op === "tamper") {
    if (side !== undefined && side !== "entry" && side !== "exit") return wrong("side is entry or exit.");
    return { ok: true, request: { op, doorId, isOn, ...(side === undefined ? {} : { side }) } };
  }
  const broken = BREAKABLE_PARTS.find((one) => one === part);
  return broken === undefined ? wrong(`part is ${BREAKABLE_PARTS.join(", ")}.`) : { ok: true, request: { op, doorId, part: broken, isOn } };
}

/** Reads one line as an answer; null when it is none. */
export function readControlAnswer(line: string): ControlAnswer | null {
  const value = parseObject(line);
  if (value === null) return null;
  if (value["ok"] === true) return { ok: true, result: value["result"] };
  const error = asObject(value["error"]);
  const [code, message] = [error?.["code"], error?.["message"]];
  return typeof code === "string" && typeof message === "string" ? { ok: false, error: { code, message } } : null;
}

const DIGITS = /^[0-9]{1,14}$/;

/** Exactly one of these. */
const THINGS = ["card", "code", "pin", "uniquePin", "finger", "face", "qr", "qrPicture"] as const;

function readThing(value: Readonly<Record<string, unknown>>): PresentedThing | null {
  const { card, code, pin, uniquePin, finger, score } = value;
  if (THINGS.filter((name) => value[name] !== undefined).length !== 1) return null;
  if (typeof pin === "string") return DIGITS.test(pin) ? { pin } : null;
  if (typeof uniquePin === "string") return DIGITS.test(uniquePin) ? { uniquePin } : null;
  if (typeof code === "number") return Number.isSafeInteger(code) && code > 0 ? { code } : null;
  if (typeof finger === "string") return readFinger(finger, score);
  const presented = readCard(card);
  return presented === null ? readSeen(value) : { card: presented };
}

/** What a camera or a scanner sees. */
function readSeen({ face, qr, qrPicture }: Readonly<Record<string, unknown>>): PresentedThing | null {
  if (typeof face === "string") return isAbsolute(face) ? { face } : null;
  if (typeof qrPicture === "string") return isAbsolute(qrPicture) ? { qrPicture } : null;
  return typeof qr === "string" && qr !== "" ? { qr } : null;
}

function readFinger(finger: string, score: unknown): PresentedThing | null {
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(finger)) return null;
  if (score === undefined) return { finger };
  return typeof score === "number" && Number.isInteger(score) && score >= 0 && score <= FINGER_SCORE_MAX ? { finger, score } : null;
}

function readCard(value: unknown): PresentedCard | null {
  const card = asObject(value);
  if (card === null) return null;
  const { cardNumber, formatType, formatData } = card;
  const isText = (field: unknown): field is string | undefined => field === undefined || typeof field === "string";
  if (typeof cardNumber !== "string" || !isText(formatType) || !isText(formatData)) return null;
  return { cardNumber, ...(formatType === undefined ? {} : { formatType }), ...(formatData === undefined ? {} : { formatData }) };
}

function parseObject(line: string): Readonly<Record<string, unknown>> | null {
  try {
    return asObject(JSON.parse(line));
  } catch {
    return null;
  }
}

function asObject(value: unknown): Readonly<Record<string, unknown>> | null {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? Object.fromEntries(Object.entries(value)) : null;
}

function wrong(message: string): RequestRead {
  return { ok: false, message };
}
