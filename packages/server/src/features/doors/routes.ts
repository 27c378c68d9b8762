import { readPathId, writeList } from "@postern/contract";
import type { FastifyInstance } from "fastify";
import { accepted } from "../../platform/http/accepted.ts";
import type { DoorsService } from "./service.ts";

interface PlaceParams {
  readonly Params: { readonly placeId: string };
}

/** CLUe §1.5, under every prefix of v1. */
export function addDoorRoutes(routes: FastifyInstance, doors: DoorsService): void {
  routes.get<PlaceParams>("/places/:placeId/doors", async (request) => {
    const placeId = accepted(readPathId("placeId", request.params.placeId));
    const page = await doors.list(request.actor, placeId, request.query);
    return writeList(page.doors, page.total);
  });
}
