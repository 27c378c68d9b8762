import { createHash } from "node:crypto";
import { ClueError, type DeviceDisplay, type DeviceMessage, type DisplayImageName, type SentPicture } from "@postern/contract";
import type { Clock, Random } from "@postern/core";
import pLimit, { type LimitFunction } from "p-limit";
import type { ReachedPlace } from "../../platform/access/actor.ts";
import { type AuditActor, writeAudit } from "../../platform/audit/audit-store.ts";
import type { Database, Transaction } from "../../platform/database.ts";
import { NativeRefusal } from "../../platform/http/native-refusal.ts";
import { deriveRoster } from "../../roster/derive-roster.ts";
import { lockRoster } from "../../roster/roster-store.ts";
import { type FittedPicture, fitPicture } from "./fit-picture.ts";
import * as limits from "./limits.ts";
import { type ScreenSize, screenSizeOf } from "./screen-size.ts";
import * as store from "./store.ts";

export interface DisplaysDeps {
  readonly database: Database;
  readonly clock: Clock;
  readonly random: Random;
  /** Where the outside reaches this server; null: where the request did. */
  readonly publicUrl: string | null;
}

/** Somebody who was let into the place of a device. */
export interface DisplayChange {
  readonly place: ReachedPlace;
  readonly by: AuditActor;
  readonly device: store.DisplayDevice;
}

/** What devices show (CLUe §1.8). Doors hear of it by the roster, and fetch pictures by their keys. */
export class Displays {
  readonly #deps: DisplaysDeps;
  readonly #decoding: LimitFunction = pLimit(limits.IMAGES_AT_ONCE_MAX);

  constructor(deps: DisplaysDeps) {
    this.#deps = deps;
  }

  findDevice(deviceId: number): Promise<store.DisplayDevice | null> {
    return store.findDevice(this.#deps.database, deviceId);
  }

  images(device: store.DisplayDevice): Promise<readonly store.KeptImage[]> {
    return store.readImages(this.#deps.database, device.deviceId);
  }

  async read(device: store.DisplayDevice, origin: string): Promise<DeviceDisplay> {
    const { deviceId, placeId } = device;
    const images = await this.images(device);
    return {
      deviceId,
      placeId,
      screen: screenSizeOf(device),
      message: await store.readMessage(this.#deps.database, deviceId),
      images: images.map(({ key, ...image }) => ({ ...image, imageUrl: this.urlOf(key, origin) })),
    };
  }

  urlOf(key: string, origin: string): string {
    return `${this.#deps.publicUrl ?? origin}/v2/display-images/${key}`;
  }

  async setMessage(change: DisplayChange, { message, isUsed }: DeviceMessage): Promise<void> {
    const changedAt = this.#deps.clock.nowMs();
    await this.#change(change, { action: "device.message", detail: { isUsed } }, async (tx) => {
      await store.writeMessage(tx, change.device, { text: message, isUsed, changedAt });
      return true;
    });
  }

  async removeMessage(change: DisplayChange): Promise<void> {
    await this.#change(change, { action: "device.message", detail: { removed: true } }, (tx) =>
      store.deleteMessage(tx, change.device.deviceId),
    );
  }

  /** Fails with `e1005` naming `fileData` where it is no picture, and `too_many_requests` while too many are looked at. */
  async setImage(change: DisplayChange, type: DisplayImageName, { fileName, fileData }: SentPicture): Promise<void> {
    const picture = await this.#fitted(fileData, screenSizeOf(change.device));
    const key = Buffer.from(this.#deps.random.bytes(limits.IMAGE_KEY_BYTES)).toString("hex");
    const sha256 = createHash("sha256").update(picture.bytes).digest();
    const image = { type, fileName, key, sha256, picture, changedAt: this.#deps.clock.nowMs() };
    await this.#change(change, { action: "device.image", detail: { type } }, async (tx) => {
      await store.writeImage(tx, change.device, image);
      return true;
    });
  }

  async removeImage(change: DisplayChange, type: DisplayImageName): Promise<void> {
    await this.#change(change, { action: "device.image", detail: { type, removed: true } }, (tx) =>
      store.deleteImage(tx, change.device.deviceId, type),
    );
  }

  picture(key: string): ReturnType<typeof store.readPicture> {
    return store.readPicture(this.#deps.database, key);
  }

  async #fitted(fileData: string, screen: ScreenSize): Promise<FittedPicture> {
    if (this.#decoding.pendingCount >= limits.IMAGES_WAITING_MAX) throw new NativeRefusal("too_many_requests", { retryAfterS: 1 });
    const fitted = await this.#decoding(() => fitPicture(Buffer.from(fileData, "base64"), screen));
    if (fitted.kind === "fitted") return fitted.picture;
    throw new ClueError("e1005", { details: [{ field: "fileData", message: fitted.because }] });
  }

  /** One transaction: the change, its way to the doors, its audit row. `write` says whether there was anything to change. */
  async #change(
    { place, by, device }: DisplayChange,
    act: { readonly action: string; readonly detail: Readonly<Record<string, unknown>> },
    write: (transaction: Transaction) => Promise<boolean>,
  ): Promise<void> {
    const { database, clock } = this.#deps;
    const { placeId, placeGroupId } = place;
    const { deviceId } = device;
    const nowMs = clock.nowMs();
    await database.transaction(async (tx) => {
      await lockRoster(tx, placeId);
      if (!(await write(tx))) return;
      await writeAudit(tx, { by, placeGroupId, placeId, atMs: nowMs, ...act, target: { kind: "device", id: deviceId } });
      await deriveRoster(tx, placeId, { touched: { displays: [deviceId] }, nowMs });
    });
  }
}
