import type { DoorCommand } from "./operating.ts";

/** How far a command has come, in this order. */
const COMMAND_STAGES = ["scheduled", "waiting", "sent", "ended", "relay_on", "relay_off"] as const;
export type CommandStage = (typeof COMMAND_STAGES)[number];

export function stageOf({ state, endedAt, relayOnAt, relayOffAt }: DoorCommand): CommandStage {
  if (relayOffAt !== null) return "relay_off";
  if (relayOnAt !== null) return "relay_on";
  if (endedAt !== null) return "ended";
  return state === "scheduled" || state === "sent" ? state : "waiting";
}

/** Whether nothing more will come of it. An opening that is done moves the bolt, unless the door stood open by a mode: then nothing says so. */
export function isFinal({ command, state, endedAt, relayOffAt }: DoorCommand): boolean {
  if (endedAt === null) return false;
  return command !== "ONCE_OPEN" || state !== "done" || relayOffAt !== null;
}

/** Whether a command is further than a stage, or comes no further. */
export function isPast(command: DoorCommand, stage: CommandStage): boolean {
  return isFinal(command) || COMMAND_STAGES.indexOf(stageOf(command)) > COMMAND_STAGES.indexOf(stage);
}
