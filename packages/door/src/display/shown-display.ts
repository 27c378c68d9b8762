import { assertNever, type DisplayImageType, type DisplayItem, type DisplayPicture, type DoorMode } from "@postern/core";
import type { Outcome } from "../drivers/driver.ts";

/** What just came of something that was presented at a device. */
export type Mood = "success" | "failure";

/** null: it is not over yet, or says nothing of the person. */
export function moodOf({ outcome }: Outcome): Mood | null {
  switch (outcome) {
    case "opened":
    case "unlocked":
      return "success";
    case "refused":
      return "failure";
    case "learnt":
    case "wait_factor":
      return null;
    default:
      return assertNever(outcome);
  }
}

/** Which of its pictures a device shows now; what has none of its own shows the default one. null: it has no picture for this. */
export function pictureNow({ pictures }: DisplayItem, mood: Mood | null, mode: DoorMode): DisplayPicture | null {
  const wanted = typeNow(mood, mode);
  const of = (type: DisplayImageType): DisplayPicture | undefined => pictures.find((one) => one.type === type);
  return of(wanted) ?? of("DEFAULT") ?? null;
}

function typeNow(mood: Mood | null, { kind }: DoorMode): DisplayImageType {
  if (mood !== null) return mood === "success" ? "SUCCESS" : "FAILURE";
  switch (kind) {
    case "locked":
      return "LOCKED";
    case "unlocked":
      return "UNLOCKED";
    case "credentials":
      return "DEFAULT";
    default:
      return assertNever(kind);
  }
}
