import type { FastifyInstance } from "fastify";
import { guardRoutes, type RouteGuards } from "./keyed-routes.ts";
import { V2_PREFIX } from "./surface.ts";
import type { RegisterRoutes } from "./v1-routes.ts";

/** Adds native routes under `/v2`, behind the key; a route with `config: { access: "public" }` asks for none. */
export function addV2Routes(app: FastifyInstance, guards: RouteGuards, register: RegisterRoutes): void {
  app.register(
    async (routes) => {
      guardRoutes(routes, guards, "native");
      register(routes);
    },
    { prefix: V2_PREFIX },
  );
}
