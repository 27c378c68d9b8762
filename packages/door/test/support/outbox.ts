import type { LinkEvent } from "@postern/contract";
import { type Random, seededRandom, silentLog } from "@postern/core";
import { Outbox } from "../../src/outbox/outbox.ts";
import { NOW_MS } from "./builders.ts";

export interface OutboxOptions {
  readonly random?: Random;
  readonly eventsMax?: number;
  readonly startMs?: number;
}

let seed = 1;

export function openOutbox(path: string, { random, eventsMax, startMs = NOW_MS }: OutboxOptions = {}): Outbox {
  seed += 1;
  return Outbox.open(path, {
    random: random ?? seededRandom(seed),
    log: silentLog,
    firstRecord: () => ({ eventAt: startMs, eventType: "DEV_DEVICE_START" }),
    ...(eventsMax === undefined ? {} : { eventsMax }),
  });
}

export function anEvent(changes: Partial<LinkEvent> = {}): LinkEvent {
  return { eventAt: NOW_MS, eventType: "DEV_CARD_AUTH_SUCCESS", doorId: 234, deviceId: 434, ...changes };
}
