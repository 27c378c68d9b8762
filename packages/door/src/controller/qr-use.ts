import { assertNever, type Decision } from "@postern/core";
import { QR_USE_MS_MAX, QR_USES_PER_DOOR_MAX } from "../limits.ts";
import { type Attempt, qrOf } from "./attempt.ts";
import { refuse } from "./conclude.ts";
import type { DoorFacts } from "./door-facts.ts";
import type { DoorState } from "./door-state.ts";
import { usedStep } from "./read-presented-qr.ts";
import type { DoorStep } from "./step-door.ts";

/** Somebody whose code the server is asked about: whether it was used at another controller. */
export interface QrUse {
  readonly waitId: number;
  readonly attempt: Attempt;
}

/**
 * A code opens once. Here that follows from the log; elsewhere the server knows, which is asked before anything comes of the code. Where there is no link, or no
 * answer in time, the door decides alone, as it does about everything. Null: nothing has to be asked.
 */
export function askWhetherUsed(state: DoorState, attempt: Attempt, decision: Decision, facts: DoorFacts): DoorStep | null {
  const qr = qrOf(attempt.evidence);
  if (qr === null || !leadsOn(decision)) return null;
  // Of several factors the code was presented a while ago, and may have been at another door meanwhile.
  if (qr.step <= (usedStep(qr.id, facts) ?? -1)) return refuse(state, attempt, "qr_used", facts);
  if (attempt.isQrAskedAfter === true || !facts.isServerReachable) return null;
  if (state.qrUses.length >= QR_USES_PER_DOOR_MAX) return refuse(state, attempt, "busy", facts);
  const waitId = state.nextWaitId;
  const { deviceId } = attempt.presentation;
  const ask = { doorId: state.wiring.doorId, deviceId, credential: "qr", identify: false, qr } as const;
  return {
    state: { ...state, qrUses: [...state.qrUses, { waitId, attempt }], nextWaitId: waitId + 1 },
    effects: [{ kind: "ask_vendor", waitId, ask, budgetMs: QR_USE_MS_MAX }],
  };
}

/** Whether the code is good for something: what is refused anyway uses nothing up, and a door that stands unlocked opens for nobody. */
function leadsOn(decision: Decision): boolean {
  switch (decision.kind) {
    case "granted":
    case "ask_vendor":
      return true;
    // The last factor comes later, and the server is asked then.
    case "wait_factor":
    case "unlocked":
    case "denied":
      return false;
    default:
      return assertNever(decision);
  }
}

/** The door is given up: nobody is let in by what the server says now. */
export function giveUpQrUses(state: DoorState, facts: DoorFacts): DoorStep {
  return state.qrUses.reduce<DoorStep>(
    (step, { attempt }) => {
      const refused = refuse(step.state, attempt, "busy", facts);
      return { state: refused.state, effects: [...step.effects, ...refused.effects] };
    },
    { state: { ...state, qrUses: [] }, effects: [] },
  );
}
