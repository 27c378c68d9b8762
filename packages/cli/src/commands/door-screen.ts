import { pause, systemTimers } from "@postern/core";
import type { ShowResult } from "@postern/door";
import { askVirtualDriver } from "@postern/door/ask-virtual-driver";
import { controllerOf } from "../local-door.ts";
import type { Output } from "../output.ts";
import { dataDir, wholeNumber } from "../settings.ts";
import { untilToldToStop } from "../until-told-to-stop.ts";

const LOOK_MS_MAX = 5_000;

/** Soon enough for whoever watches a screen. */
const LOOK_EVERY_MS = 100;

export interface ScreenOptions {
  readonly door: string;
  readonly watch?: boolean;
  readonly json?: boolean;
}

/** What the screens of a virtual door's devices show, now or as it changes until the command is ended. */
export async function showScreens({ door, watch, json }: ScreenOptions, output: Output): Promise<void> {
  const doorId = wholeNumber("--door", door);
  const { socketPath } = await controllerOf(dataDir(), doorId);
  const look = (): Promise<ShowResult> => askVirtualDriver(socketPath, { op: "show", doorId }, { timeoutMs: LOOK_MS_MAX });
  let shown = await look();
  tell(shown, json === true, output);
  if (watch !== true) return;
  using told = untilToldToStop(output);
  const stopping = new AbortController();
  void told.promise.then(() => stopping.abort());
  while (!stopping.signal.aborted) {
    await pause(systemTimers, "look at a screen", LOOK_EVERY_MS, stopping.signal);
    const next = await look();
    if (JSON.stringify(next) !== JSON.stringify(shown)) tell(next, json === true, output);
    shown = next;
  }
}

function tell({ doorId, devices }: ShowResult, isJson: boolean, output: Output): void {
  for (const device of devices) {
    if (isJson) {
      output.json({ doorId, ...device });
      continue;
    }
    const { deviceId, side, message, picture } = device;
    const what = picture === null ? "its own picture" : `the picture ${picture.type}  ${output.paint.dim(picture.path)}`;
    output.line(`Door ${doorId}, ${side}, device ${deviceId}: ${what}`);
    for (const line of message?.split("\n") ?? []) output.line(`    ${line}`);
  }
}
