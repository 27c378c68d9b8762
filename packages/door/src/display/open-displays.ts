import type { DisplayItem } from "@postern/core";
import type { DoorWatcher } from "../controller/door-runner.ts";
import type { Driver } from "../drivers/driver.ts";
import { Displays } from "./displays.ts";
import { PictureFiles, type PictureFilesDeps } from "./picture-files.ts";

/** The screens of a controller's devices. */
export interface DeviceDisplays extends DoorWatcher {
  /** What the roster says of a device; null: nothing any more. */
  hold(deviceId: number, item: DisplayItem | null): void;
  /** Call it once the roster's displays are held. */
  start(): void;
  stop(): Promise<void>;
}

/** Where no device has a screen, nothing is fetched and nothing kept. */
const NO_SCREENS: DeviceDisplays = {
  hold: () => undefined,
  stands: () => undefined,
  presented: () => undefined,
  start: () => undefined,
  stop: () => Promise.resolve(),
};

export function openDisplays(driver: Driver, deps: Omit<PictureFilesDeps, "onReady">): DeviceDisplays {
  if (driver.show === undefined) return NO_SCREENS;
  const files = new PictureFiles({ ...deps, onReady: () => displays.refresh() });
  const displays = new Displays({ files, timers: deps.timers, show: (deviceId, shown) => driver.show?.(deviceId, shown) });
  return {
    hold: (deviceId, item) => displays.hold(deviceId, item),
    stands: (state) => displays.stands(state),
    presented: (deviceId, outcome) => displays.presented(deviceId, outcome),
    start: () => files.start(),
    async stop() {
      displays.stop();
      await files.stop();
    },
  };
}
