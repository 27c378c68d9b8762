import { Readable } from "node:stream";
import {
  ClueError,
  type DeviceImageData,
  messageProblem,
  readImageType,
  readPathId,
  readPutDeviceImage,
  readPutDeviceMessage,
  writeOne,
} from "@postern/contract";
import type { FastifyInstance, FastifyRequest } from "fastify";
import type { Access } from "../../platform/access/actor.ts";
import { accepted } from "../../platform/http/accepted.ts";
import { NativeRefusal } from "../../platform/http/native-refusal.ts";
import { originOf } from "../../platform/http/request-context.ts";
import { hidden, type Serve } from "../../platform/operations/serve-operations.ts";
import * as limits from "./limits.ts";
import type { DisplayChange, Displays } from "./service.ts";

interface DeviceParams {
  readonly Params: { readonly deviceId: string };
}

interface ImageParams {
  readonly Params: { readonly deviceId: string; readonly imageType: string };
}

const IMAGE = { bodyLimit: limits.IMAGE_BODY_BYTES_MAX, config: { answerMsMax: limits.IMAGE_ANSWER_MS_MAX } } as const;

/** CLUe §1.8, under every prefix of v1. */
export function addDisplayRoutes(routes: FastifyInstance, displays: Displays, access: Access): void {
  routes.put<ImageParams>("/devices/:deviceId/images/:imageType", IMAGE, async (request) => {
    const type = accepted(readImageType(request.params.imageType));
    const change = await changeOf(displays, access, request);
    await displays.setImage(change, type, accepted(readPutDeviceImage(request.body)));
    const image = (await displays.images(change.device)).find((one) => one.type === type);
    // Somebody took it away again.
    if (image === undefined) throw noSuchDevice();
    const { imageId, fileName, key, changedAt } = image;
    const data: DeviceImageData = {
      imageId,
      fileName,
      key,
      imageUrl: displays.urlOf(key, originOf(request)),
      type,
      lastModifiedAt: changedAt,
    };
    return writeOne(data);
  });

  routes.put<DeviceParams>("/devices/:deviceId/messages", async (request) => {
    const change = await changeOf(displays, access, request);
    const { message, isUsed } = accepted(readPutDeviceMessage(request.body));
    await displays.setMessage(change, { message, isUsed });
    return writeOne({ type: "HOME_NOTIFICATION", message, useFlag: isUsed });
  });
}

async function changeOf(displays: Displays, access: Access, request: FastifyRequest<DeviceParams>): Promise<DisplayChange> {
  const { actor, params } = request;
  const device = await displays.findDevice(accepted(readPathId("deviceId", params.deviceId)));
  if (device === null) throw noSuchDevice();
  const place = await access.place(actor, "devices", device.placeId).catch((failure: unknown) => {
    throw failure instanceof ClueError && failure.code === "e1007" ? noSuchDevice() : failure;
  });
  return { place, by: { keyId: actor.keyId, source: "API_TOKEN" }, device };
}

function noSuchDevice(): ClueError {
  return new ClueError("e1007", { details: [{ field: "deviceId", message: "is no device, or it is hidden from you" }] });
}

/** Under v2. */
export function serveDisplays(serve: Serve, displays: Displays): void {
  const changing = async (
    { by, placeOf }: Pick<Parameters<Parameters<typeof serve<"deleteDisplayMessage">>[1]>[0], "by" | "placeOf">,
    deviceId: number,
  ): Promise<DisplayChange> => {
    const device = await displays.findDevice(deviceId);
    const place = await placeOf("deviceId", device?.placeId ?? null);
    if (device === null) throw hidden("deviceId");
    return { place, by, device };
  };

  serve("readDisplay", async (asked) => displays.read((await changing(asked, asked.params.deviceId)).device, asked.origin));

  serve("setDisplayMessage", async (asked) => {
    const change = await changing(asked, asked.params.deviceId);
    const { text, isUsed = true } = asked.body;
    const problem = messageProblem(text);
    if (problem !== null) throw new NativeRefusal("argument_invalid", { problems: [{ field: "text", message: problem }] });
    await displays.setMessage(change, { message: text.replaceAll("\r\n", "\n"), isUsed });
    return displays.read(change.device, asked.origin);
  });

  serve("deleteDisplayMessage", async (asked) => void (await displays.removeMessage(await changing(asked, asked.params.deviceId))));

  serve(
    "setDisplayImage",
    async (asked) => {
      const { deviceId, imageType } = asked.params;
      const change = await changing(asked, deviceId);
      await displays.setImage(change, imageType, asked.body);
      return displays.read(change.device, asked.origin);
    },
    { bodyLimit: limits.IMAGE_BODY_BYTES_MAX, answerMsMax: limits.IMAGE_ANSWER_MS_MAX },
  );

  serve("deleteDisplayImage", async (asked) => {
    const { deviceId, imageType } = asked.params;
    await displays.removeImage(await changing(asked, deviceId), imageType);
    return undefined;
  });

  serve("downloadDisplayImage", async ({ params: { imageKey } }) => {
    const picture = await displays.picture(imageKey);
    if (picture === null) throw hidden("imageKey");
    const headers = {
      "content-type": picture.mediaType,
      "content-length": picture.bytes.length,
      "x-content-type-options": "nosniff",
      "content-security-policy": "default-src 'none'",
      "cache-control": `private, max-age=${limits.IMAGE_CACHE_SECONDS}, immutable`,
    };
    return { body: Readable.from([Buffer.from(picture.bytes)]), headers };
  });
}
