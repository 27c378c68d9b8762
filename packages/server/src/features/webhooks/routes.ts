import type { NativeOperationId, Webhook } from "@postern/contract";
import type { Database } from "../../platform/database.ts";
import type { OperationRequest } from "../../platform/operations/operation-request.ts";
import { pageOfRows, pageWanted } from "../../platform/operations/page-cursor.ts";
import { hidden, type Serve } from "../../platform/operations/serve-operations.ts";
import { TEST_ANSWER_MS_MAX } from "./limits.ts";
import { type Existing, type Webhooks, webhookPlace } from "./service.ts";
import { listDeliveries, listWebhookPlaces, listWebhooks } from "./store.ts";

/** Under v2. */
export function serveWebhooks(serve: Serve, webhooks: Webhooks, database: Database): void {
  const existing = async ({ actor, by, params: { webhookId } }: Asked): Promise<Existing> => {
    const webhook = await webhooks.find(actor, webhookId);
    if (webhook === null) throw hidden("webhookId");
    return { webhook, by };
  };

  serve("listWebhooks", async ({ actor, query, place }) => {
    if (query.placeId !== undefined) await place(query.placeId);
    const page = pageWanted(query);
    const rows = await listWebhooks(database, actor, { placeId: query.placeId ?? null, page });
    return pageOfRows(rows, page, { idOf: ({ webhookId }) => webhookId, item: (row: Webhook) => row });
  });

  serve("createWebhook", async ({ actor, by, params, body, place }) =>
    webhooks.create({ actor, by, placeId: (await place(params.placeId)).placeId }, body),
  );

  serve("createGroupWebhook", ({ actor, by, body }) => webhooks.create({ actor, by, placeId: null }, body));

  serve("readWebhook", async (asked) => (await existing(asked)).webhook);

  serve("changeWebhook", async (asked) => webhooks.change(await existing(asked), asked));

  serve("deleteWebhook", async (asked) => void (await webhooks.remove(await existing(asked))));

  serve("rotateWebhookSecret", async (asked) => webhooks.rotateSecret(await existing(asked), asked.body));

  serve("listWebhookPlaces", async (asked) => {
    const { webhook } = await existing(asked);
    const page = pageWanted(asked.query);
    const rows = await listWebhookPlaces(database, webhook.webhookId, page);
    return pageOfRows(rows, page, { idOf: ({ placeId }) => placeId, item: webhookPlace });
  });

  serve("resumeWebhook", async (asked) => webhooks.resume(await existing(asked)));

  serve("replayWebhook", async (asked) => webhooks.replay(await existing(asked), asked.body));

  serve("testWebhook", async (asked) => webhooks.test(await existing(asked), asked.signal), { answerMsMax: TEST_ANSWER_MS_MAX });

  serve("listWebhookDeliveries", async (asked) => {
    const { webhook } = await existing(asked);
    const { placeId, outcome } = asked.query;
    const page = pageWanted(asked.query);
    const wanted = { placeId: placeId ?? null, outcome: outcome ?? null, beforeId: page.afterId, limit: page.limit };
    const rows = await listDeliveries(database, webhook.webhookId, wanted);
    return pageOfRows(rows, page, { idOf: ({ deliveryId }) => deliveryId, item: (row) => row });
  });
}

/** What every call about one webhook has. */
type Asked = Pick<OperationRequest<NativeOperationId>, "actor" | "by"> & { readonly params: { readonly webhookId: number } };
