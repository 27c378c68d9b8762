import { type EventView, eventName } from "@postern/contract";
import { assert } from "@postern/core";
import { encodeLogId } from "../ledger/log-id.ts";

/** An event with the words that are looked up when it is read: it keeps ids alone, so that a person can be erased from it. */
export interface StoredEvent {
  readonly sequence: number;
  readonly eventAt: number;
  /** 0: none. */
  readonly deviceId: number;
  readonly doorId: number | null;
  readonly doorName: string | null;
  readonly authId: number | null;
  readonly userName: string | null;
  readonly userKey: string | null;
  readonly eventType: number;
  readonly localLogId: number;
}

/** The event as CLUe's calls show it. A door is named wherever one is known; the guide's sample names it on events of persons alone. */
export function eventView(placeId: number, event: StoredEvent): EventView {
  const eventType = eventName(event.eventType);
  assert(eventType !== null, "every event of the ledger has a code of the catalogue");
  return {
    logId: encodeLogId({ placeId, sequence: event.sequence }),
    eventAtMs: event.eventAt,
    placeId,
    authId: event.authId,
    deviceId: event.deviceId === 0 ? null : event.deviceId,
    doorId: event.doorId,
    doorName: event.doorName,
    userKey: event.userKey,
    userName: event.userName,
    localLogId: event.localLogId,
    eventType,
  };
}
