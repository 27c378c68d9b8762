import { readPathId, writeBare, writeList, writeOne } from "@postern/contract";
import type { FastifyInstance, FastifyRequest } from "fastify";
import { accepted } from "../../platform/http/accepted.ts";
import { AUTH_BODY_BYTES_MAX } from "../../platform/http/http-limits.ts";
import type { AuthsService } from "./service.ts";

interface PlaceParams {
  readonly Params: { readonly placeId: string };
}

interface AuthParams {
  readonly Params: { readonly authId: string };
}

/** CLUe §1.2 and §1.3, under every prefix of v1. Reading and listing auths, the shorter paths of PUT and DELETE, and the question for a unique PIN are ours. */
export function addAuthRoutes(routes: FastifyInstance, auths: AuthsService): void {
  routes.post<PlaceParams>("/places/:placeId/auths", { bodyLimit: AUTH_BODY_BYTES_MAX }, async (request) => {
    const placeId = accepted(readPathId("placeId", request.params.placeId));
    return writeOne(await auths.create(request.actor, { placeId, body: request.body, idempotencyKey: idempotencyKey(request) }));
  });

  routes.get<AuthParams>("/auths/:authId", async (request) => {
    return writeOne(await auths.read(request.actor, accepted(readPathId("authId", request.params.authId))));
  });

  routes.get<PlaceParams>("/places/:placeId/auths", async (request) => {
    const placeId = accepted(readPathId("placeId", request.params.placeId));
    const { auths: page, total } = await auths.list(request.actor, placeId, request.query);
    return writeList(page, total);
  });

  routes.post<PlaceParams>("/places/:placeId/unique-pins/available", async (request) => {
    const placeId = accepted(readPathId("placeId", request.params.placeId));
    return writeOne({ available: await auths.isUniquePinFree(request.actor, placeId, request.body) });
  });

  routes.patch<AuthParams>("/auths/:authId", { bodyLimit: AUTH_BODY_BYTES_MAX }, async (request) => {
    return writeOne(await auths.change(request.actor, accepted(readPathId("authId", request.params.authId)), request.body));
  });

  for (const path of ["/places/auths/:authId", "/auths/:authId"]) {
    routes.put<AuthParams>(path, { bodyLimit: AUTH_BODY_BYTES_MAX }, async (request) => {
      return writeOne(await auths.replace(request.actor, accepted(readPathId("authId", request.params.authId)), request.body));
    });
  }

  for (const path of ["/places/auths/:authId", "/auths/:authId"]) {
    routes.delete<AuthParams>(path, async (request) => {
      await auths.remove(request.actor, accepted(readPathId("authId", request.params.authId)));
      return writeBare();
    });
  }
}

/** Node joins a header that stands twice, so that it is a text or absent. */
function idempotencyKey(request: FastifyRequest<PlaceParams>): string | undefined {
  const header = request.headers["idempotency-key"];
  return Array.isArray(header) ? header.join(", ") : header;
}
