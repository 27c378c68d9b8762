import { readFaceMatchableQuery, readPathId, readTaskUuid, writeList, writeOne } from "@postern/contract";
import type { FastifyInstance } from "fastify";
import { accepted } from "../../platform/http/accepted.ts";
import { AUTH_BODY_BYTES_MAX } from "../../platform/http/http-limits.ts";
import type { Serve } from "../../platform/operations/serve-operations.ts";
import { MATCH_ANSWER_MS_MAX } from "./limits.ts";
import type { Faces } from "./service.ts";

interface DeviceParams {
  readonly Params: { readonly deviceId: string };
}

interface TaskParams {
  readonly Params: { readonly taskUuid: string };
}

/** CLUe §1.7, under every prefix of v1. */
export function addFaceRoutes(routes: FastifyInstance, faces: Faces): void {
  routes.get("/devices/face-matchable", async (request) => {
    const devices = await faces.matchable(request.actor, accepted(readFaceMatchableQuery(request.query)));
    return writeList(devices, devices.length);
  });

  const matching = { bodyLimit: AUTH_BODY_BYTES_MAX, config: { answerMsMax: MATCH_ANSWER_MS_MAX } };
  routes.post<DeviceParams>("/devices/:deviceId/match-face", matching, async (request) => {
    const deviceId = accepted(readPathId("deviceId", request.params.deviceId));
    return writeOne({ taskUuid: await faces.match(request.actor, deviceId, request.body) });
  });

  routes.get<TaskParams>("/msa/tasks/match-faces/:taskUuid", async (request) =>
    writeOne(await faces.task(request.actor, accepted(readTaskUuid(request.params.taskUuid)))),
  );
}

/** Under v2. */
export function serveFaces(serve: Serve, faces: Faces): void {
  serve(
    "matchFace",
    async ({ params, body, place }) => ({ authIds: [...(await faces.matchAtPlace(await place(params.placeId), body.faceImage))] }),
    {
      bodyLimit: AUTH_BODY_BYTES_MAX,
      answerMsMax: MATCH_ANSWER_MS_MAX,
    },
  );
}
