import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import { assertNever, readCardText, reasonText } from "@postern/core";
import type { ControllerState, DoorReport, PresentedThing, PresentResult } from "@postern/door";
import { askVirtualDriver } from "@postern/door/ask-virtual-driver";
import { EXIT, failure } from "../failure.ts";
import { controllerOf, controllersFor } from "../local-door.ts";
import { localTime } from "../local-time.ts";
import { type Output, table } from "../output.ts";
import { dataDir, wholeNumber } from "../settings.ts";

const ANSWER_S_DEFAULT = "30";
const LOOK_MS_MAX = 5_000;

export interface PresentOptions {
  readonly door: string;
  readonly side?: string;
  readonly timeout?: string;
  /** How well the finger is read, of a hundred. */
  readonly score?: string;
  readonly json?: boolean;
}

/** One thing as it stood in the command. */
export interface TypedThing {
  readonly kind: "card" | "code" | "pin" | "uniquePin" | "finger" | "face" | "qr" | "qrPicture";
  readonly text: string;
}

/** Presents things at a virtual door, one after the other. The exit code says what came of the last one: 0 the door is open or has learnt the card, 3 refused. */
export async function presentThings(options: PresentOptions & { readonly things: readonly TypedThing[] }, output: Output): Promise<number> {
  const doorId = wholeNumber("--door", options.door);
  const side = readSide(options.side);
  const timeoutMs = wholeNumber("--timeout", options.timeout ?? ANSWER_S_DEFAULT) * 1_000;
  const things = await Promise.all(options.things.map((thing) => readThing(thing, options.score)));
  if (things.length === 0)
    throw failure(
      "argument_missing",
      "What is presented? Give --card, --code and --pin, --unique-pin, --finger, --face, --qr, or --qr-picture.",
    );
  const { socketPath } = await controllerOf(dataDir(), doorId);
  let code: number = EXIT.refused;
  for (const thing of things) {
    const result = await askVirtualDriver(socketPath, { op: "present", doorId, side, ...thing }, { timeoutMs });
    if (options.json === true) output.json(result);
    else output.line(presentText(result, output));
    code = DONE.has(result.outcome) ? EXIT.done : EXIT.refused;
    if (result.outcome === "refused") break;
  }
  return code;
}

/** The door is open, or has done what it was asked for. */
const DONE: ReadonlySet<PresentResult["outcome"]> = new Set(["opened", "unlocked", "learnt"]);

async function readThing({ kind, text }: TypedThing, score: string | undefined): Promise<PresentedThing> {
  switch (kind) {
    case "card":
      return { card: readCardText(text) };
    case "code":
      return { code: wholeNumber("--code", text) };
    case "pin":
      return { pin: readDigits("--pin", text) };
    case "uniquePin":
      return { uniquePin: readDigits("--unique-pin", text) };
    case "finger":
      return { finger: await readTemplate(text), ...(score === undefined ? {} : { score: wholeNumber("--score", score) }) };
    case "face":
      return { face: resolve(text) };
    case "qr":
      return { qr: text };
    case "qrPicture":
      return { qrPicture: resolve(text) };
    default:
      return assertNever(kind);
  }
}

async function readTemplate(name: string): Promise<string> {
  const bytes = await readFile(name).catch((cause: unknown) => {
    throw failure("file_unreadable", `--finger: ${name} cannot be read.`, cause);
  });
  return bytes.toString("base64");
}

/** Never repeated in what is said of it. */
function readDigits(option: string, typed: string): string {
  if (/^[0-9]{1,14}$/.test(typed)) return typed;
  throw failure("argument_invalid", `${option} takes 1 to 14 digits.`);
}

function readSide(typed: string | undefined): "entry" | "exit" {
  if (typed === undefined || typed === "entry" || typed === "exit") return typed ?? "entry";
  throw failure("argument_invalid", "--side takes entry or exit.");
}

function presentText(result: PresentResult, output: Output): string {
  const text = outcomeText(result, output);
  return result.message === undefined ? text : `${text}\n${messageText(result.message)}`;
}

/** It comes from somebody else's server: it may not speak to the terminal. */
function messageText(message: string): string {
  return `The device shows: ${message.replaceAll(/\p{Cc}+/gu, " ")}`;
}

function outcomeText(result: PresentResult, { paint }: Output): string {
  switch (result.outcome) {
    case "opened":
      return paint.good(`Door ${result.doorId} is open.`);
    case "unlocked":
      return paint.good(`Door ${result.doorId} stands unlocked (${result.because ?? "mode"}).`);
    case "learnt":
      return paint.good(`Door ${result.doorId} has told what it was to whoever asked, and stays as it is.`);
    case "wait_factor":
      return `Door ${result.doorId} wants another factor: ${(result.wanted ?? []).join(" or ")}.`;
    default:
      return paint.bad(`Door ${result.doorId} stays closed: ${reasonText(result.reason)} (${result.reason ?? "error"}).`);
  }
}

export interface ShowOptions {
  readonly door?: string;
  readonly json?: boolean;
}

/** How the virtual doors of a data directory stand. */
export async function showDoors(options: ShowOptions, output: Output): Promise<void> {
  const only = options.door === undefined ? null : wholeNumber("--door", options.door);
  const controllers = await controllersFor(dataDir(), only);
  const states = await Promise.all(
    controllers.map(({ socketPath }) => askVirtualDriver(socketPath, { op: "state" }, { timeoutMs: LOOK_MS_MAX })),
  );
  const doors = states.flatMap((state) =>
    state.doors.filter((door) => only === null || door.doorId === only).map((door) => ({ state, door })),
  );
  if (options.json === true) {
    for (const { state, door } of doors)
      output.json({ ...door, controllerSerial: state.serial, uplink: state.uplink, roster: state.roster, beliefAgeMs: state.beliefAgeMs });
    return;
  }
  const head = ["DOOR", "NAME", "BOLT", "LEAF", "HELD BY", "NOTED", "LINK", "ROSTER", "LAST DECISION"];
  for (const line of table([head, ...doors.map(({ state, door }) => doorRow(state, door))])) output.line(line);
}

function doorRow(state: ControllerState, door: DoorReport): string[] {
  const last = door.lastDecision;
  const decision = last === null ? "–" : `${last.outcome}${"reason" in last ? ` (${String(last.reason)})` : ""} ${localTime(last.atMs)}`;
  const mode = door.mode.kind === "credentials" ? "–" : `${door.mode.by}: ${door.mode.kind}`;
  return [
    String(door.doorId),
    door.name ?? "?",
    door.relay === "on" ? "open" : "locked",
    door.sensor ?? "–",
    mode,
    notes(door).join(", ") || "–",
    state.uplink,
    String(state.roster.completeTo),
    decision,
  ];
}

/** What whoever looks after the door should know. */
function notes(door: DoorReport): string[] {
  const { alarms, tamperedDeviceIds, faults, waits, askingDeviceIds, learningDeviceIds, firstPersonIn, isBeliefTooOld } = door;
  const words = (code: string): string => code.replaceAll("_", " ");
  const first =
    firstPersonIn === null
      ? []
      : [firstPersonIn.atMs === null ? "first person awaited" : `first person in ${localTime(firstPersonIn.atMs)}`];
  return [
    ...alarms.map(words),
    ...(isBeliefTooOld ? ["refuses people: the server was heard too long ago"] : []),
    ...tamperedDeviceIds.map((deviceId) => `${deviceId} tampered with`),
    ...faults.map((part) => `${words(part)} failed`),
    ...waits.map(({ deviceId, wanted }) => `${deviceId} waits for ${wanted.join(" or ")}`),
    ...askingDeviceIds.map((deviceId) => `${deviceId} waits for the customer's server`),
    ...learningDeviceIds.map((deviceId) => `${deviceId} waits for a card or finger to learn`),
    ...first,
  ];
}
