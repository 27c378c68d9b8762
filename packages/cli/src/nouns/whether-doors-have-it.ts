import type { PosternClient } from "@postern/client";
import { pause, systemClock, systemTimers } from "@postern/core";

const WAIT_MS_MAX = 5_000;
const LOOK_MS = 100;
/** A controller that is given a door or loses one greets the server anew: for so long nobody is called away. */
const GREETING_MS = 1_500;

/** Whether the doors hold what the place's roster says now, once those that are there have had a moment for it; null where the key may not ask or no controller is. */
export async function whetherDoorsHaveIt(client: PosternClient, placeId: number): Promise<string | null> {
  const look = (): ReturnType<PosternClient["readPlaceSync"]> => client.readPlaceSync({ params: { placeId } });
  const first = await look().catch(() => null);
  if (first === null || first.controllerCount === 0) return null;
  const { revision } = first;
  const beganMs = systemClock.monotonicMs();
  let seen = first;
  const missing = (): typeof seen.controllers => seen.controllers.filter(({ confirmedRevision }) => confirmedRevision < revision);
  const waitMs = (): number => (missing().some(({ connected }) => connected) ? WAIT_MS_MAX : GREETING_MS);
  while (missing().length > 0 && systemClock.monotonicMs() < beganMs + waitMs()) {
    await pause(systemTimers, "look whether doors have it", LOOK_MS);
    seen = await look();
  }
  const late = missing().map(({ serial, connected }) => `${serial} (${connected ? "connected" : "away"})`);
  const total = seen.controllers.length;
  if (late.length === 0) return total === 1 ? "The controller has it." : `All ${total} controllers have it.`;
  return `${total - late.length} of ${total} controllers have it. Not yet: ${late.join(", ")}.`;
}
