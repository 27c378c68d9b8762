import { doorEvent } from "./door-events.ts";
import type { DoorFacts } from "./door-facts.ts";
import type { DoorState } from "./door-state.ts";
import type { DoorStep } from "./step-door.ts";

/** The case of a device was opened, or torn from its wall, or is whole again. It is reported; whoever has a right here still has it. */
export function tamper(
  state: DoorState,
  { deviceId, isOn }: { readonly deviceId: number; readonly isOn: boolean },
  facts: DoorFacts,
): DoorStep {
  if (state.tamperedIds.includes(deviceId) === isOn) return { state, effects: [] };
  const others = state.tamperedIds.filter((id) => id !== deviceId);
  const happening = { eventAt: facts.stampMs, doorId: state.wiring.doorId, deviceId };
  const event = doorEvent(happening, isOn ? "DEV_DOOR_TAMPER_ON" : "DEV_DOOR_TAMPER_OFF");
  return { state: { ...state, tamperedIds: isOn ? [...others, deviceId] : others }, effects: [{ kind: "record", events: [event] }] };
}
