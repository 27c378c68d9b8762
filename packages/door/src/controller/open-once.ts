import type { ResultFrame } from "@postern/contract";
import type { DenialReason, DoorMode } from "@postern/core";
import { UNLOCK_MS_WITHOUT_SETTINGS } from "../limits.ts";
import { doorEvent } from "./door-events.ts";
import { type DoorFacts, modeNow } from "./door-facts.ts";
import type { DoorState } from "./door-state.ts";
import type { DoorStep } from "./step-door.ts";

/** Somebody asked from afar that the door be opened once. */
export interface OnceOpen {
  readonly commandId: number;
  /** By the server's clock, which is the controller's. */
  readonly notAfterMs: number;
}

/** What came of a command: the words of the link's `result`. */
export interface CommandResult {
  readonly outcome: "done" | "failed" | "too_late" | "refused";
  readonly reason?: string;
  /** What was learnt. */
  readonly card?: NonNullable<ResultFrame["card"]>;
  readonly finger?: NonNullable<ResultFrame["finger"]>;
  readonly score?: number;
  /** It is done once the relay has done its part; what a reader learnt does not hang on that. */
  readonly movesBolt?: true;
}

/** Opens the door once, written down before the bolt moves. A door that a mode locks stays shut, and nothing is done without a clock to say that it is still time. */
export function openOnce(state: DoorState, { commandId, notAfterMs }: OnceOpen, facts: DoorFacts): DoorStep {
  const end = (result: CommandResult): DoorStep => ({ state, effects: [{ kind: "result", commandId, result }] });
  if (facts.nowMs === null) return end({ outcome: "refused", reason: "no_clock" });
  if (facts.nowMs > notAfterMs) return end({ outcome: "too_late", reason: "command_too_late" });
  const { doorId, entryDeviceId: deviceId } = state.wiring;
  const mode = modeNow(state, facts);
  if (mode.kind === "locked") return end({ outcome: "refused", reason: lockReason(mode) });
  // It stands unlocked already: what was asked for is so.
  if (mode.kind === "unlocked") return end({ outcome: "done", movesBolt: true });
  const event = doorEvent({ eventAt: facts.stampMs, doorId, deviceId }, "DOOR_OPENED_BY_COMMAND", {
    commandId,
    // Then no relay goes on by it, and whoever watches the command knows that it was.
    ...(state.isRelayOn ? { wasOn: true } : {}),
  });
  const unlockMs = facts.roster.door(doorId)?.unlockMs ?? UNLOCK_MS_WITHOUT_SETTINGS;
  return {
    state: { ...state, openedBy: commandId },
    effects: [
      { kind: "record_first", events: [event], about: { kind: "command", commandId } },
      { kind: "pulse", unlockMs },
      { kind: "result", commandId, result: { outcome: "done", movesBolt: true } },
    ],
  };
}

function lockReason({ by }: DoorMode & { readonly kind: "locked" }): DenialReason {
  return by === "lockdown" ? "lockdown" : by === "operator" ? "locked_by_operator" : "locked_by_schedule";
}
