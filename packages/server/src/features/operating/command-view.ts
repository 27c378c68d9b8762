import type { DoorCommand } from "@postern/contract";
import type { CommandRow } from "./store.ts";

/** A command as v2 tells it at a moment. */
export function commandView({ result, state, ...row }: CommandRow, nowMs: number): DoorCommand {
  const isScheduled = state === "waiting" && row.actAt > nowMs;
  return { ...row, state: isScheduled ? "scheduled" : state, ...(result?.card === undefined ? {} : { card: result.card }) };
}
