import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { WebhookMessage } from "@postern/contract";
import { Webhook } from "standardwebhooks";
import { Compile } from "typebox/compile";

export interface Received {
  readonly id: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly type: string;
  readonly placeId: number;
  readonly numbers: readonly number[];
}

export interface WebhookReceiver extends AsyncDisposable {
  readonly url: string;
  readonly received: Received[];
  /** What it answers with; 0: nothing, for ever. */
  status: number;
  headers: Record<string, string>;
  /** Called for each message before it is answered. */
  onMessage: () => Promise<void> | void;
  /** Numbers of events in the order in which they were taken, repeats of a message left out. */
  numbers(placeId?: number): readonly number[];
  /** At most so many messages of one place were answered at a time. */
  readonly atOnceMax: () => number;
  /** Bodies that are not what AsyncAPI's description of them says. */
  readonly undescribed: readonly string[];
}

const isDescribed = Compile(WebhookMessage);

/** A customer's server that keeps what it is sent. */
export async function startWebhookReceiver(): Promise<WebhookReceiver> {
  const received: Received[] = [];
  const undescribed: string[] = [];
  const taken = new Map<string, Received>();
  const open = new Map<number, number>();
  let atOnceMax = 0;
  const server = createServer((request, response) => {
    void (async () => {
      let body = "";
      for await (const chunk of request) body += String(chunk);
      const { type, data } = JSON.parse(body) as { type: string; data: { placeId: number; events: { localLogId: number }[] } };
      if (!isDescribed.Check(JSON.parse(body))) undescribed.push(body);
      const id = String(request.headers["webhook-id"]);
      const headers = request.headers as Record<string, string>;
      const message = { id, headers, body, type, placeId: data.placeId, numbers: data.events.map(({ localLogId }) => localLogId) };
      received.push(message);
      const count = (open.get(data.placeId) ?? 0) + 1;
      open.set(data.placeId, count);
      atOnceMax = Math.max(atOnceMax, count);
      await receiver.onMessage();
      open.set(data.placeId, (open.get(data.placeId) ?? 1) - 1);
      if (receiver.status === 0) return;
      if (receiver.status < 300) taken.set(id, taken.get(id) ?? message);
      response.writeHead(receiver.status, receiver.headers).end(receiver.status < 300 ? undefined : "we are\u0000 sorry");
    })();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", () => resolve()));
  const receiver: WebhookReceiver = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hooks`,
    received,
    undescribed,
    status: 204,
    headers: {},
    onMessage: () => undefined,
    numbers: (placeId) =>
      [...taken.values()].filter((one) => placeId === undefined || one.placeId === placeId).flatMap((one) => one.numbers),
    atOnceMax: () => atOnceMax,
    [Symbol.asyncDispose]: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
  return receiver;
}

/** Whether a message is signed with this secret, as a receiver's library judges. */
export function isSignedWith(secret: string, { headers, body }: Received): boolean {
  try {
    new Webhook(secret).verify(body, headers);
    return true;
  } catch {
    return false;
  }
}
