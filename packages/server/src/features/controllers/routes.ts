import { pageWanted } from "../../platform/operations/page-cursor.ts";
import type { Serve } from "../../platform/operations/serve-operations.ts";
import type { ClaimsService } from "./claims.ts";
import { CLAIM_BODY_BYTES_MAX } from "./limits.ts";
import type { ControllersService } from "./service.ts";

/** Under v2. */
export function serveControllers(serve: Serve, controllers: ControllersService): void {
  serve("listControllers", async ({ params, query, place }) => {
    const { placeId } = await place(params.placeId);
    return controllers.list(placeId, pageWanted(query));
  });

  serve("createController", async ({ params, body, by, once, place }) =>
    controllers.create({ place: await place(params.placeId), by, once }, body),
  );

  serve("readController", async ({ params: { controllerId }, placeOf }) => {
    await placeOf("controllerId", await controllers.placeOf(controllerId));
    return controllers.read(controllerId);
  });

  serve("changeController", async ({ params: { controllerId }, body, by, placeOf }) => {
    const place = await placeOf("controllerId", await controllers.placeOf(controllerId));
    return controllers.change({ place, by, controllerId }, body);
  });

  serve("deleteController", async ({ params: { controllerId }, by, placeOf }) => {
    const place = await placeOf("controllerId", await controllers.placeOf(controllerId));
    return void (await controllers.remove({ place, by, controllerId }));
  });

  serve("loseController", async ({ params: { controllerId }, by, placeOf }) => {
    const place = await placeOf("controllerId", await controllers.placeOf(controllerId));
    return controllers.lose({ place, by, controllerId });
  });
}

/** Under v2: a code is made with scope `devices`, and used without a key. */
export function serveClaims(serve: Serve, controllers: ControllersService, claims: ClaimsService): void {
  serve("issueClaimCode", async ({ params: { controllerId }, by, placeOf }) => {
    const place = await placeOf("controllerId", await controllers.placeOf(controllerId));
    const { code, expiresAtMs } = await claims.issueCode({ place, by, controllerId });
    return { code, expiresAt: expiresAtMs };
  });

  serve("claimController", ({ source, body }) => claims.claim(source, body), { bodyLimit: CLAIM_BODY_BYTES_MAX });
}
