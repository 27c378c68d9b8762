import { type Static, Type } from "typebox";
import type { EventType } from "../events/index.ts";

/** One event of CLUe's page (CLUe §1.4). `userId` is the user's key, a string, whatever the guide's table says. */
export const EventItem = Type.Object(
  {
    logId: Type.String(),
    eventAt: Type.Integer(),
    placeId: Type.Integer(),
    authId: Type.Optional(Type.Integer()),
    deviceId: Type.Optional(Type.Integer()),
    doorId: Type.Optional(Type.Integer()),
    doorName: Type.Optional(Type.String()),
    userId: Type.Optional(Type.String()),
    userName: Type.Optional(Type.String()),
    localLogId: Type.Integer(),
    eventType: Type.String(),
  },
  { additionalProperties: false },
);
export type EventItem = Static<typeof EventItem>;

/** An event with what is known now about its door and person; null where there is none, or no longer. */
export interface EventView {
  readonly logId: string;
  readonly eventAtMs: number;
  readonly placeId: number;
  readonly authId: number | null;
  readonly deviceId: number | null;
  readonly doorId: number | null;
  readonly doorName: string | null;
  readonly userKey: string | null;
  readonly userName: string | null;
  readonly localLogId: number;
  readonly eventType: EventType;
}

/** Fields without a value are omitted, as in CLUe's samples. */
export function writeEvent(view: EventView): EventItem {
  return {
    logId: view.logId,
    eventAt: view.eventAtMs,
    placeId: view.placeId,
    ...(view.authId === null ? {} : { authId: view.authId }),
    ...(view.deviceId === null ? {} : { deviceId: view.deviceId }),
    ...(view.doorId === null ? {} : { doorId: view.doorId }),
    ...(view.doorName === null ? {} : { doorName: view.doorName }),
    ...(view.userKey === null ? {} : { userId: view.userKey }),
    ...(view.userName === null ? {} : { userName: view.userName }),
    localLogId: view.localLogId,
    eventType: view.eventType,
  };
}
