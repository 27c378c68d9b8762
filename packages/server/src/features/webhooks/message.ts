import { createHash } from "node:crypto";
import type { LedgerHead } from "@postern/contract";
import { assert } from "@postern/core";
import type { FollowedEntry } from "../../following/followed-event.ts";
import { encodeLogId } from "../../ledger/log-id.ts";

/** Events of one place that are delivered together. */
export interface Batch {
  readonly webhookId: number;
  readonly placeId: number;
  /** Of the row that says how far its place is. */
  readonly version: number;
  readonly after: number;
  readonly through: number;
  /** Of the place's ledger, behind these events; null: it is not known any more. */
  readonly head: LedgerHead | null;
  /** At least one. */
  readonly entries: readonly FollowedEntry[];
}

export interface Message {
  readonly messageId: string;
  readonly body: string;
}

/**
 * A batch as it is sent. Its id follows from what it holds, so that every attempt has the same one, after a crash and from another process too; the time
 * of its first event keeps it from meaning something else after the database went back to an older state.
 */
export function messageOf({ webhookId, placeId, version, after, through, head: ledgerHead, entries }: Batch): Message {
  const [first, last] = [entries[0], entries.at(-1)];
  assert(first !== undefined && last !== undefined, "a delivery has an event");
  const facts = JSON.stringify([webhookId, placeId, version, after, through, first.event.receivedAt]);
  const head = JSON.stringify({
    type: "events",
    timestamp: new Date(last.event.receivedAt).toISOString(),
    data: {
      webhookId,
      placeId,
      after: encodeLogId({ placeId, sequence: after }),
      next: encodeLogId({ placeId, sequence: through }),
      ...(ledgerHead === null ? {} : { head: ledgerHead }),
    },
  });
  // The events have been written as JSON already, for everybody who follows the place.
  return { messageId: messageIdOf(facts), body: `${head.slice(0, -2)},"events":[${entries.map(({ json }) => json).join(",")}]}}` };
}

/** Without events: whether messages arrive and are understood. */
export function testMessage(webhookId: number, nowMs: number): Message {
  return {
    messageId: messageIdOf(`test ${webhookId} ${nowMs}`),
    body: JSON.stringify({ type: "test", timestamp: new Date(nowMs).toISOString(), data: { webhookId, events: [] } }),
  };
}

function messageIdOf(facts: string): string {
  return `msg_${createHash("sha256").update(facts).digest("base64url").slice(0, 27)}`;
}
