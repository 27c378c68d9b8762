import { readPathId, writeList } from "@postern/contract";
import type { FastifyInstance } from "fastify";
import { accepted } from "../../platform/http/accepted.ts";
import type { Serve } from "../../platform/operations/serve-operations.ts";
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

/** Under v2. */
export function serveEvents(serve: Serve, events: EventsService): void {
  serve("followEvents", ({ actor, params, query, signal }) => events.follow(actor, params.placeId, { query, signal }), {
    answerMsMax: FOLLOW_ANSWER_MS_MAX,
    isUncounted: true,
  });

  serve(
    "streamEvents",
    ({ actor, query, header, signal }) => events.stream(actor, { query, lastEventId: header("last-event-id"), signal }),
    {
      isUncounted: true,
    },
  );
}
