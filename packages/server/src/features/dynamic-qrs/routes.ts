import {
  type ClueDynamicQr,
  type DynamicQr,
  readCreateDynamicQr,
  readDynamicQrsOf,
  readDynamicQrsQuery,
  readPathUuid,
  writeBare,
  writeList,
  writeOne,
} from "@postern/contract";
import type { FastifyInstance, FastifyRequest } from "fastify";
import { requireScope } from "../../platform/access/require-scope.ts";
import { accepted } from "../../platform/http/accepted.ts";
import { originOf } from "../../platform/http/request-context.ts";
import { pageWanted } from "../../platform/operations/page-cursor.ts";
import type { Serve } from "../../platform/operations/serve-operations.ts";
import { type Asking, type DynamicQrs, requireGroup } from "./service.ts";

interface QrParams {
  readonly Params: { readonly dynamicQrId: string };
}

/** CLUe §1.9, under every prefix of v1. */
export function addDynamicQrRoutes(routes: FastifyInstance, qrs: DynamicQrs): void {
  routes.post("/dynamic-qrs", async (request) => {
    const asking = askingOf(request);
    const wanted = accepted(readCreateDynamicQr(request.body, qrs.nowMs));
    requireGroup(asking.actor, wanted.placeGroupId);
    return writeOne(clueQr(await qrs.create(asking, wanted)));
  });

  routes.get("/dynamic-qrs", async (request) => {
    const { items, total } = await qrs.page(askingOf(request), accepted(readDynamicQrsQuery(request.query)));
    return writeList(items.map(clueQr), total);
  });

  routes.delete("/dynamic-qrs", async (request) => {
    const asking = askingOf(request);
    const { placeGroupId, uniqueKey } = accepted(readDynamicQrsOf(request.query));
    requireGroup(asking.actor, placeGroupId);
    await qrs.removeOf(asking, uniqueKey);
    return writeBare();
  });

  routes.get<QrParams>("/dynamic-qrs/:dynamicQrId", async (request) =>
    writeOne(clueQr(await qrs.read(askingOf(request), qidOf(request.params)))),
  );

  routes.delete<QrParams>("/dynamic-qrs/:dynamicQrId", async (request) => {
    await qrs.remove(askingOf(request), qidOf(request.params));
    return writeBare();
  });
}

/** Under v2. */
export function serveDynamicQrs(serve: Serve, qrs: DynamicQrs): void {
  serve("listDynamicQrs", (asked) => qrs.list(asked, asked.query.userKey ?? null, pageWanted(asked.query)));

  serve("createDynamicQr", (asked) => {
    const { userKey: uniqueKey, validFrom: validFromMs, validTo: validToMs } = asked.body;
    return qrs.create(asked, { uniqueKey, validFromMs, validToMs }, asked.once);
  });

  serve("readDynamicQr", (asked) => qrs.read(asked, asked.params.dynamicQrId));

  serve("deleteDynamicQr", async (asked) => void (await qrs.remove(asked, asked.params.dynamicQrId)));

  serve("deleteDynamicQrs", async (asked) => void (await qrs.removeOf(asked, asked.query.userKey)));
}

/** The key before anything else of the request. */
function askingOf(request: FastifyRequest): Asking {
  requireScope(request.actor, "people");
  return { actor: request.actor, by: { keyId: request.actor.keyId, source: "API_TOKEN" }, origin: originOf(request) };
}

function qidOf({ dynamicQrId }: QrParams["Params"]): string {
  return accepted(readPathUuid("dynamicQrId", dynamicQrId));
}

function clueQr({ dynamicQrId, userKey, placeGroupId, validFrom, validTo, url }: DynamicQr): ClueDynamicQr {
  return { dynamicQrId, uniqueKey: userKey, placeGroupId, validFrom, validTo, dynamicQrUrl: url };
}
