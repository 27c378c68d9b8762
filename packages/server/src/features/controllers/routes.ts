import { readClaim, readPathId } from "@postern/contract";
import type { FastifyInstance } from "fastify";
import { accepted } from "../../platform/http/accepted.ts";
import { sourceOf } from "../../platform/http/source-address.ts";
import { CLAIM_BODY_BYTES_MAX } from "./limits.ts";
import type { ControllersService } from "./service.ts";
import type { ControllerRow } from "./store.ts";

interface PlaceParams {
  readonly Params: { readonly placeId: string };
}

interface ControllerParams {
  readonly Params: { readonly controllerId: string };
}

/** Controllers over v2: made and listed with scope `devices`, claimed with a code and no key. */
export function addControllerRoutes(routes: FastifyInstance, controllers: ControllersService): void {
  routes.get<PlaceParams>("/places/:placeId/controllers", async (request) => {
    const placeId = accepted(readPathId("placeId", request.params.placeId));
    return { controllers: (await controllers.list(request.actor, placeId)).map(controllerView) };
  });

  routes.post<PlaceParams>("/places/:placeId/controllers", async (request, reply) => {
    const placeId = accepted(readPathId("placeId", request.params.placeId));
    const controller = await controllers.create(request.actor, placeId, request.body);
    reply.code(201);
    return controllerView(controller);
  });

  routes.post<ControllerParams>("/controllers/:controllerId/claim-codes", { config: { body: "optional" } }, async (request, reply) => {
    const controllerId = accepted(readPathId("controllerId", request.params.controllerId));
    const { code, expiresAtMs } = await controllers.issueCode(request.actor, controllerId);
    reply.code(201);
    return { code, expiresAt: expiresAtMs };
  });

  routes.post("/claims", { bodyLimit: CLAIM_BODY_BYTES_MAX, config: { access: "public" } }, async (request) => {
    return controllers.claim(sourceOf(request.ip), accepted(readClaim(request.body)));
  });
}

function controllerView({ claimedAt, ...rest }: ControllerRow) {
  return { ...rest, claimed: claimedAt !== null, claimedAt };
}
