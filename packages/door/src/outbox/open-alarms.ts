import type { EventType, LinkEvent } from "@postern/contract";

/** An alarm that began and has not ended, by what the log says. */
export interface OpenAlarm {
  readonly doorId: number;
  readonly deviceId: number;
  readonly alarm: Alarm;
}

export type Alarm = "held_open" | "forced_open" | "tamper" | "belief_too_old" | "vendor_silent";

type Turn = { readonly alarm: Alarm; readonly isOn: boolean };

const TURNS: ReadonlyMap<string, Turn> = new Map<EventType, Turn>([
  ["DEV_DOOR_HELD_OPEN_ALARM", { alarm: "held_open", isOn: true }],
  ["DEV_DOOR_HELD_OPEN_ALARM_CLEAR", { alarm: "held_open", isOn: false }],
  ["DEV_DOOR_FORCE_OPEN_ALARM", { alarm: "forced_open", isOn: true }],
  ["DEV_DOOR_FORCE_OPEN_ALARM_CLEAR", { alarm: "forced_open", isOn: false }],
  ["DEV_DOOR_TAMPER_ON", { alarm: "tamper", isOn: true }],
  ["DEV_DOOR_TAMPER_OFF", { alarm: "tamper", isOn: false }],
  ["BELIEF_TOO_OLD", { alarm: "belief_too_old", isOn: true }],
  ["BELIEF_RENEWED", { alarm: "belief_too_old", isOn: false }],
  ["VENDOR_SILENCE_BEGIN", { alarm: "vendor_silent", isOn: true }],
  ["VENDOR_SILENCE_END", { alarm: "vendor_silent", isOn: false }],
]);

/** Which alarm an event begins or ends; null when none. */
export function alarmTurn({ eventType, doorId, deviceId }: LinkEvent): (OpenAlarm & { readonly isOn: boolean }) | null {
  const turn = TURNS.get(eventType);
  return turn === undefined || doorId === undefined || deviceId === undefined ? null : { ...turn, doorId, deviceId };
}

/** An alarm as its name stands on a disk; null when it is none. */
export function readAlarm(name: string): Alarm | null {
  return [...TURNS.values()].find(({ alarm }) => alarm === name)?.alarm ?? null;
}
