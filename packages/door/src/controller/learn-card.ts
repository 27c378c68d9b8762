import { cardText } from "@postern/core";
import type { DoorFacts } from "./door-facts.ts";
import type { DoorState } from "./door-state.ts";
import type { CommandResult } from "./open-once.ts";
import type { Presentation } from "./present.ts";
import type { DoorEffect, DoorStep } from "./step-door.ts";

/** Somebody asked from afar which card is presented next at a device. */
export interface CardLearning {
  readonly commandId: number;
  readonly deviceId: number;
  /** By the server's clock, which is the controller's. */
  readonly notAfterMs: number;
}

/** From now on the next card at the device is not judged but told. One learning at a time goes on at a device. */
export function beginLearning(state: DoorState, learning: CardLearning, facts: DoorFacts): DoorStep {
  const refuse = (result: CommandResult): DoorStep => ({ state, effects: [resultOf(learning, result)] });
  if (facts.nowMs === null) return refuse({ outcome: "refused", reason: "no_clock" });
  if (facts.nowMs > learning.notAfterMs) return refuse({ outcome: "too_late", reason: "command_too_late" });
  const ended = endOf(learning, state, facts);
  if (ended !== null) return refuse(ended);
  if (learningAt(state, learning.deviceId) !== undefined) return refuse({ outcome: "refused", reason: "device_learning" });
  return { state: { ...state, learnings: [...state.learnings, learning] }, effects: [] };
}

/** The card that was waited for: told and forgotten, without a decision and without an event. Null for what is to be judged. */
export function learnCard(state: DoorState, { presentationId, deviceId, credential }: Presentation, facts: DoorFacts): DoorStep | null {
  const learning = learningAt(state, deviceId);
  if (learning === undefined || credential.kind !== "card" || endOf(learning, state, facts) !== null) return null;
  return {
    state: { ...state, learnings: state.learnings.filter((one) => one !== learning) },
    effects: [
      resultOf(learning, { outcome: "done", card: cardText(credential.card) }),
      { kind: "answer", presentationId, outcome: { outcome: "learnt", person: null } },
    ],
  };
}

/** Ends what nobody presented a card for in time, and what a lockdown came upon. */
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

/** The door is given up: nobody waits for a card here any more. */
export function endLearnings(state: DoorState): readonly DoorEffect[] {
  return state.learnings.map((learning) => resultOf(learning, { outcome: "failed", reason: "device_released" }));
}

function learningAt({ learnings }: DoorState, deviceId: number): CardLearning | undefined {
  return learnings.find((one) => one.deviceId === deviceId);
}

/** What ends a learning without a card; null while it may go on. During a lockdown whoever comes to a door has to stand in the log. */
function endOf({ notAfterMs }: CardLearning, { wiring }: DoorState, { nowMs, roster }: DoorFacts): CommandResult | null {
  if (roster.mode(wiring.doorId)?.lockdown === true) return { outcome: "refused", reason: "lockdown" };
  return nowMs !== null && nowMs > notAfterMs ? { outcome: "failed", reason: "card_not_presented" } : null;
}

function resultOf({ commandId }: CardLearning, result: CommandResult): DoorEffect {
  return { kind: "result", commandId, result };
}
