import { readPathId, writeList } from "@postern/contract";
import type { FastifyInstance, FastifyReply } from "fastify";
import { accepted } from "../../platform/http/accepted.ts";
import { FOLLOW_ANSWER_MS_MAX } from "./limits.ts";
import type { EventsService } from "./service.ts";

interface PlaceParams {
  readonly Params: { readonly placeId: string };
}

/** CLUe §1.4, under every prefix of v1. */
export function addEventRoutes(routes: FastifyInstance, events: EventsService): void {
  routes.get("/events", async (request) => {
    const page = await events.page(request.actor, request.query);
    return writeList(page.events, page.total);
  });

  routes.get<PlaceParams>("/events/places/:placeId/elastic", async (request) => {
    const placeId = accepted(readPathId("placeId", request.params.placeId));
    const page = await events.pageOf(request.actor, placeId, request.query);
    return writeList(page.events, page.total);
  });
}

/** Under v2. `stopping` is aborted when the server begins to stop, so that nobody's waiting keeps it. */
export function addEventFollowRoutes(routes: FastifyInstance, events: EventsService, stopping?: AbortSignal): void {
  routes.get<PlaceParams>("/places/:placeId/events", { config: { answerMsMax: FOLLOW_ANSWER_MS_MAX } }, async (request, reply) => {
    const placeId = accepted(readPathId("placeId", request.params.placeId));
    const gone = goneSignal(reply);
    const signal = stopping === undefined ? gone : AbortSignal.any([gone, stopping]);
    return events.follow(request.actor, placeId, { query: request.query, signal });
  });
}

/** Aborted when nobody waits for the answer any more. */
function goneSignal(reply: FastifyReply): AbortSignal {
  const gone = new AbortController();
  reply.raw.once("close", () => gone.abort());
  return gone.signal;
}
