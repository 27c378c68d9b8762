import { createServer } from "node:http";
import { posternClient } from "@postern/client";
import { assert } from "@postern/core";
import { machineMs } from "../machine-time.ts";
import { serve } from "../serve.ts";
import { PLACE_ID } from "./bench-place.ts";
import type { ApiAddress } from "./people-client.ts";

interface Heard {
  /** When each event came, by its number. */
  readonly atMs: Map<number, number>;
  messageCount: number;
}

/** Those who are told what happens: a stream, and the server of a customer. */
const stack = new AsyncDisposableStack();
const streamed: Heard = { atMs: new Map(), messageCount: 0 };
const hooked: Heard = { atMs: new Map(), messageCount: 0 };

function hear(heard: Heard, events: readonly { readonly localLogId: number }[]): void {
  const nowMs = machineMs();
  heard.messageCount += 1;
  for (const { localLogId } of events) if (!heard.atMs.has(localLogId)) heard.atMs.set(localLogId, nowMs);
}

const followersHandlers = {
  /** Follows the place by a stream, and by a webhook of its own. */
  follow: async ({ baseUrl, key, streamCount }: ApiAddress & { streamCount: number }): Promise<void> => {
    const over = new AbortController();
    stack.defer(() => over.abort());
    const client = posternClient({ baseUrl, key });
    for (let index = 0; index < streamCount; index += 1) {
      void (async () => {
        for await (const { event } of client.stream({ placeIds: [PLACE_ID], signal: over.signal }))
          if (index === 0) hear(streamed, [event]);
      })();
    }
    const server = createServer((request, response) => {
      void (async () => {
        const chunks: Buffer[] = [];
        for await (const chunk of request) if (Buffer.isBuffer(chunk)) chunks.push(chunk);
        const message: { data: { events: { localLogId: number }[] } } = JSON.parse(Buffer.concat(chunks).toString());
        hear(hooked, message.data.events);
        response.writeHead(204).end();
      })();
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", () => resolve()));
    stack.defer(() => void server.close());
    const address = server.address();
    assert(address !== null && typeof address === "object", "a listening server has a port");
    const body = { name: "bench", url: `http://127.0.0.1:${address.port}/`, events: { types: EVENTS } };
    await client.createWebhook({ params: { placeId: PLACE_ID }, body });
  },
  /** What has come so far, by number, and in how many messages. */
  heard: async (_: null): Promise<{ streamed: [number, number][]; hooked: [number, number][]; messageCount: number }> => ({
    streamed: [...streamed.atMs],
    hooked: [...hooked.atMs],
    messageCount: hooked.messageCount,
  }),
};
export type FollowersHandlers = typeof followersHandlers;

/** Of a passage. */
const EVENTS = ["DEV_CARD_AUTH_SUCCESS", "DEV_DOOR_RELAY_ON", "DEV_DOOR_RELAY_OFF"];

serve(followersHandlers, () => stack.disposeAsync());
