import { type PosternClient, PosternError } from "@postern/client";
import { type DoorCommand, NATIVE_OPERATIONS, type OperationSpec } from "@postern/contract";
import { assert, systemClock } from "@postern/core";
import { clientOf, member } from "../api.ts";
import { EXIT, failure } from "../failure.ts";
import { type Output, table } from "../output.ts";
import { wholeNumber } from "../settings.ts";
import { placeOf, serverOf, type TargetOptions } from "../target.ts";
import { ANSWER_TEXTS } from "./answer-texts.ts";
import { bodyText } from "./body-text.ts";
import { itemSchemaOf, membersOf } from "./kinds.ts";
import type { Follow, Verb } from "./noun.ts";
import { absoluteTime, timeText, wallClockTime } from "./place-time.ts";
import { columnText, linesOf, type ShowTime } from "./shown-value.ts";
import { type ReadTime, readTyped } from "./typed-value.ts";
import { flagOf, namedBy, optionsOf } from "./verb-options.ts";
import { watchCommand } from "./watch-command.ts";
import { whetherDoorsHaveIt } from "./whether-doors-have-it.ts";

/** What was typed: options by their names, and beside them what follows the verb. */
export interface Typed extends TargetOptions {
  readonly json?: boolean;
  readonly yes?: boolean;
  readonly watch?: boolean;
  readonly limit?: string;
  readonly body?: string;
  readonly [option: string]: unknown;
}

interface Run {
  readonly verb: Verb;
  readonly columns: readonly string[];
  readonly operation: OperationSpec;
  readonly typed: Typed;
  readonly named: readonly string[];
  readonly client: PosternClient;
  readonly placeId: () => Promise<number>;
  readonly output: Output;
}

/** One call of v2 from the command line: options in, a table or JSON out. */
export async function runVerb(
  { verb, columns, typed, named }: Pick<Run, "verb" | "columns" | "typed" | "named">,
  output: Output,
): Promise<number> {
  const operation: OperationSpec = NATIVE_OPERATIONS[verb.operation];
  const server = await serverOf(typed, operation.access === "operator" ? "operator" : "key");
  const client = clientOf(server);
  const placeId = once(() => placeOf(typed, server));
  const run: Run = { verb, columns, operation, typed, named, client, placeId, output };
  if (verb.loses !== undefined && typed.yes !== true) throw failure("not_confirmed", `${verb.loses} Say --yes to go on.`);
  try {
    const call = await callOf(run);
    return itemSchemaOf(operation) === null ? await showOne(run, call) : await showList(run, call);
  } catch (error) {
    throw inOptions(error, run);
  }
}

interface Call {
  readonly params: Readonly<Record<string, unknown>>;
  readonly query: Readonly<Record<string, unknown>>;
  readonly body?: unknown;
}

async function callOf(run: Run): Promise<Call> {
  const { verb, operation, typed, placeId } = run;
  const query: Record<string, unknown> = {};
  const body = operation.body === null ? null : await bodyText(typed.body);
  const readTime = timeReader(run);
  for (const { name, flag, schema, part, path } of optionsOf(verb, operation)) {
    const text = typed[name];
    if (typeof text !== "string") continue;
    const value = await readTyped(flag, text, schema, readTime);
    if (part === "query") query[name] = value;
    else if (body !== null) put(body, path, value);
  }
  if (typed.place !== undefined && "placeId" in (membersOf(operation.query) ?? {})) query["placeId"] = await placeId();
  const isLeftOut = body === null || (operation.bodyIs === "optional" && Object.keys(body).length === 0);
  return { params: await paramsOf(run), query, ...(isLeftOut ? {} : { body }) };
}

/** What a path names by a text; everything else has a number. */
const TEXTS: ReadonlySet<string> = new Set(["keyId", "logId", "token", "imageType"]);

async function paramsOf({ operation, named, placeId }: Run): Promise<Record<string, unknown>> {
  const names = namedBy(operation);
  const params: Record<string, unknown> = {};
  for (const name of Object.keys(membersOf(operation.params) ?? {})) {
    const text = named[names.indexOf(name)];
    if (text === undefined) params[name] = await placeId();
    else params[name] = TEXTS.has(name) ? text : wholeNumber(`<${flagOf(name).slice(2)}>`, text);
  }
  return params;
}

function put(body: Record<string, unknown>, [first = "", second]: readonly string[], value: unknown): void {
  if (second === undefined) {
    body[first] = value;
    return;
  }
  const inner = body[first];
  body[first] = { ...(typeof inner === "object" && inner !== null ? inner : {}), [second]: value };
}

async function showOne(run: Run, call: Call): Promise<number> {
  const { verb, operation, typed, output } = run;
  if (verb.isWatched === true && typed.watch === true) return watch(run, call);
  const answer =
    verb.followedBy !== undefined && typed["wait"] === undefined ? await followed(run, call, verb.followedBy) : await send(run, call);
  const write = ANSWER_TEXTS[verb.operation];
  const written = write === undefined ? undefined : write(answer, output.paint, typed.json === true ? String : await timeWriter(run));
  if (typed.json === true) output.json(answer ?? { done: true });
  else if (written !== undefined) for (const line of written.lines) output.line(line);
  else if (operation.answer === null) output.line("Done.");
  else for (const line of linesOf(operation.answer, answer, await timeWriter(run))) output.line(line);
  if (verb.reachesDoors === true) await sayWhetherDoorsHaveIt(run, answer);
  return written?.isRefusal === true ? EXIT.refused : EXIT.done;
}

async function watch(run: Run, call: Call): Promise<number> {
  const { client, output, typed } = run;
  // biome-ignore lint/nursery/noUnsafeTypeAssertion: the verb's operation answers a command.
  const asked = (await send(run, call)) as DoorCommand;
  const seen = await watchCommand(asked, { client, output, isJson: typed.json === true });
  return seen.state === "done" ? EXIT.done : EXIT.refused;
}

/** The server ends every command a few seconds after its time at the latest. */
async function followed(run: Run, call: Call, { operation, name, hint }: Follow): Promise<unknown> {
  const { client, typed, output } = run;
  let asked = await send(run, call);
  if (typed.json !== true) output.note(hint);
  for (let look = 0; look < LOOKS_COUNT_MAX && member(asked, "endedAt") === null; look += 1) {
    // biome-ignore lint/nursery/noUnsafeTypeAssertion: it is named as its own answer named it.
    asked = await client.call(operation, { params: { [name]: member(asked, name) }, query: { wait: LOOK_WAIT_S } } as never);
  }
  return asked;
}

/** Of a door. */
const UNSERVED = "No controller serves it yet: give it one with --controller-id, or name it in --door-ids of a controller.";

/** What the server allows. */
const LOOK_WAIT_S = 30;

/** The longest command may take two minutes, and a little more to end. */
const LOOKS_COUNT_MAX = 6;

async function sayWhetherDoorsHaveIt({ client, placeId, typed, output }: Run, answer: unknown): Promise<void> {
  const said = member(answer, "controllerId") === null ? UNSERVED : await whetherDoorsHaveIt(client, await placeId());
  if (said === null) return;
  if (typed.json === true) output.note(said);
  else output.line(said);
}

const LIST_LIMIT_MAX = 1_000_000;

async function showList(run: Run, call: Call): Promise<number> {
  const { operation, typed, output } = run;
  const limit = typed.limit === undefined ? LIST_LIMIT_MAX : wholeNumber("--limit", typed.limit);
  const schema = itemSchemaOf(operation);
  assert(schema !== null, "a list has items");
  const showTime = typed.json === true ? String : await timeWriter(run);
  const rows: (readonly string[])[] = [];
  for await (const item of pagesOf(run, call, limit)) {
    if (typed.json === true) output.json(item);
    else rows.push(columnsOf(run).map((path) => columnText(schema, item, path, showTime)));
  }
  if (typed.json === true) return EXIT.done;
  if (rows.length === 0) output.line("None.");
  else for (const line of table([columnsOf(run).map(headOf), ...rows])) output.line(line);
  return EXIT.done;
}

function columnsOf({ verb, columns }: Run): readonly string[] {
  return verb.columns ?? columns;
}

function headOf(path: string): string {
  return (path.split(".").at(-1) ?? path).replace(/[A-Z]/g, (letter) => ` ${letter}`).toUpperCase();
}

/** Page after page, until there are enough. */
async function* pagesOf(run: Run, call: Call, limit: number): AsyncGenerator<unknown, void, undefined> {
  let left = limit;
  let after: string | undefined;
  do {
    const page = await send(run, {
      ...call,
      query: { ...call.query, limit: Math.min(left, 100), ...(after === undefined ? {} : { after }) },
    });
    const items = member(page, "items");
    for (const item of Array.isArray(items) ? items.slice(0, left) : []) {
      left -= 1;
      yield item;
    }
    const next = member(page, "next");
    after = typeof next === "string" ? next : undefined;
  } while (after !== undefined && left > 0);
}

function send({ client, verb }: Run, call: Call): Promise<unknown> {
  // biome-ignore lint/nursery/noUnsafeTypeAssertion: the call was put together from the contract's own schemas, and the server judges it.
  return client.call(verb.operation, call as never);
}

function timeReader(run: Run): ReadTime {
  return async (option, typed) => absoluteTime(typed, systemClock.nowMs()) ?? wallClockTime(option, typed, await zoneOf(run));
}

/** Times in the place's own clock; where there is no place, in this machine's. */
async function timeWriter(run: Run): Promise<ShowTime> {
  const zone = run.operation.access === "operator" ? null : await zoneOf(run).catch(() => null);
  const timeZone = zone ?? new Intl.DateTimeFormat().resolvedOptions().timeZone;
  return (atMs) => timeText(atMs, timeZone);
}

async function zoneOf({ client, placeId }: Run): Promise<string> {
  const { timeZone } = await client.readPlace({ params: { placeId: await placeId() } });
  return timeZone;
}

/** Names the wrong options in place of the API's fields. */
function inOptions(error: unknown, { verb, operation }: Run): unknown {
  if (!(error instanceof PosternError) || error.problems.length === 0) return error;
  const flags = new Map(optionsOf(verb, operation).map(({ path, flag }) => [path.join("."), flag]));
  const said = error.problems.map(({ field, message }) => `${flags.get(field) ?? field} ${message}`).join("; ");
  return failure(error.code, `${error.message} ${said}.`.replace(/\.\.$/, "."), error);
}

function once<Value>(make: () => Promise<Value>): () => Promise<Value> {
  let made: Promise<Value> | undefined;
  return () => {
    made ??= make();
    return made;
  };
}
