import type { SyncOfController } from "@postern/contract";
import type { Log } from "@postern/core";
import type { FastifyReply, FastifyRequest } from "fastify";
import { CONTROLLERS_NAMED_COUNT_MAX } from "./http-limits.ts";
import { preferredWaitS } from "./prefer-wait.ts";

/** Which controllers have confirmed a revision, and which have not. */
export interface DoorsAnswer {
  readonly revision: number;
  readonly controllers: readonly Pick<SyncOfController, "controllerId" | "state">[];
}

/** Resolves once every controller that can has confirmed an auth as it is now, or its end; else when the time is over or nobody waits any more. */
export type WaitForDoors = (authId: number, wait: { readonly waitMs: number; readonly signal: AbortSignal }) => Promise<DoorsAnswer>;

/** Waits for the doors where the client prefers that, once its change is committed, and says in the answer's headers which have it. */
export type TellDoors = (call: { readonly request: FastifyRequest; readonly reply: FastifyReply }, authId: number) => Promise<void>;

export interface TellDoorsDeps {
  readonly waitForDoors: WaitForDoors;
  /** Aborted when the server begins to stop. */
  readonly stopping: AbortSignal;
  readonly log: Log;
}

export function createTellDoors({ waitForDoors, stopping, log }: TellDoorsDeps): TellDoors {
  return async ({ request, reply }, authId) => {
    const waitS = preferredWaitS(request.headers["prefer"]);
    if (waitS === null) return;
    try {
      const signal = AbortSignal.any([stopping, goneSignal(reply)]);
      const answer = await waitForDoors(authId, { waitMs: waitS * 1_000, signal });
      reply.header("Preference-Applied", `wait=${waitS}`).header("Postern-Doors", doorsHeader(answer));
    } catch (cause) {
      // What was asked is done whether or not we can tell who has it: the answer must not say otherwise.
      log.warn("http.doors_untold", { requestId: request.id, cause });
    }
  };
}

/** Aborted when nobody waits for the answer any more. */
export function goneSignal(reply: FastifyReply): AbortSignal {
  const gone = new AbortController();
  reply.raw.once("close", () => gone.abort());
  return gone.signal;
}

const STATES = ["confirmed", "waiting", "failed", "away"] as const satisfies readonly SyncOfController["state"][];

/** `revision=42, confirmed=(1000 1001), waiting=(), failed=(), away=(1002)`: a dictionary of lists (RFC 9651 §3.2); a list cut short says how many there are. */
function doorsHeader({ revision, controllers }: DoorsAnswer): string {
  const lists = STATES.map((state) => {
    const ids = controllers.filter((one) => one.state === state).map(({ controllerId }) => controllerId);
    const count = ids.length > CONTROLLERS_NAMED_COUNT_MAX ? `;count=${ids.length}` : "";
    return `${state}=(${ids.slice(0, CONTROLLERS_NAMED_COUNT_MAX).join(" ")})${count}`;
  });
  return [`revision=${revision}`, ...lists].join(", ");
}
