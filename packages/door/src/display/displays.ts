import type { DisplayItem, DoorMode, Timer, Timers } from "@postern/core";
import type { DoorState } from "../controller/door-state.ts";
import type { Outcome, Shown } from "../drivers/driver.ts";
import { MOOD_MS } from "../limits.ts";
import type { PictureFiles } from "./picture-files.ts";
import { type Mood, moodOf, pictureNow } from "./shown-display.ts";

export interface DisplaysDeps {
  readonly files: Pick<PictureFiles, "want" | "pathOf">;
  readonly timers: Timers;
  /** The driver's. */
  readonly show: (deviceId: number, shown: Shown) => void;
}

/** What each device with a screen shows: its notice, and the picture for how its door stands and for what just happened at it. */
export class Displays {
  readonly #deps: DisplaysDeps;
  readonly #items = new Map<number, DisplayItem>();
  /** By device, how its door stands. */
  readonly #modes = new Map<number, DoorMode>();
  readonly #moods = new Map<number, { readonly mood: Mood; readonly timer: Timer }>();
  readonly #shown = new Map<number, string>();

  constructor(deps: DisplaysDeps) {
    this.#deps = deps;
  }

  /** What the roster says of a device; null: nothing any more. */
  hold(deviceId: number, item: DisplayItem | null): void {
    if (item === null) this.#items.delete(deviceId);
    else this.#items.set(deviceId, item);
    this.#deps.files.want([...this.#items.values()].flatMap(({ pictures }) => pictures));
    this.#refresh(deviceId);
  }

  /** How a door stands now. */
  stands({ wiring, mode }: Pick<DoorState, "wiring" | "mode">): void {
    for (const deviceId of [wiring.entryDeviceId, wiring.exitDeviceId]) {
      if (deviceId === null) continue;
      this.#modes.set(deviceId, mode);
      this.#refresh(deviceId);
    }
  }

  /** Something was presented at a device, and this came of it. */
  presented(deviceId: number, outcome: Outcome): void {
    const mood = moodOf(outcome);
    if (mood === null) return;
    this.#moods.get(deviceId)?.timer.cancel();
    const timer = this.#deps.timers.after("show what is usual", MOOD_MS, () => {
      this.#moods.delete(deviceId);
      this.#refresh(deviceId);
    });
    this.#moods.set(deviceId, { mood, timer });
    this.#refresh(deviceId);
  }

  /** A picture has come. */
  refresh(): void {
    for (const deviceId of this.#items.keys()) this.#refresh(deviceId);
  }

  stop(): void {
    for (const { timer } of this.#moods.values()) timer.cancel();
    this.#moods.clear();
  }

  /** Told to the driver when it is something else than before. */
  #refresh(deviceId: number): void {
    const shown = this.#shownNow(deviceId);
    const text = JSON.stringify(shown);
    const before = this.#shown.get(deviceId);
    if (before === text || (before === undefined && text === NOTHING)) return;
    this.#shown.set(deviceId, text);
    this.#deps.show(deviceId, shown);
  }

  #shownNow(deviceId: number): Shown {
    const item = this.#items.get(deviceId);
    if (item === undefined) return SHOWS_NOTHING;
    const mood = this.#moods.get(deviceId)?.mood ?? null;
    const picture = pictureNow(item, mood, this.#modes.get(deviceId) ?? BY_CREDENTIALS);
    const path = picture === null ? null : this.#deps.files.pathOf(picture);
    return { message: item.message, picture: picture === null || path === null ? null : { type: picture.type, path } };
  }
}

const BY_CREDENTIALS: DoorMode = { kind: "credentials" };
const SHOWS_NOTHING: Shown = { message: null, picture: null };
const NOTHING = JSON.stringify(SHOWS_NOTHING);
