import { ClueError, FINGER_SCORE_MIN, type RequestScanAnswer, readPathToken, readRequestScan, writeOne } from "@postern/contract";
import type { FastifyInstance } from "fastify";
import type { Access, Actor, ReachedPlace } from "../../platform/access/actor.ts";
import { accepted } from "../../platform/http/accepted.ts";
import { hidden, type Serve } from "../../platform/operations/serve-operations.ts";
import { SCAN_ANSWER_MS_MAX, SCAN_WITHIN_MS_DEFAULT } from "./limits.ts";
import type { FoundScan, Scans } from "./service.ts";

interface TokenParams {
  readonly Params: { readonly token: string };
}

/** CLUe §1.6, under every prefix of v1. */
export function addScanRoutes(routes: FastifyInstance, scans: Scans, access: Access): void {
  routes.post("/credential-scans/request", async ({ actor, body }) => {
    const { deviceId, ...wish } = accepted(readRequestScan(body));
    const device = await scans.findDevice(deviceId);
    const place = await reach(access, actor, { placeId: device?.placeId ?? null, field: "deviceId" });
    if (device === null) throw unknown("deviceId");
    const asker = { place, by: { keyId: actor.keyId, source: "API_TOKEN" as const } };
    return writeOne(requestAnswer(await scans.request(asker, device, { ...wish, unknownCode: "e1007" })));
  });

  routes.get<TokenParams>("/credential-scans/:token/result", async ({ actor, params }) => {
    const found = await scans.find(accepted(readPathToken(params.token)));
    await reach(access, actor, { placeId: found?.row.placeId ?? null, field: "token" });
    if (found === null) throw unknown("token");
    return writeOne(await scans.result(found));
  });
}

function requestAnswer({ token, row }: FoundScan): RequestScanAnswer {
  const { scanId: tokenId, expiresAt: expiredAt, credentialType } = row;
  const threshold = credentialType === "FINGERPRINT" ? { fingerprintScoreThreshold: FINGER_SCORE_MIN } : {};
  return { tokenId, token, expiredAt, credentialType, timeout: SCAN_WITHIN_MS_DEFAULT / 1_000, ...threshold };
}

/** What does not exist and what is somebody else's fail alike. */
async function reach(
  access: Access,
  actor: Actor,
  { placeId, field }: { readonly placeId: number | null; readonly field: string },
): Promise<ReachedPlace> {
  if (placeId === null) throw unknown(field);
  try {
    return await access.place(actor, "people", placeId);
  } catch (failure) {
    throw failure instanceof ClueError && failure.code === "e1007" ? unknown(field) : failure;
  }
}

function unknown(field: string): ClueError {
  return new ClueError("e1007", { details: [{ field, message: "names nothing within reach" }] });
}

/** Under v2. */
export function serveScans(serve: Serve, scans: Scans): void {
  serve(
    "requestScan",
    async ({ params, query, body, by, placeOf, signal }) => {
      const device = await scans.findDevice(params.deviceId);
      const place = await placeOf("deviceId", device?.placeId ?? null);
      if (device === null) throw hidden("deviceId");
      const { credentialType, verifyToken = null, withinMs } = body;
      const scan = await scans.request({ place, by }, device, { credentialType, verifyToken, withinMs, unknownCode: "e1005" });
      return scans.view(await scans.whenEnded(scan, query.wait ?? 0, signal));
    },
    { answerMsMax: SCAN_ANSWER_MS_MAX },
  );
  serve(
    "readScan",
    async ({ params, query, placeOf, signal }) => {
      const found = await scans.find(params.token);
      await placeOf("token", found?.row.placeId ?? null);
      if (found === null) throw hidden("token");
      return scans.view(await scans.whenEnded(found, query.wait ?? 0, signal));
    },
    { answerMsMax: SCAN_ANSWER_MS_MAX },
  );
  serve("cancelScan", async ({ params, by, placeOf }) => {
    const found = await scans.find(params.token);
    const place = await placeOf("token", found?.row.placeId ?? null);
    if (found === null) throw hidden("token");
    await scans.cancel({ place, by }, found);
    return undefined;
  });
}
