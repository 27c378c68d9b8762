import { claimedIdentity } from "@postern/door";

/** Whether a folder holds the key of a controller that a server knows. */
export function isClaimed(folder: string): boolean {
  try {
    claimedIdentity(folder);
    return true;
  } catch {
    return false;
  }
}
