import type { PosternClient, PosternError } from "@postern/client";
import type { EventChoice } from "@postern/contract";
import { callApi, clientOf, member, text } from "../api.ts";
import { describeFailure } from "../failure.ts";
import { timeTextToSecond } from "../nouns/place-time.ts";
import type { Output } from "../output.ts";
import { wholeNumber } from "../settings.ts";
import { type TargetOptions, targetOf } from "../target.ts";
import { untilToldToStop } from "../until-told-to-stop.ts";

const LIMIT_DEFAULT = "20";

export interface EventsOptions extends TargetOptions {
  readonly follow?: boolean;
  readonly json?: boolean;
  readonly limit?: string;
  readonly types?: string;
  readonly doorIds?: string;
}

/** The newest events of a place, the oldest of them first; with `follow`, those still to come as well. */
export async function showEvents(options: EventsOptions, output: Output): Promise<void> {
  const target = await targetOf(options);
  const size = Math.min(wholeNumber("--limit", options.limit ?? LIMIT_DEFAULT), 1_000);
  // The cursor is taken first: what happens between the two calls is shown twice at worst, and never missed.
  const client = clientOf(target);
  const { placeId } = target;
  const { timeZone } = await client.readPlace({ params: { placeId } });
  const write = (event: unknown): void => (options.json === true ? output.json(event) : output.line(eventLine(event, timeZone, output)));
  const start = options.follow === true ? await client.followEvents({ params: { placeId }, query: { after: "now", wait: 0 } }) : null;
  const { types, doorIds } = options;
  const query = new URLSearchParams({ placeId: String(placeId), page: "0", size: String(size), sort: "id,desc" });
  if (types !== undefined) query.set("filterEvents", types);
  if (doorIds !== undefined) query.set("filterDoorIds", doorIds);
  const newest = await callApi(target, { path: `/v1/be/events?${query.toString()}` });
  const events = list(member(newest, "data")).reverse();
  for (const event of events) write(event);
  const choice = eventChoice(options);
  if (start !== null) await follow({ client, placeId, after: start.next, choice, shown: new Set(events.map(logId)), write, output });
}

/** Which events are meant, as they are typed. */
export function eventChoice({ types, doorIds }: Pick<EventsOptions, "types" | "doorIds">): EventChoice {
  return {
    ...(types === undefined ? {} : { types: types.split(",").map((type) => type.trim()) }),
    ...(doorIds === undefined ? {} : { doorIds: doorIds.split(",").map((id) => wholeNumber("--door-ids", id.trim())) }),
  };
}

interface Following {
  readonly client: PosternClient;
  readonly placeId: number;
  readonly after: string;
  readonly choice: EventChoice;
  /** Log ids already on the screen. */
  readonly shown: Set<string>;
  readonly write: (event: unknown) => void;
  readonly output: Output;
}

async function follow({ client, placeId, after, choice, shown, write, output }: Following): Promise<void> {
  const stopping = new AbortController();
  using told = untilToldToStop(output);
  void told.promise.then(() => stopping.abort());
  let isAway = false;
  const onAway = (error: PosternError): void => {
    if (!isAway) output.note(`${describeFailure(error).text} Trying again …`);
    isAway = true;
  };
  for await (const event of client.follow(placeId, { after, choice, signal: stopping.signal, onAway })) {
    if (isAway) output.note("The server is back.");
    isAway = false;
    if (!shown.delete(event.logId)) write(event);
  }
}

function eventLine(event: unknown, timeZone: string, { paint }: Output): string {
  const at = member(event, "eventAt");
  const time = typeof at === "number" ? timeTextToSecond(at, timeZone) : "?";
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
