import { asyncDocument } from "@postern/contract";
import { assert } from "@postern/core";
import type { FastifyInstance } from "fastify";
import type { ServedRoute } from "../../platform/http/served-routes.ts";
import { type ApiDescription, describeRoutes } from "./describe-routes.ts";
import { REFERENCE_PAGE, REFERENCE_POLICY, REFERENCE_START } from "./reference-page.ts";
import { loadReferenceScript } from "./reference-script.ts";

const PAGE = { config: { undescribed: true } } as const;
const SCRIPT_TYPE = "text/javascript; charset=utf-8";

/**
 * `/openapi/v1.json` and `/openapi/v2.json`, the descriptions of what this very server serves, `/reference`, a page that shows them, and
 * `/asyncapi.json` for what it sends and is sent beside them. Public: they are the same for everybody and stand in the repository. `routes` is read when first asked, when all of them have been added.
 */
export function addReferenceRoutes(app: FastifyInstance, routes: readonly ServedRoute[], version: string): void {
  const description = once(() => describeWhole(routes, version));
  app.get("/openapi/v1.json", PAGE, async () => description().v1);
  app.get("/openapi/v2.json", PAGE, async () => description().v2);
  app.get("/asyncapi.json", PAGE, async () => asyncDocument(version));
  app.get("/reference", PAGE, async (_request, reply) => {
    reply.type("text/html; charset=utf-8").header("content-security-policy", REFERENCE_POLICY).header("referrer-policy", "no-referrer");
    return REFERENCE_PAGE;
  });
  app.get("/reference/start.js", PAGE, async (_request, reply) => reply.type(SCRIPT_TYPE).send(REFERENCE_START));
  const script = once(loadReferenceScript);
  app.get("/reference/scalar.js", PAGE, async (request, reply) => {
    const { plain, gzipped, tag } = await script();
    reply.type(SCRIPT_TYPE).headers({ etag: tag, vary: "accept-encoding", "cache-control": "no-cache" });
    if (request.headers["if-none-match"] === tag) return reply.code(304).send();
    return isGzipTaken(request.headers["accept-encoding"]) ? reply.header("content-encoding", "gzip").send(gzipped) : reply.send(plain);
  });
}

function describeWhole(routes: readonly ServedRoute[], version: string): ApiDescription {
  const description = describeRoutes(routes, version);
  assert(description.undescribed.length === 0, `every route is described, also ${description.undescribed.join(", ")}`);
  return description;
}

function isGzipTaken(header: string | string[] | undefined): boolean {
  return /\bgzip\b(?!\s*;\s*q=0(?:\.0+)?(?:,|\s|$))/.test(String(header ?? ""));
}

function once<Value>(make: () => Value): () => Value {
  let made: { readonly value: Value } | null = null;
  return () => {
    made ??= { value: make() };
    return made.value;
  };
}
