import { assertNever, cardText } from "@postern/core";
import type { ScannedFinger } from "../drivers/driver.ts";
import type { DoorFacts } from "./door-facts.ts";
import type { DoorState } from "./door-state.ts";
import type { CommandResult } from "./open-once.ts";
import type { Presentation } from "./present.ts";
import type { DoorEffect, DoorStep } from "./step-door.ts";

/** Somebody asked from afar which card, or which finger, is presented next at a device. */
export interface Learning {
  readonly commandId: number;
  readonly deviceId: number;
  /** By the server's clock, which is the controller's. */
  readonly notAfterMs: number;
  readonly wanted: { readonly kind: "card" } | { readonly kind: "finger"; readonly scoreMin: number };
}

/** What was waited for shall be judged again. */
export interface LearningEnd {
  readonly commandId: number;
  readonly deviceId: number;
}

/** From now on the next card, or finger, at the device is not judged but told. One learning at a time goes on at a device: a newer one ends it. */
export function beginLearning(state: DoorState, learning: Learning, facts: DoorFacts): DoorStep {
  const refuse = (result: CommandResult): DoorStep => ({ state, effects: [resultOf(learning, result)] });
  if (facts.nowMs === null) return refuse({ outcome: "refused", reason: "no_clock" });
  if (facts.nowMs > learning.notAfterMs) return refuse({ outcome: "too_late", reason: "command_too_late" });
  const ended = endOf(learning, state, facts);
  if (ended !== null) return refuse(ended);
  const older = learningsAt(state, learning.deviceId);
  const learnings = [...state.learnings.filter((one) => !older.includes(one)), learning];
  return { state: { ...state, learnings }, effects: older.map((one) => resultOf(one, REPLACED)) };
}

const REPLACED: CommandResult = { outcome: "failed", reason: "learning_replaced" };
const CANCELLED: CommandResult = { outcome: "failed", reason: "learning_cancelled" };

/** Nobody waits at the device any more, whoever it was. */
export function cancelLearning(state: DoorState, end: LearningEnd): DoorStep {
  const ended = learningsAt(state, end.deviceId);
  return {
    state: { ...state, learnings: state.learnings.filter((one) => !ended.includes(one)) },
    effects: [...ended.map((one) => resultOf(one, CANCELLED)), { kind: "result", commandId: end.commandId, result: { outcome: "done" } }],
  };
}

/** What was waited for: told and forgotten, without a decision and without an event. Null for what is to be judged. */
export function learn(state: DoorState, { presentationId, deviceId, credential }: Presentation, facts: DoorFacts): DoorStep | null {
  const [learning] = learningsAt(state, deviceId);
  if (learning === undefined || endOf(learning, state, facts) !== null) return null;
  const result = learnt(learning, credential);
  if (result === null) return null;
  return {
    state: { ...state, learnings: state.learnings.filter((one) => one !== learning) },
    effects: [resultOf(learning, result), { kind: "answer", presentationId, outcome: { outcome: "learnt", person: null } }],
  };
}

/** What came of the wish; null: something else was presented. */
function learnt({ wanted }: Learning, credential: Presentation["credential"]): CommandResult | null {
  switch (wanted.kind) {
    case "card":
      return credential.kind === "card" ? { outcome: "done", card: cardText(credential.card) } : null;
    case "finger":
      return credential.kind === "matched" && credential.finger !== undefined
        ? fingerResult(credential.finger, { scoreMin: wanted.scoreMin, holderId: credential.authId })
        : null;
    default:
      return assertNever(wanted);
  }
}

function fingerResult(
  { template, score }: ScannedFinger,
  { scoreMin, holderId }: { scoreMin: number; holderId: number | null },
): CommandResult {
  if (score < scoreMin) return { outcome: "failed", reason: "finger_low_quality", score };
  return { outcome: "done", finger: { template, authIds: holderId === null ? [] : [holderId] }, score };
}

/** Ends what nobody presented anything for in time, and what a lockdown came upon. */
export function judgeLearnings(step: DoorStep, facts: DoorFacts): DoorStep {
  const ended = step.state.learnings.flatMap((learning) => {
    const result = endOf(learning, step.state, facts);
    return result === null ? [] : [{ learning, result }];
  });
  if (ended.length === 0) return step;
  const learnings = step.state.learnings.filter((one) => !ended.some(({ learning }) => learning === one));
  const results = ended.map(({ learning, result }) => resultOf(learning, result));
  return { state: { ...step.state, learnings }, effects: [...step.effects, ...results] };
}

/** The door is given up: nobody waits for anything here any more. */
export function endLearnings(state: DoorState): readonly DoorEffect[] {
  return state.learnings.map((learning) => resultOf(learning, { outcome: "failed", reason: "device_released" }));
}

function learningsAt({ learnings }: DoorState, deviceId: number): readonly Learning[] {
  return learnings.filter((one) => one.deviceId === deviceId);
}

/** What ends a learning without a card; null while it may go on. During a lockdown whoever comes to a door has to stand in the log. */
function endOf({ notAfterMs, wanted }: Learning, { wiring }: DoorState, { nowMs, roster }: DoorFacts): CommandResult | null {
  if (roster.mode(wiring.doorId)?.lockdown === true) return { outcome: "refused", reason: "lockdown" };
  return nowMs !== null && nowMs > notAfterMs ? { outcome: "failed", reason: `${wanted.kind}_not_presented` } : null;
}

function resultOf({ commandId }: Pick<Learning, "commandId">, result: CommandResult): DoorEffect {
  return { kind: "result", commandId, result };
}
