import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type IncomingMessage, request, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { test } from "node:test";
import { heedAnnounced, KeptHttpAgent } from "../../../src/platform/outgoing/kept-agents.ts";

/** For how long a connection is kept after these answers, one after the other; null: it was not kept. */
async function keptMs(...answers: readonly ((response: ServerResponse) => void)[]): Promise<readonly (number | null)[]> {
  const left = [...answers];
  const server = createServer((_request, response) => {
    left.shift()?.(response);
    response.end();
  });
  // What Node's server says by itself is not what is tested.
  server.keepAliveTimeout = 0;
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", () => resolve()));
  const { port } = server.address() as AddressInfo;
  const agent = new KeptHttpAgent({});
  const kept: (number | null)[] = [];
  for (const _answer of answers) {
    const sending = request({ port, host: "127.0.0.1", agent }).end();
    const [response] = (await once(sending, "response")) as [IncomingMessage];
    heedAnnounced(response);
    await once(response.resume(), "close");
    await new Promise((resolve) => setImmediate(resolve));
    const [free] = Object.values(agent.freeSockets).flat();
    kept.push(free === undefined ? null : (free.timeout ?? 0));
  }
  agent.destroy();
  server.closeAllConnections();
  server.close();
  return kept;
}

const announcing = (seconds: number) => (response: ServerResponse) => void response.setHeader("keep-alive", `timeout=${seconds}, max=100`);

test("a connection is kept for a second less than its server announces, and for four seconds where it announces nothing", async () => {
  assert.deepEqual(
    await keptMs(
      () => undefined,
      announcing(30),
      () => undefined,
    ),
    [4_000, 29_000, 4_000],
  );
  assert.deepEqual(await keptMs(announcing(3)), [2_000]);
  assert.deepEqual(await keptMs(announcing(86_400)), [90_000], "and never for longer than that");
  assert.deepEqual(await keptMs(announcing(1)), [null]);
});
