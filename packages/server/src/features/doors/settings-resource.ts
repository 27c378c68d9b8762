import { chainToMode, type DoorSettingsResource, modeToChain, type Problem } from "@postern/contract";
import type { DoorSettings } from "../../roster/door-settings.ts";

export type SettingsChange = { readonly [Name in keyof DoorSettingsResource]?: DoorSettingsResource[Name] | undefined };

/** The settings of a door in the words of v2. */
export function settingsResource(stored: DoorSettings): DoorSettingsResource {
  const { autoLockTimeoutMs, heldOpenAlarm, heldOpenAlarmTimeoutMs, forceOpenAlarm, chains, ...same } = stored;
  return {
    ...same,
    unlockMs: autoLockTimeoutMs,
    heldOpenMs: heldOpenAlarm ? heldOpenAlarmTimeoutMs : null,
    forcedOpenAlarm: forceOpenAlarm,
    minimum: chains.map(chainToMode),
  };
}

/** The stored settings with what was asked for. An alarm that is switched off keeps its time for when it is switched on again in v1's words. */
export function changedSettings(present: DoorSettings, change: SettingsChange): { settings: DoorSettings; problems: readonly Problem[] } {
  const wanted = { ...settingsResource(present), ...given(change) };
  const { unlockMs, heldOpenMs, forcedOpenAlarm, minimum, ...same } = wanted;
  const chains = minimum.map(modeToChain);
  const problems = chains.flatMap((chain, index): Problem[] => {
    if (chain !== null) return [];
    const message = "must be a combination of factors such as CARD_THEN_PIN";
    return [{ field: `settings.minimum[${index}]`, message, rejectedValue: minimum[index] ?? "" }];
  });
  const settings: DoorSettings = {
    ...same,
    autoLockTimeoutMs: unlockMs,
    heldOpenAlarm: heldOpenMs !== null,
    heldOpenAlarmTimeoutMs: heldOpenMs ?? present.heldOpenAlarmTimeoutMs,
    forceOpenAlarm: forcedOpenAlarm,
    chains: chains.flatMap((chain) => (chain === null ? [] : [[...chain]])),
  };
  return { settings, problems };
}

/** Without members that are there and undefined. */
function given(change: SettingsChange): Partial<DoorSettingsResource> {
  return Object.fromEntries(Object.entries(change).filter(([, value]) => value !== undefined));
}

/** What of the settings stands on a device that the door does not have. */
export function sideProblems(settings: DoorSettings, hasExit: boolean): readonly Problem[] {
  if (hasExit) return [];
  return (["relay", "sensor", "button"] as const).flatMap((name): Problem[] => {
    if (settings[name]?.side !== "EXIT") return [];
    return [{ field: `settings.${name}.side`, message: "is EXIT, and the door has no exit device", rejectedValue: "EXIT" }];
  });
}
