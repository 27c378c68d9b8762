import { canonicalJson } from "@postern/core";
import { eventName } from "../events/index.ts";

/** An event as it was recorded: numbers and times, and nothing that is looked up, so that an erased person changes no event. */
export interface RecordedEvent {
  readonly sequence: number;
  readonly eventAt: number;
  readonly receivedAt: number;
  /** A code of the catalogue. */
  readonly eventType: number;
  /** 0: none. */
  readonly deviceId: number;
  readonly doorId: number | null;
  readonly userId: number | null;
  readonly authId: number | null;
  /** 0: the server made it. */
  readonly generation: number;
  readonly localLogId: number;
  readonly detail: Readonly<Record<string, string | number | boolean>> | null;
}

/**
 * One text for one event: what is hashed, and byte for byte what an export shows. The members stand in this order and without blanks, those of `detail`
 * in the order of RFC 8785. The names of types are held to their codes for good (`event-codes.txt`). Changing anything here breaks every chain there is.
 */
export function eventLine(event: RecordedEvent): string {
  const { sequence, eventAt, receivedAt, deviceId, doorId, userId, authId, generation, localLogId, detail } = event;
  const type = eventName(event.eventType);
  return (
    `{"sequence":${sequence},"eventAt":${eventAt},"receivedAt":${receivedAt},"eventType":${type === null ? event.eventType : `"${type}"`}` +
    `,"deviceId":${deviceId === 0 ? null : deviceId},"doorId":${doorId},"userId":${userId},"authId":${authId}` +
    `,"generation":${generation},"localLogId":${localLogId},"detail":${detail === null ? null : canonicalJson(detail)}}`
  );
}
