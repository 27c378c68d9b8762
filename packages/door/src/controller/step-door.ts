import type { LinkEvent } from "@postern/contract";
import { assertNever, type DoorMode, isBeliefTooOld } from "@postern/core";
import type { DoorPart, Outcome } from "../drivers/driver.ts";
import type { Guesser } from "../guesser.ts";
import { UNLOCK_MS_WITHOUT_SETTINGS } from "../limits.ts";
import { withdrawAsk } from "./ask-vendor.ts";
import { withdraw } from "./conclude.ts";
import { atDoor, doorEvent, modeEvent } from "./door-events.ts";
import { type DoorFacts, modeNow } from "./door-facts.ts";
import { type DoorState, type FoundDoor, withFound } from "./door-state.ts";
import { timeOut } from "./factor-wait.ts";
import { failPart, isRelayLost, recoverPart, retryPart } from "./faults.ts";
import { judgeFirstIn, letIn } from "./first-in.ts";
import { keepGuessers } from "./guesses.ts";
import { boltMoved, judgeLeaf, senseLeaf } from "./leaf.ts";
import { beginLearning, cancelLearning, endLearnings, judgeLearnings, type Learning, type LearningEnd, learn } from "./learning.ts";
import { type CommandResult, type OnceOpen, openOnce } from "./open-once.ts";
import { type Presentation, present } from "./present.ts";
import { giveUpQrUses } from "./qr-use.ts";
import { giveUpAsks, takeAnswer } from "./take-answer.ts";
import { takeQrUse } from "./take-qr-use.ts";
import { tamper } from "./tamper.ts";
import type { VendorAnswer, VendorAsk } from "./vendor-wait.ts";

export type DoorInput =
  /** The controller has started, or has been given the door. */
  | { readonly kind: "started"; readonly found: FoundDoor }
  | { readonly kind: "presented"; readonly presentation: Presentation }
  /** The bolt was released for somebody at this device, and that is written down. */
  | { readonly kind: "let_in"; readonly deviceId: number }
  | { readonly kind: "factor_timeout"; readonly waitId: number }
  /** The customer's own server has answered, or its time is over. */
  | { readonly kind: "vendor_answered"; readonly waitId: number; readonly answer: VendorAnswer }
  /** What `record_first` wanted could not be written down: nothing that followed it was done. */
  | { readonly kind: "not_recorded"; readonly about: Unrecorded }
  | { readonly kind: "command"; readonly command: OnceOpen }
  | { readonly kind: "learn"; readonly learning: Learning }
  | { readonly kind: "cancel_learning"; readonly end: LearningEnd }
  | { readonly kind: "exit_button" }
  | { readonly kind: "fire"; readonly isOn: boolean }
  | { readonly kind: "sensor"; readonly isOpen: boolean }
  /** The case of one of the door's devices. */
  | { readonly kind: "tamper"; readonly deviceId: number; readonly isOn: boolean }
  /** Somebody was told otherwise than was decided, because the relay did not do its part. */
  | { readonly kind: "told"; readonly decided: Outcome; readonly told: Outcome }
  /** The hardware reports the relay. */
  | { readonly kind: "relay"; readonly isOn: boolean }
  | { readonly kind: "part_failed"; readonly part: DoorPart }
  | { readonly kind: "part_works"; readonly part: DoorPart }
  /** The pause that `retry_later` wanted is over. */
  | { readonly kind: "retry"; readonly part: DoorPart }
  /** Time has passed, or the roster has changed: what holds the door is judged anew. */
  | { readonly kind: "tick" }
  | { readonly kind: "stopping" };

/** In the order in which they are to be done. */
export type DoorEffect =
  /** Write down before anything that follows; when that fails, what follows is not done and `not_recorded` comes back. */
  | { readonly kind: "record_first"; readonly events: readonly LinkEvent[]; readonly about: Unrecorded }
  /** Write down what has happened already. */
  | { readonly kind: "record"; readonly events: readonly LinkEvent[] }
  | { readonly kind: "pulse"; readonly unlockMs: number }
  | { readonly kind: "hold"; readonly isOn: boolean }
  | { readonly kind: "lock" }
  /** Starts the clock of a wait; `factor_timeout` comes back unless it ended before. */
  | { readonly kind: "wait"; readonly waitId: number; readonly waitMs: number }
  /** Asks the customer's own server; `vendor_answered` comes back within the budget. */
  | { readonly kind: "ask_vendor"; readonly waitId: number; readonly ask: VendorAsk; readonly budgetMs: number }
  /** All of a grant before it is done: `let_in` comes back at once. */
  | { readonly kind: "let_in"; readonly deviceId: number }
  /** Written down beside the log; null: forgotten. */
  | { readonly kind: "keep_first_in"; readonly firstInMs: number | null }
  | { readonly kind: "keep_guessers"; readonly guessers: readonly Guesser[] }
  /** `retry` comes back then, unless that part is to be tried sooner already. */
  | { readonly kind: "retry_later"; readonly part: DoorPart; readonly afterMs: number }
  /** Tries to make a part work: `part_works` or `part_failed` comes back. */
  | { readonly kind: "revive"; readonly part: DoorPart }
  /** `tick` comes back then, sooner than it would by itself. */
  | { readonly kind: "look_again"; readonly afterMs: number }
  /** Told to whoever sent the command. */
  | { readonly kind: "result"; readonly commandId: number; readonly result: CommandResult }
  /** Our own bug, for the log. */
  | { readonly kind: "report_fault"; readonly cause: unknown }
  /** Told to the reader once the relay has done what was asked of it. */
  | { readonly kind: "answer"; readonly presentationId: number; readonly outcome: Outcome };

export type Unrecorded =
  | { readonly kind: "grant"; readonly presentationIds: readonly number[]; readonly failure: LinkEvent }
  | { readonly kind: "ask"; readonly waitId: number; readonly failure: LinkEvent }
  | { readonly kind: "command"; readonly commandId: number }
  | { readonly kind: "mode" };

export interface DoorStep {
  readonly state: DoorState;
  readonly effects: readonly DoorEffect[];
}

/** What one door does about one thing that happens, given the world as it is now. */
export function stepDoor(state: DoorState, input: DoorInput, facts: DoorFacts): DoorStep {
  const step = keepGuessers(state, stepInput(state, input, facts));
  const isForSomebody = step.effects.some((effect) => effect.kind === "pulse");
  if (!isForSomebody) return judgeLeaf(step, facts);
  // A command whose release the relay never did is not what opens the door for somebody else.
  const isOthers = input.kind !== "command" && !step.state.isRelayOn;
  const moved = boltMoved(isOthers ? { ...step.state, openedBy: null } : step.state, true, facts);
  return judgeLeaf({ ...step, state: moved }, facts);
}

function stepInput(state: DoorState, input: DoorInput, facts: DoorFacts): DoorStep {
  switch (input.kind) {
    case "started":
      return start(withFound(state, input.found), input.found.wasRelayOn, facts);
    case "presented":
      return learn(state, input.presentation, facts) ?? present(state, input.presentation, facts);
    case "let_in":
      return judgeMode(letIn(state, input.deviceId, facts), facts);
    case "factor_timeout":
      return timeOut(state, input.waitId, facts);
    case "vendor_answered":
      return takeQrUse(state, input.waitId, input.answer, facts) ?? takeAnswer(state, input.waitId, input.answer, facts);
    case "not_recorded":
      return notRecorded(state, input.about, facts);
    case "command":
      return openOnce(state, input.command, facts);
    case "learn":
      return beginLearning(state, input.learning, facts);
    case "cancel_learning":
      return cancelLearning(state, input.end);
    case "exit_button":
      return pressExitButton(state, facts);
    case "fire":
      return signalFire(state, input.isOn, facts);
    case "sensor":
      return senseLeaf(state, input.isOpen, facts);
    case "told":
      return {
        state: state.last?.outcome === input.decided ? { ...state, last: { ...state.last, outcome: input.told } } : state,
        effects: [],
      };
    case "tamper":
      return tamper(state, input, facts);
    case "relay":
      return reportRelay(state, input.isOn, facts);
    case "part_failed":
      return failPart(state, input.part, facts);
    case "part_works":
      return recoverPart(state, input.part, facts);
    case "retry":
      return retryPart(state, input.part);
    case "tick":
      return judgeMode(judgeFirstIn(judgeSilence(judgeBelief(judgeLearnings({ state, effects: [] }, facts), facts), facts), facts), facts);
    case "stopping":
      return stop(state, facts);
    default:
      return assertNever(input);
  }
}

function notRecorded(state: DoorState, about: Unrecorded, facts: DoorFacts): DoorStep {
  switch (about.kind) {
    case "mode":
      return { state: { ...state, mode: { kind: "credentials" } }, effects: [] };
    case "command":
      return {
        state: { ...state, openedBy: null },
        effects: [{ kind: "result", commandId: about.commandId, result: { outcome: "failed", reason: "not_recorded" } }],
      };
    case "grant":
      return withdraw(state, about, facts);
    case "ask":
      return withdrawAsk(state, about, facts);
    default:
      return assertNever(about);
  }
}

/** The bolt first. */
function stop(state: DoorState, facts: DoorFacts): DoorStep {
  const given = giveUpAsks({ ...state, waits: [], learnings: [] }, facts);
  const all = giveUpQrUses(given.state, facts);
  return { state: all.state, effects: [{ kind: "lock" }, ...endLearnings(state), ...given.effects, ...all.effects] };
}

function record(...events: readonly LinkEvent[]): DoorEffect {
  return { kind: "record", events };
}

/** The safe state first. A relay that a killed controller left on is switched off, and that is a fact. */
function start(state: DoorState, wasRelayOn: boolean, facts: DoorFacts): DoorStep {
  const effects: DoorEffect[] = [{ kind: "lock" }];
  if (wasRelayOn) effects.push(record(doorEvent(atDoor(state, facts), "DEV_DOOR_RELAY_OFF", { reason: "controller_started" })));
  return judgeMode({ state: { ...state, isRelayOn: false }, effects }, facts);
}

/** Acts first: nobody who wants out waits for a disk. */
function pressExitButton(state: DoorState, facts: DoorFacts): DoorStep {
  const unlockMs = facts.roster.door(state.wiring.doorId)?.unlockMs ?? UNLOCK_MS_WITHOUT_SETTINGS;
  const deviceId = state.wiring.exitDeviceId ?? state.wiring.entryDeviceId;
  return {
    state,
    effects: [{ kind: "pulse", unlockMs }, record(doorEvent({ ...atDoor(state, facts), deviceId }, "DEV_DOOR_EXIT_BUTTON"))],
  };
}

function signalFire(state: DoorState, isOn: boolean, facts: DoorFacts): DoorStep {
  if (isOn === state.isFireSignalled) return { state, effects: [] };
  const event = doorEvent(atDoor(state, facts), isOn ? "FIRE_SIGNAL_ON" : "FIRE_SIGNAL_OFF");
  if (!isOn) return judgeMode({ state: { ...state, isFireSignalled: false }, effects: [record(event)] }, facts);
  const ended = modeEvent(state.mode, "END");
  const endEvents = ended === null ? [] : [doorEvent(atDoor(state, facts), ended)];
  const mode: DoorMode = { kind: "unlocked", by: "fire" };
  return { state: { ...state, isFireSignalled: true, mode }, effects: [{ kind: "hold", isOn: true }, record(event, ...endEvents)] };
}

function reportRelay(state: DoorState, isOn: boolean, facts: DoorFacts): DoorStep {
  if (isOn === state.isRelayOn) return { state, effects: [] };
  const { openedBy } = state;
  const detail = openedBy === null ? undefined : { commandId: openedBy };
  return {
    state: boltMoved({ ...state, isRelayOn: isOn, openedBy: isOn ? openedBy : null }, isOn, facts),
    effects: [record(doorEvent(atDoor(state, facts), isOn ? "DEV_DOOR_RELAY_ON" : "DEV_DOOR_RELAY_OFF", detail))],
  };
}

/** Says once that nobody is let in here until the server has been heard again, and once that this is over. */
function judgeBelief(step: DoorStep, facts: DoorFacts): DoorStep {
  const { state } = step;
  const isTooOld = isBeliefTooOld(facts.roster.door(state.wiring.doorId) ?? ANY_AGE, facts.beliefAgeMs);
  if (isTooOld === state.isBeliefTooOld) return step;
  const event = doorEvent(atDoor(state, facts), isTooOld ? "BELIEF_TOO_OLD" : "BELIEF_RENEWED");
  return { state: { ...state, isBeliefTooOld: isTooOld }, effects: [...step.effects, record(event)] };
}

/** A door without settings judges no age: it lets nobody in. */
const ANY_AGE = { beliefAgeMsMax: null };

/** Ends the customer's silence where nobody is asked any more. */
function judgeSilence(step: DoorStep, facts: DoorFacts): DoorStep {
  const { state } = step;
  const door = facts.roster.door(state.wiring.doorId);
  if (!state.isVendorSilent || (door !== null && door.confirmations.length > 0)) return step;
  const event = doorEvent(atDoor(state, facts), "VENDOR_SILENCE_END");
  return { state: { ...state, isVendorSilent: false }, effects: [...step.effects, record(event)] };
}

/** Brings the relay to what holds the door now. Locking acts first; unlocking is written down before the bolt moves. */
function judgeMode({ state, effects }: DoorStep, facts: DoorFacts): DoorStep {
  const mode = modeNow(state, facts);
  if (isSameMode(mode, state.mode)) {
    // A hold that the hardware lost is asked for again.
    const isLost = mode.kind === "unlocked" && !state.isRelayOn && !isRelayLost(state);
    return { state, effects: isLost ? [...effects, { kind: "hold", isOn: true }] : effects };
  }
  const names = [modeEvent(state.mode, "END"), modeEvent(mode, "START")];
  const events = names.flatMap((name) => (name === null ? [] : [doorEvent(atDoor(state, facts), name)]));
  const next = { ...state, mode };
  switch (mode.kind) {
    case "unlocked":
      return {
        state: next,
        effects: [...effects, { kind: "record_first", events, about: { kind: "mode" } }, { kind: "hold", isOn: true }],
      };
    case "locked":
      return { state: next, effects: [...effects, { kind: "lock" }, record(...events)] };
    case "credentials":
      return { state: next, effects: [...effects, { kind: "hold", isOn: false }, record(...events)] };
    default:
      return assertNever(mode);
  }
}

function isSameMode(left: DoorMode, right: DoorMode): boolean {
  if (left.kind === "credentials" || right.kind === "credentials") return left.kind === right.kind;
  return left.kind === right.kind && left.by === right.by;
}
