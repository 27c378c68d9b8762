import { pageWanted } from "../../platform/operations/page-cursor.ts";
import type { Serve } from "../../platform/operations/serve-operations.ts";
import { ACCESS_TYPE_ANSWER_MS_MAX } from "./limits.ts";
import type { PlaceGroupsService } from "./service.ts";

/** Under v2, for the operator alone. */
export function servePlaceGroups(serve: Serve, groups: PlaceGroupsService): void {
  serve("listPlaceGroups", ({ query }) => groups.list(pageWanted(query)));

  serve("createPlaceGroup", ({ body, by, once }) => groups.create({ by, once }, body));

  serve("readPlaceGroup", ({ params }) => groups.read(params.placeGroupId));

  serve("changePlaceGroup", ({ params: { placeGroupId }, body, by, ifMatch }) => groups.change({ by, placeGroupId, ifMatch }, body), {
    answerMsMax: ACCESS_TYPE_ANSWER_MS_MAX,
  });

  serve("deletePlaceGroup", async ({ params: { placeGroupId }, by }) => void (await groups.remove({ by, placeGroupId })));
}
