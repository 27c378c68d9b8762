import type { Static, TSchema } from "typebox";
import { Compile } from "typebox/compile";
import {
  AnswerFrame,
  AskFrame,
  CommandFrame,
  EventsFrame,
  HelloFrame,
  LinkEvent,
  ResultFrame,
  RosterFrame,
  StoredFrame,
  SyncedFrame,
  WelcomeFrame,
} from "./frames.ts";

/** A frame as its type, or what is wrong with it: a path and a rule, never a value. */
export type FrameRead<Frame> = { readonly ok: true; readonly frame: Frame } | { readonly ok: false; readonly problem: string };

function reader<Schema extends TSchema>(schema: Schema): (payload: Uint8Array) => FrameRead<Static<Schema>> {
  const check = Compile(schema);
  return (payload) => {
    const value = parseJson(payload);
    if (value === undefined) return { ok: false, problem: "not JSON" };
    // biome-ignore lint/nursery/noUnsafeTypeAssertion: checked on this line; the check narrows to an equal type under another name.
    if (check.Check(value)) return { ok: true, frame: value as Static<Schema> };
    const first = check.Errors(value)[0];
    return { ok: false, problem: first === undefined ? "not of this kind" : `${first.instancePath || "/"} ${first.message}` };
  };
}

const decoder = new TextDecoder("utf-8", { fatal: true });

function parseJson(payload: Uint8Array): unknown {
  try {
    return JSON.parse(decoder.decode(payload));
  } catch {
    return undefined;
  }
}

export const readHello = reader(HelloFrame);
export const readWelcome = reader(WelcomeFrame);
export const readEvents = reader(EventsFrame);
export const readStored = reader(StoredFrame);
export const readRoster = reader(RosterFrame);
export const readSynced = reader(SyncedFrame);
export const readCommand = reader(CommandFrame);
export const readResult = reader(ResultFrame);
export const readAsk = reader(AskFrame);
export const readAnswer = reader(AnswerFrame);

const linkEvent = Compile(LinkEvent);

/** One event of a frame, judged alone. */
export function readLinkEvent(value: unknown): LinkEvent | null {
  return linkEvent.Check(value) ? value : null;
}
