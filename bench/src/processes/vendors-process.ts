import { createServer, type Server } from "node:http";
import { assert } from "@postern/core";
import { serve } from "../serve.ts";

/** Servers of customers, each on a port of its own, that let everybody in at once; one of them may hang. */
const servers: Server[] = [];
let hanging: number | null = null;
const ANSWER = '{"allowed":true,"text":"Welcome"}';

const vendorsHandlers = {
  /** Begins to listen; answers the addresses. */
  listen: async ({ count }: { count: number }): Promise<readonly string[]> => {
    const urls: string[] = [];
    for (let index = 0; index < count; index += 1) {
      const server = createServer((request, response) => {
        request.resume();
        request.once("end", () => {
          if (index !== hanging) response.writeHead(200, { "content-type": "application/json" }).end(ANSWER);
        });
      });
      // Longer than any pause of the bench: what a kept connection saves is the same for all.
      server.keepAliveTimeout = 60_000;
      await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", () => resolve()));
      const address = server.address();
      assert(address !== null && typeof address === "object", "a listening server has a port");
      servers.push(server);
      urls.push(`http://127.0.0.1:${address.port}/doors`);
    }
    return urls;
  },
  /** This one answers nobody from now on. */
  hang: async ({ index }: { index: number }): Promise<void> => {
    hanging = index;
  },
};
export type VendorsHandlers = typeof vendorsHandlers;

serve(vendorsHandlers, async () => {
  for (const server of servers) {
    server.closeAllConnections();
    server.close();
  }
});
