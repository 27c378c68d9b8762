import { pause, systemTimers } from "@postern/core";
import { callApi, member, text } from "../api.ts";
import { describeFailure } from "../failure.ts";
import { localTime } from "../local-time.ts";
import type { Output } from "../output.ts";
import { wholeNumber } from "../settings.ts";
import { type Target, type TargetOptions, targetOf } from "../target.ts";
import { untilToldToStop } from "../until-told-to-stop.ts";

const WAIT_S = 25;
const RETRY_MS = 1_000;
const LIMIT_DEFAULT = "20";

export interface EventsOptions extends TargetOptions {
  readonly follow?: boolean;
  readonly json?: boolean;
  readonly limit?: string;
}

/** The newest events of a place, the oldest of them first; with `follow`, those still to come as well. */
export async function showEvents(options: EventsOptions, output: Output): Promise<void> {
  const target = await targetOf(options);
  const size = Math.min(wholeNumber("--limit", options.limit ?? LIMIT_DEFAULT), 1_000);
  const write = (event: unknown): void => (options.json === true ? output.json(event) : output.line(eventLine(event, output)));
  // The cursor is taken first: what happens between the two calls is shown twice at worst, and never missed.
  const start = options.follow === true ? await followOnce(target, { after: "now", waitS: 0 }) : null;
  const newest = await callApi(target, {
    path: `/v1/be/events?${new URLSearchParams({ placeId: String(target.placeId), page: "0", size: String(size), sort: "id,desc" }).toString()}`,
  });
  const events = list(member(newest, "data")).reverse();
  for (const event of events) write(event);
  if (start !== null) await follow(target, { start, shown: new Set(events.map(logId)), write, output });
}

interface FollowPage {
  readonly events: readonly unknown[];
  readonly next: string;
}

async function followOnce(
  target: Target,
  { after, waitS, signal }: { after: string; waitS: number; signal?: AbortSignal },
): Promise<FollowPage> {
  const query = new URLSearchParams({ after, wait: String(waitS), limit: "200" });
  const page = await callApi(target, {
    path: `/v2/places/${target.placeId}/events?${query.toString()}`,
    ...(signal === undefined ? {} : { signal }),
  });
  return { events: list(member(page, "events")), next: text(member(page, "next")) ?? after };
}

interface Following {
  readonly start: FollowPage;
  /** Log ids already on the screen. */
  readonly shown: Set<string>;
  readonly write: (event: unknown) => void;
  readonly output: Output;
}

async function follow(target: Target, { start, shown, write, output }: Following): Promise<void> {
  const stopping = new AbortController();
  void untilToldToStop(output).then(() => stopping.abort());
  let after = start.next;
  let isAway = false;
  while (!stopping.signal.aborted) {
    try {
      const page = await followOnce(target, { after, waitS: WAIT_S, signal: stopping.signal });
      if (isAway) output.note("The server is back.");
      isAway = false;
      for (const event of page.events) if (!shown.has(logId(event))) write(event);
      shown.clear();
      after = page.next;
    } catch (error) {
      if (stopping.signal.aborted) return;
      if (!isAway) output.note(`${describeFailure(error).text} Trying again …`);
      isAway = true;
      await pause(systemTimers, "follow again", RETRY_MS, stopping.signal);
    }
  }
}

function eventLine(event: unknown, { paint }: Output): string {
  const at = member(event, "eventAt");
  const time = typeof at === "number" ? localTime(at) : "?";
  const type = text(member(event, "eventType")) ?? "?";
  const door = text(member(event, "doorName"));
  const person = [text(member(event, "userName")), text(member(event, "userId"))].filter((part) => part !== undefined).join(" / ");
  const colour = type.endsWith("_FAIL") ? paint.bad : type.endsWith("_SUCCESS") ? paint.good : (plain: string) => plain;
  return `${paint.dim(time)}  ${colour(type.padEnd(28))}  ${[door, person === "" ? undefined : person].filter((part) => part !== undefined).join("  ")}`.trimEnd();
}

function logId(event: unknown): string {
  return text(member(event, "logId")) ?? "";
}

function list(value: unknown): unknown[] {
  return Array.isArray(value) ? [...value] : [];
}
