import type { FastifyInstance } from "fastify";

/** One registered route, as the router knows it. */
export interface ServedRoute {
  readonly method: string;
  /** With its prefix, and parameters as `:name`. */
  readonly url: string;
  /** Of `NATIVE_OPERATIONS`, where the route serves one of them by its schemas. */
  readonly operationId: string | null;
}

/**
 * Notes every route that is added after this call, for the published description. Not among them: those that say `undescribed`, and HEAD, which the
 * framework adds to each GET.
 */
export function recordRoutes(app: FastifyInstance): readonly ServedRoute[] {
  const routes: ServedRoute[] = [];
  app.addHook("onRoute", ({ method, url, config }) => {
    if (config?.undescribed === true) return;
    for (const each of [method].flat()) if (each !== "HEAD") routes.push({ method: each, url, operationId: config?.operationId ?? null });
  });
  return routes;
}
