import Type, { type TSchema } from "typebox";
import { member, text } from "../api.ts";
import { cardText } from "../card-text.ts";
import { kindOf, membersOf } from "./kinds.ts";

/** How times are written. */
export type ShowTime = (atMs: number) => string;

/** A value in one cell. */
export function cellText(schema: TSchema | undefined, value: unknown, showTime: ShowTime): string {
  if (value === null || value === undefined) return "–";
  const kind = schema === undefined ? "json" : kindOf(schema);
  if (kind === "time" && typeof value === "number") return showTime(value);
  if (typeof value === "string") return value;
  if (Array.isArray(value)) return listText(kind, value);
  if (kind === "card") return cardText(value);
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}

function listText(kind: string, items: readonly unknown[]): string {
  if (items.length === 0) return kind === "windows" ? "closed" : "none";
  if (kind === "windows") return items.map(windowText).join(",");
  if (kind === "holidays") return items.map(holidayText).join("; ");
  if (kind === "cards") return items.map(cardText).join(",");
  if (kind === "grants") return items.map(grantText).join("; ");
  if (kind === "ranges") return items.map(rangeText).join(",");
  return items.every((item) => typeof item !== "object") ? items.join(",") : String(items.length);
}

function windowText(window: unknown): string {
  return `${text(member(window, "from")) ?? "?"}-${text(member(window, "to")) ?? "?"}`;
}

function holidayText(day: unknown): string {
  const windows = member(day, "windows");
  const hours = Array.isArray(windows) && windows.length > 0 ? windows.map(windowText).join(",") : undefined;
  return [text(member(day, "date")), hours, text(member(day, "name"))].filter((part) => part !== undefined).join(" ");
}

function grantText(grant: unknown): string {
  const [doors, scheduleId] = [member(grant, "doors"), member(grant, "scheduleId")];
  return `${Array.isArray(doors) ? doors.join(",") : String(doors)}${typeof scheduleId === "number" ? `@${scheduleId}` : ""}`;
}

/** Numbers of a log; of its random generation the last digits, which tell two of them apart. */
function rangeText(range: unknown): string {
  const generation = String(member(range, "generation"));
  return `…${generation.slice(-4)}:${String(member(range, "from"))}-${String(member(range, "to"))}`;
}

/** A row of a list; `path` is such as `mode.operator`. */
export function columnText(schema: TSchema, item: unknown, path: string, showTime: ShowTime): string {
  let [at, value]: [TSchema | undefined, unknown] = [schema, item];
  for (const name of path.split(".")) {
    at = membersOf(at)?.[name];
    value = member(value, name);
  }
  return cellText(at, value, showTime);
}

/** One thing, a member a line; what is nested stands indented below. */
export function linesOf(schema: TSchema, value: unknown, showTime: ShowTime, indent = ""): string[] {
  const members = Object.entries(membersOf(schema) ?? {});
  const width = Math.max(0, ...members.map(([name]) => name.length));
  return members.flatMap(([name, of]) => {
    const own = member(value, name);
    if (own === undefined) return [];
    const nested = kindOf(of) === "json" ? nestedLines(of, own, showTime, `${indent}  `) : null;
    if (nested === null) return [`${indent}${name.padEnd(width)}  ${cellText(of, own, showTime)}`];
    return [`${indent}${name}`, ...nested];
  });
}

/** null: it fits into one cell. */
function nestedLines(schema: TSchema, value: unknown, showTime: ShowTime, indent: string): string[] | null {
  if (value === null || typeof value !== "object") return null;
  if (!Array.isArray(value)) return membersOf(schema) === null ? null : linesOf(schema, value, showTime, indent);
  if (!Type.IsArray(schema) || value.length === 0) return null;
  const { items } = schema;
  return value.flatMap((item, index) => [...(index === 0 ? [] : [""]), ...linesOf(items, item, showTime, indent)]);
}
