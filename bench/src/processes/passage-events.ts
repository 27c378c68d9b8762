import type { LinkEvent } from "@postern/contract";

/** What a controller writes when somebody passes: a card, the relay on, the relay off. So many events of one door, the passages one after another. */
export function passageEvents({ doorId, deviceId }: { doorId: number; deviceId: number }, count: number, eventAt: number): LinkEvent[] {
  const passage: readonly LinkEvent[] = [
    { eventAt, eventType: "DEV_CARD_AUTH_SUCCESS", doorId, deviceId, userId: 1_000, authId: 1_001 },
    { eventAt, eventType: "DEV_DOOR_RELAY_ON", doorId, deviceId },
    { eventAt, eventType: "DEV_DOOR_RELAY_OFF", doorId, deviceId },
  ];
  return Array.from({ length: count }, (_, index) => passage[index % passage.length] ?? { eventAt, eventType: "DEV_DOOR_RELAY_ON" });
}
