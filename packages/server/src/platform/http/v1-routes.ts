import { ClueError } from "@postern/contract";
import type { FastifyInstance, HTTPMethods } from "fastify";
import { guardRoutes, type RouteGuards } from "./keyed-routes.ts";
import { V1_PREFIXES } from "./surface.ts";

/** Paths as CLUe's documents write them, without `/v1`; called once per prefix. */
export type RegisterRoutes = (routes: FastifyInstance) => void;

const METHODS: readonly HTTPMethods[] = ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];

/**
 * Adds CLUe's routes under each of their prefixes, behind the key. Once per server, with all of them: a known path asked with a method
 * that nobody registered answers `e1002`, so every route of the path must be known.
 */
export function addV1Routes(app: FastifyInstance, guards: RouteGuards, register: RegisterRoutes): void {
  for (const prefix of V1_PREFIXES) {
    app.register(
      async (routes) => {
        guardRoutes(routes, guards, "v1");
        const methodsByPath = recordMethods(routes);
        register(routes);
        refuseOtherMethods(routes, methodsByPath);
      },
      { prefix },
    );
  }
}

function recordMethods(routes: FastifyInstance): Map<string, Set<string>> {
  const methodsByPath = new Map<string, Set<string>>();
  routes.addHook("onRoute", ({ routePath, method }) => {
    // Names of parameters do not matter: two routes may call the same part differently.
    const path = routePath.replace(/:[^/]+/g, ":part");
    const methods = methodsByPath.get(path) ?? new Set<string>();
    for (const each of [method].flat()) methods.add(each);
    methodsByPath.set(path, methods);
  });
  return methodsByPath;
}

function refuseOtherMethods(routes: FastifyInstance, methodsByPath: ReadonlyMap<string, ReadonlySet<string>>): void {
  for (const [path, known] of [...methodsByPath]) {
    const method = METHODS.filter((each) => !known.has(each));
    routes.route({
      method,
      url: path,
      config: { body: "optional", undescribed: true },
      handler: async (request) => {
        throw new ClueError("e1002", { message: `${request.method} is not supported on this path.` });
      },
    });
  }
}
