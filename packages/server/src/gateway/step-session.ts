import {
  type AnswerFrame,
  type AskFrame,
  type CommandFrame,
  type EventsFrame,
  type HelloFrame,
  type ResultFrame,
  type RosterFrame,
  type StoredFrame,
  type SyncedFrame,
  VENDOR_ASKS_IN_FLIGHT_MAX,
  type WelcomeFrame,
} from "@postern/contract";
import type { AppendOutcome } from "../ledger/append.ts";
import type { Page, PageItem } from "../roster/page.ts";
import {
  type PumpEffect,
  type PumpState,
  type PumpStep,
  pumpDigest,
  pumpMended,
  pumpPage,
  pumpSums,
  pumpSynced,
  pumpWake,
  startPump,
} from "./pump.ts";
import type { OpenedSession } from "./session-store.ts";

/** One connection's session, from the accepted CONNECT to its end (SPEC.md). */
export type SessionState =
  | { readonly kind: "greeting" }
  /** The hello is being written down. */
  | { readonly kind: "opening"; readonly hello: HelloFrame }
  | {
      readonly kind: "live";
      readonly opened: OpenedSession;
      readonly pump: PumpState;
      readonly isAppending: boolean;
      /** The newest question to the customer's server; 0: none yet. */
      readonly lastAskId: number;
      readonly asksInFlight: number;
    }
  | { readonly kind: "closed" };

export type SessionInput =
  | { readonly kind: "hello"; readonly frame: HelloFrame }
  | { readonly kind: "events"; readonly frame: EventsFrame }
  | { readonly kind: "synced"; readonly frame: SyncedFrame }
  | { readonly kind: "result"; readonly frame: ResultFrame }
  | { readonly kind: "ask"; readonly frame: AskFrame }
  /** What the customer's server said. */
  | { readonly kind: "answered"; readonly frame: AnswerFrame }
  /** A command waits for this controller. */
  | { readonly kind: "commanded"; readonly frame: CommandFrame }
  | { readonly kind: "opened"; readonly opened: OpenedSession; readonly marks: ReadonlyMap<number, number>; readonly serverMs: number }
  | { readonly kind: "appended"; readonly outcome: AppendOutcome | { readonly kind: "failed" } }
  | { readonly kind: "woken" }
  | { readonly kind: "page"; readonly page: Page }
  | { readonly kind: "sums"; readonly compare: NonNullable<RosterFrame["compare"]> }
  | { readonly kind: "mended"; readonly items: readonly PageItem[]; readonly isLast: boolean }
  | { readonly kind: "digest"; readonly agrees: boolean }
  | { readonly kind: "dropped" };

export type SessionEffect =
  | PumpEffect
  | { readonly kind: "open"; readonly hello: HelloFrame }
  | { readonly kind: "welcome"; readonly frame: WelcomeFrame }
  | { readonly kind: "append"; readonly frame: EventsFrame }
  /** Sent with the server's time. */
  | { readonly kind: "stored"; readonly frame: StoredFrame }
  | { readonly kind: "command"; readonly frame: CommandFrame }
  | { readonly kind: "end_command"; readonly frame: ResultFrame }
  /** Asks the customer's server; `answered` comes back. */
  | { readonly kind: "ask_vendor"; readonly frame: AskFrame }
  | { readonly kind: "answer"; readonly frame: AnswerFrame }
  | { readonly kind: "close"; readonly reason: string };

export interface SessionStep {
  readonly state: SessionState;
  readonly effects: readonly SessionEffect[];
}

export const NEW_SESSION: SessionState = { kind: "greeting" };

/** What a session does about what happens. Whatever the controller sends out of turn closes the connection: it comes back and greets again. */
export function stepSession(state: SessionState, input: SessionInput): SessionStep {
  if (state.kind === "closed") return { state, effects: [] };
  if (input.kind === "dropped") return { state: { kind: "closed" }, effects: [] };
  switch (state.kind) {
    case "greeting":
      return input.kind === "hello"
        ? { state: { kind: "opening", hello: input.frame }, effects: [{ kind: "open", hello: input.frame }] }
        : close("out_of_turn");
    case "opening":
      return stepOpening(state, input);
    case "live":
      return stepLive(state, input);
  }
}

function stepOpening(state: SessionState & { kind: "opening" }, input: SessionInput): SessionStep {
  if (input.kind !== "opened") return input.kind === "woken" || input.kind === "commanded" ? { state, effects: [] } : close("out_of_turn");
  const { opened } = input;
  const { urgentTo, completeTo, itemCount } = state.hello.roster;
  const isForeign = state.hello.epoch !== null && state.hello.epoch !== opened.epoch;
  const pump = startPump({
    head: opened.head,
    doorIds: opened.doors.map((door) => door.doorId),
    urgentTo,
    completeTo,
    itemCount,
    mustCompare: isForeign || completeTo > opened.head || urgentTo > opened.head || (completeTo > 0 && completeTo < opened.tombstonesFrom),
  });
  const welcome: WelcomeFrame = {
    session: opened.session,
    controllerId: opened.controllerId,
    placeId: opened.placeId,
    epoch: opened.epoch,
    serverMs: input.serverMs,
    doors: opened.doors,
    marks: [...input.marks].map(([generation, through]) => ({ generation, through })),
  };
  const live = { kind: "live", opened, pump: pump.state, isAppending: false, lastAskId: 0, asksInFlight: 0 } as const;
  return { state: live, effects: [{ kind: "welcome", frame: welcome }, ...pump.effects] };
}

type LiveState = SessionState & { kind: "live" };

function stepLive(state: LiveState, input: SessionInput): SessionStep {
  switch (input.kind) {
    case "events":
      if (input.frame.session !== state.opened.session) return close("session_stale");
      if (state.isAppending) return close("out_of_turn");
      return { state: { ...state, isAppending: true }, effects: [{ kind: "append", frame: input.frame }] };
    case "appended":
      return stepAppended(state, input.outcome);
    case "synced":
      if (input.frame.session !== state.opened.session) return close("session_stale");
      return withPump(state, pumpSynced(state.pump, input.frame));
    case "result":
      if (input.frame.session !== state.opened.session) return close("session_stale");
      return { state, effects: [{ kind: "end_command", frame: input.frame }] };
    case "ask":
      if (input.frame.session !== state.opened.session) return close("session_stale");
      return takeAsk(state, input.frame);
    case "answered":
      return { state: { ...state, asksInFlight: state.asksInFlight - 1 }, effects: [{ kind: "answer", frame: input.frame }] };
    case "commanded":
      return { state, effects: [{ kind: "command", frame: input.frame }] };
    case "woken":
      return withPump(state, pumpWake(state.pump));
    case "page":
      return withPump(state, pumpPage(state.pump, input.page));
    case "sums":
      return withPump(state, pumpSums(state.pump, input.compare));
    case "mended":
      return withPump(state, pumpMended(state.pump, input.items, input.isLast));
    case "digest":
      return withPump(state, pumpDigest(state.pump, input.agrees));
    default:
      return close("out_of_turn");
  }
}

/** One call for one question: what does not rise is a repeat, whether or not it is answered by now. */
function takeAsk(state: LiveState, frame: AskFrame): SessionStep {
  const { askId, doorId, deviceId } = frame;
  if (askId <= state.lastAskId) return { state, effects: [] };
  const asked = { ...state, lastAskId: askId };
  const isTheirs = state.opened.doors.some((door) => door.doorId === doorId && [door.entryDeviceId, door.exitDeviceId].includes(deviceId));
  if (!isTheirs) return { state: asked, effects: [silence(askId, "door_unknown")] };
  if (state.asksInFlight >= VENDOR_ASKS_IN_FLIGHT_MAX) return { state: asked, effects: [silence(askId, "busy")] };
  return { state: { ...asked, asksInFlight: state.asksInFlight + 1 }, effects: [{ kind: "ask_vendor", frame }] };
}

function silence(askId: number, vendorReason: string): SessionEffect {
  return { kind: "answer", frame: { askId, verdict: "silent", detail: { vendorReason } } };
}

function stepAppended(state: LiveState, outcome: AppendOutcome | { readonly kind: "failed" }): SessionStep {
  const idle = { ...state, isAppending: false };
  switch (outcome.kind) {
    case "stored": {
      const { refused, ...answer } = outcome.answer;
      return { state: idle, effects: [{ kind: "stored", frame: { ...answer, refused: [...refused] } }] };
    }
    case "stale_session":
      return close("session_stale");
    case "failed":
      // No answer: the controller keeps its events and sends them again.
      return { state: idle, effects: [] };
  }
}

function withPump(state: LiveState, step: PumpStep): SessionStep {
  return { state: { ...state, pump: step.state }, effects: step.effects };
}

function close(reason: string): SessionStep {
  return { state: { kind: "closed" }, effects: [{ kind: "close", reason }] };
}
