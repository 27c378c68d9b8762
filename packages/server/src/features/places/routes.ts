import { pageWanted } from "../../platform/operations/page-cursor.ts";
import type { Serve } from "../../platform/operations/serve-operations.ts";
import type { PlacesService } from "./service.ts";

/** Under v2. */
export function servePlaces(serve: Serve, places: PlacesService): void {
  serve("listPlaces", ({ actor, query }) => places.list(actor, pageWanted(query)));

  serve("createPlace", ({ actor, by, once, body }) => places.create({ actor, by, once }, body));

  serve("readPlace", async ({ params, place }) => places.read((await place(params.placeId)).placeId));

  serve("changePlace", async ({ params, body, by, ifMatch, place }) =>
    places.change({ place: await place(params.placeId), by, ifMatch }, body),
  );

  serve("deletePlace", async ({ params, by, place }) => void (await places.remove({ place: await place(params.placeId), by })));
}
