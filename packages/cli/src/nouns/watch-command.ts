import type { PosternClient } from "@postern/client";
import { type DoorCommand, isFinal, LINK_CODES, stageOf } from "@postern/contract";
import { reasonText } from "@postern/core";
import type { Output } from "../output.ts";

export interface Watching {
  readonly client: Pick<PosternClient, "readCommand">;
  readonly output: Output;
  readonly isJson: boolean;
}

/** What the server allows. */
const LOOK_WAIT_S = 30;

/** A command for tomorrow is watched until then, and no longer: half a minute each. */
const LOOKS_COUNT_MAX = 2 * 60 * 25;

/** Tells each step of a command as it happens, until nothing more comes of it. Returns it as it is then. */
export async function watchCommand(asked: DoorCommand, { client, output, isJson }: Watching): Promise<DoorCommand> {
  const told = new Set<string>();
  const tell = (command: DoorCommand): void => {
    if (isJson) output.json(command);
    else
      for (const line of linesOf(command)) {
        if (told.has(line)) continue;
        told.add(line);
        output.line(line);
      }
  };
  let seen = asked;
  tell(seen);
  for (let look = 0; look < LOOKS_COUNT_MAX && !isFinal(seen); look += 1) {
    const before = stageOf(seen);
    if (before === "relay_off") break;
    const query = { wait: LOOK_WAIT_S, past: before };
    const next = await client.readCommand({ params: { commandId: asked.commandId }, query });
    const isStill = stageOf(next) === before;
    // Of a door that stood open by a mode no bolt will tell anything.
    if (isStill && before === "ended") break;
    seen = next;
    if (!isStill) tell(seen);
  }
  return seen;
}

/** Each step with how long after the asking, or after its time, it came. */
function linesOf({
  commandId,
  command,
  state,
  reason,
  askedBy,
  madeAt,
  actAt,
  sentAt,
  endedAt,
  relayOnAt,
  relayOffAt,
}: DoorCommand): string[] {
  const after = (atMs: number): string => `+${Math.max(0, atMs - Math.max(madeAt, actAt))} ms`.padStart(10);
  const steps: (readonly [number | null, string])[] = [
    [sentAt, "sent to the controller"],
    [endedAt, state === "done" ? "done" : `${state}: ${whyNot(reason)}`],
    [relayOnAt, "the bolt is released"],
    [relayOffAt, "the bolt has fallen"],
  ];
  const head = `${" ".repeat(10)}  ${command} ${commandId}, asked by ${askedBy}${actAt > madeAt ? `, for ${new Date(actAt).toISOString()}` : ""}`;
  const taken = steps.flatMap(([atMs, text]) => (atMs === null ? [] : [{ atMs, text }]));
  // What is heard of together stands in the order in which it happened.
  const inOrder = taken.toSorted((one, other) => one.atMs - other.atMs);
  return [head, ...inOrder.map(({ atMs, text }) => `${after(atMs)}  ${text}`)];
}

function whyNot(reason: string | null): string {
  const code = Object.entries(LINK_CODES).find(([known]) => known === reason);
  return `${code === undefined ? `${reasonText(reason ?? undefined)}.` : code[1].summary} (${reason ?? "no reason"})`;
}
