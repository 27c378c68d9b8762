import { ClueError, type FaceMatchableDevice, type MatchFaceTask, readMatchFaceBody } from "@postern/contract";
import type { Clock, Random } from "@postern/core";
import type { Access, Actor, ReachedPlace } from "../../platform/access/actor.ts";
import { onlyPlace } from "../../platform/access/only-place.ts";
import type { Database } from "../../platform/database.ts";
import type { FaceExaminer } from "../../platform/faces/face-examiner.ts";
import type { PlaceGalleries } from "../../platform/faces/place-galleries.ts";
import { authsOfDoor } from "../../platform/faces/place-gallery-store.ts";
import { proveFaces } from "../../platform/faces/prove-faces.ts";
import { accepted } from "../../platform/http/accepted.ts";
import { NativeRefusal } from "../../platform/http/native-refusal.ts";
import { TASK_KEPT_MS, TASK_MS } from "./limits.ts";
import * as store from "./store.ts";

export interface FacesDeps {
  readonly database: Database;
  readonly access: Access;
  readonly clock: Clock;
  readonly random: Random;
  readonly faces: FaceExaminer;
  readonly galleries: PlaceGalleries;
}

/** Questions whom a face looks like. Nothing of the photo is kept, and nobody is enrolled. */
export class Faces {
  readonly #deps: FacesDeps;

  constructor(deps: FacesDeps) {
    this.#deps = deps;
  }

  /** CLUe §1.7. `placeId` null: the key's only place. */
  async matchable(actor: Actor, placeId: number | null): Promise<readonly FaceMatchableDevice[]> {
    const { access, database } = this.#deps;
    const place = await access.place(actor, "people", placeId ?? (await onlyPlace(access, actor)).placeId);
    return store.matchableDevices(database, place.placeId);
  }

  /** CLUe §1.7: those who open the device's door. Returns the task. Fails with `device_offline`, and as `proveFaces` does. */
  async match(actor: Actor, deviceId: number, body: unknown): Promise<string> {
    const { database, clock, random } = this.#deps;
    const device = await store.findDevice(database, deviceId);
    const place = await this.#reach(actor, device?.placeId ?? null, "deviceId");
    const image = accepted(readMatchFaceBody(body));
    if (device === null || device.doorId === null || !device.isConnected) throw new NativeRefusal("device_offline");
    const found = await this.#lookAlikes(place, image, "base64Image");
    const ofDoor = await authsOfDoor(database, place.placeId, device.doorId, found);
    const madeAtMs = clock.nowMs();
    const task = {
      taskUuid: uuidOf(random.bytes(16)),
      placeId: place.placeId,
      deviceId,
      madeAtMs,
      authIds: found.filter((id) => ofDoor.has(id)),
    };
    await store.insertTask(database, task, { forgottenToMs: madeAtMs - TASK_KEPT_MS });
    return task.taskUuid;
  }

  /** CLUe §1.7. */
  async task(actor: Actor, taskUuid: string): Promise<MatchFaceTask> {
    const { database, clock } = this.#deps;
    const task = await store.findTask(database, taskUuid, { forgottenToMs: clock.nowMs() - TASK_KEPT_MS });
    await this.#reach(actor, task?.placeId ?? null, "taskUuid");
    if (task === null) throw hidden("taskUuid");
    const { authIds, madeAtMs } = task;
    return {
      taskId: task.taskUuid,
      taskType: "MATCH_FACE",
      status: "COMPLETED",
      duplicatedAuthIds: [...authIds],
      createdAt: madeAtMs,
      expiredAt: madeAtMs + TASK_MS,
    };
  }

  /** All of the place, at whichever of its doors. Ours. */
  matchAtPlace(place: ReachedPlace, image: string): Promise<readonly number[]> {
    return this.#lookAlikes(place, image, "faceImage");
  }

  async #lookAlikes({ placeId }: ReachedPlace, image: string, field: string): Promise<readonly number[]> {
    const { database, faces, galleries } = this.#deps;
    const proven = (await proveFaces(faces, [image], { fieldOf: () => field, wantsCrop: false })) ?? [];
    return galleries.lookAlikes(database, placeId, { templates: proven.map(({ template }) => template), exceptAuthId: null });
  }

  /** What does not exist and what is somebody else's fail alike. */
  async #reach(actor: Actor, placeId: number | null, field: string): Promise<ReachedPlace> {
    if (placeId === null) throw hidden(field);
    try {
      return await this.#deps.access.place(actor, "people", placeId);
    } catch (failure) {
      throw failure instanceof ClueError && failure.code === "e1007" ? hidden(field) : failure;
    }
  }
}

function hidden(field: string): ClueError {
  return new ClueError("e1007", { details: [{ field, message: "names nothing within reach" }] });
}

/** Sixteen random bytes as RFC 9562 writes a UUID of version 4. */
function uuidOf(bytes: Uint8Array): string {
  const hex = Buffer.from(bytes).toString("hex");
  const variant = "89ab"[(bytes[8] ?? 0) & 3];
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-${variant}${hex.slice(17, 20)}-${hex.slice(20)}`;
}
