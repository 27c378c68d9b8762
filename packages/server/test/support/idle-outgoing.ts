import type { Outgoing } from "../../src/features/webhooks/send-message.ts";
import { targetOf } from "../../src/platform/outgoing/target-rules.ts";

/** Judges addresses as the real one does, sends nothing, and is answered at once. */
export const IDLE_OUTGOING: Outgoing = {
  problemOf: (url) => {
    const target = targetOf(url, []);
    return target.kind === "refused" ? target.message : null;
  },
  send: async () => ({ kind: "answered", status: 204, headers: {}, body: Buffer.alloc(0), isCut: false, durationMs: 1 }),
};
