import { readEpochMs } from "./read-create-auth.ts";
import { choice, members } from "./readers.ts";
import { type Read, Spot } from "./spot.ts";

/** CLUe §1.5. */
export const DOOR_COMMANDS = ["ONCE_OPEN", "ALWAYS_OPEN", "ALWAYS_CLOSE", "RELEASE_MANUAL_MODE"] as const;
export type DoorCommandName = (typeof DOOR_COMMANDS)[number];

export interface PublishDoor {
  /** When to act. */
  readonly eventTimeMs: number;
  readonly command: DoorCommandName;
}

/** The body of CLUe's remote door call (CLUe §1.5): `{eventTime, command}`. */
export function readPublishDoor(body: unknown): Read<PublishDoor> {
  const spot = Spot.root();
  const root = members(body, spot);
  const eventTimeMs = root?.required("eventTime", readEpochMs);
  const command = root?.required("command", choice(DOOR_COMMANDS));
  if (eventTimeMs === undefined || command === undefined) return { ok: false, problems: spot.problems };
  return { ok: true, value: { eventTimeMs, command } };
}
