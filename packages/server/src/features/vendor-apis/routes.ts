import type { NativeOperationId } from "@postern/contract";
import type { OperationRequest } from "../../platform/operations/operation-request.ts";
import { pageWanted } from "../../platform/operations/page-cursor.ts";
import type { Serve } from "../../platform/operations/serve-operations.ts";
import { MAPPING_ANSWER_MS_MAX, TEST_ANSWER_MS_MAX } from "./limits.ts";
import type { VendorMappings } from "./mappings.ts";
import type { ExistingApi, VendorApis } from "./service.ts";
import { shownApi } from "./store.ts";

const OF_MANY_PLACES = { answerMsMax: MAPPING_ANSWER_MS_MAX } as const;
const TESTED = { answerMsMax: TEST_ANSWER_MS_MAX } as const;

/** Under v2. */
export function serveVendorApis(serve: Serve, apis: VendorApis, mappings: VendorMappings): void {
  const existing = async ({ actor, by, params: { vendorApiId } }: Asked): Promise<ExistingApi> => ({
    api: await apis.find(actor, vendorApiId),
    by,
  });

  serve("listVendorApis", async ({ actor, query }) => apis.list(actor, pageWanted(query)));

  serve("testNewVendorApi", async ({ actor, body, signal }) => apis.testNew(actor, body, signal), TESTED);

  serve("createVendorApi", async ({ actor, by, body }) => apis.create({ actor, by }, body));

  serve("readVendorApi", async (asked) => shownApi((await existing(asked)).api));

  serve("changeVendorApi", async (asked) => apis.change(await existing(asked), asked));

  serve("deleteVendorApi", async (asked) => void (await apis.remove(await existing(asked))), OF_MANY_PLACES);

  serve("testVendorApi", async (asked) => apis.test(await existing(asked), asked.body, asked.signal), TESTED);

  serve("rotateVendorSecret", async (asked) => apis.rotateSecret(await existing(asked), asked.body));

  serve("readVendorMapping", async ({ actor }) => mappings.readGroup(actor));

  serve("changeVendorMapping", async (asked) => mappings.changeGroup(asked.actor, asked), OF_MANY_PLACES);

  serve("readPlaceVendorMapping", async ({ params, place }) => mappings.readPlace(await place(params.placeId)));

  serve("changePlaceVendorMapping", async (asked) => mappings.changePlace(await asked.place(asked.params.placeId), asked));

  serve("resetPlaceVendorMapping", async ({ params, by, place }) => void (await mappings.resetPlace(await place(params.placeId), by)));
}

/** What every call about one API has. */
type Asked = Pick<OperationRequest<NativeOperationId>, "actor" | "by"> & { readonly params: { readonly vendorApiId: number } };
