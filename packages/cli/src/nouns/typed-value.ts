import { readFileSync } from "node:fs";
import { readCardText } from "@postern/core";
import type { TSchema } from "typebox";
import { failure } from "../failure.ts";
import { choicesOf, type Kind, kindOf, mayBeNull } from "./kinds.ts";

/** What a wall clock needs to become an instant. */
export type ReadTime = (option: string, typed: string) => Promise<number>;

/** How a value is written, for the help. */
export function hintOf(schema: TSchema): string {
  const choices = choicesOf(schema);
  const hint = choices.length > 1 ? choices.join("|") : HINTS[kindOf(schema)];
  return mayBeNull(schema) && choices.length <= 1 ? `${hint}|none` : hint;
}

const HINTS: Readonly<Record<Kind, string>> = {
  time: "time",
  number: "number",
  boolean: "true|false",
  choice: "choice",
  text: "text",
  texts: "a,b",
  numbers: "1,2",
  doors: "all|1,2",
  photo: "file",
  photos: "file,…",
  windows: "08:00-18:00,…",
  holidays: "date hours name;…",
  cards: "number,…",
  card: "number",
  grants: "doors@schedule;…",
  ranges: "json",
  json: "json",
};

/** The value of an option as the API takes it. What is typed well but wrong is the server's to refuse. */
export async function readTyped(option: string, typed: string, schema: TSchema, readTime: ReadTime): Promise<unknown> {
  const kind = kindOf(schema);
  if (typed === "none" && mayBeNull(schema) && !choicesOf(schema).includes("none")) return null;
  if (kind === "time") return readTime(option, typed);
  const value = READERS[kind](typed);
  if (value !== undefined) return value;
  throw failure("argument_invalid", `${option} is written as ${hintOf(schema)}, and not as ${JSON.stringify(typed.slice(0, 40))}.`);
}

type Reader = (typed: string) => unknown;

const READERS: Readonly<Record<Exclude<Kind, "time">, Reader>> = {
  number: (typed) => (/^-?\d{1,16}$/.test(typed) ? Number(typed) : undefined),
  boolean: (typed) => (typed === "true" ? true : typed === "false" ? false : undefined),
  choice: (typed) => typed,
  text: (typed) => typed,
  texts: (typed) => parts(typed, ","),
  numbers: (typed) => readNumbers(typed),
  photo: (typed) => readPhoto(typed),
  photos: (typed) => every(parts(typed, ","), readPhoto),
  doors: (typed) => (typed === "all" ? "all" : readNumbers(typed)),
  windows: (typed) => every(parts(typed, ","), readWindow),
  holidays: (typed) => every(parts(typed, ";"), readHoliday),
  cards: (typed) => every(parts(typed, ","), readCardText),
  card: (typed) => readCardText(typed),
  grants: (typed) => every(parts(typed, ";"), readGrant),
  // Shown in short alone: no call takes them.
  ranges: (typed) => readJson(typed),
  json: (typed) => readJson(typed),
};

/** A photo is named by its file: nobody types base64. */
function readPhoto(path: string): string {
  try {
    return readFileSync(path).toString("base64");
  } catch {
    throw failure("argument_invalid", `${path} cannot be read.`);
  }
}

/** `none` and `closed` are the empty list. */
function parts(typed: string, separator: string): string[] {
  if (typed === "none" || typed === "closed") return [];
  return typed
    .split(separator)
    .map((part) => part.trim())
    .filter((part) => part !== "");
}

/** undefined as soon as one part is written wrongly. */
function every<Value>(written: readonly string[], read: (part: string) => Value | undefined): Value[] | undefined {
  const values = written.map(read).filter((value) => value !== undefined);
  return values.length === written.length ? values : undefined;
}

function readNumbers(typed: string): number[] | undefined {
  return every(parts(typed, ","), (part) => (/^\d{1,16}$/.test(part) ? Number(part) : undefined));
}

function readWindow(part: string): { readonly from: string; readonly to: string } | undefined {
  const match = /^(\d{2}:\d{2})-(\d{2}:\d{2})$/.exec(part);
  return match === null ? undefined : { from: match[1] ?? "", to: match[2] ?? "" };
}

/** `2026-12-25 Christmas`, or with the hours of that day: `2026-12-24 10:00-14:00,16:00-18:00 Christmas Eve`. */
function readHoliday(part: string): unknown {
  const match = /^(\d{4}-\d{2}-\d{2})(?:\s+([\d:,-]+))?(?:\s+(.+))?$/.exec(part);
  if (match === null) return undefined;
  const windows = every(parts(match[2] ?? "", ","), readWindow);
  return windows === undefined ? undefined : { date: match[1], ...(match[3] === undefined ? {} : { name: match[3] }), windows };
}

/** `234,235@333`, or `all` at all times. */
function readGrant(part: string): unknown {
  const [typedDoors = "", typedSchedule] = part.split("@");
  const doors = typedDoors === "all" ? "all" : readNumbers(typedDoors);
  const isSchedule = typedSchedule === undefined || /^\d{1,16}$/.test(typedSchedule);
  return doors === undefined || !isSchedule ? undefined : { doors, scheduleId: typedSchedule === undefined ? null : Number(typedSchedule) };
}

function readJson(typed: string): unknown {
  try {
    return JSON.parse(typed);
  } catch {
    return undefined;
  }
}
