import { type AuthData, readPathId, type Success, writeBare, writeList, writeOne } from "@postern/contract";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { accepted } from "../../platform/http/accepted.ts";
import { AUTH_BODY_BYTES_MAX } from "../../platform/http/http-limits.ts";
import type { TellDoors } from "../../platform/http/tell-doors.ts";
import { tellDuplicates } from "../../platform/http/tell-duplicates.ts";
import { AUTH_ANSWER_MS_MAX } from "./limits.ts";
import type { AuthsService, WrittenAuth } from "./service.ts";

/** `Prefer: wait` is ours: CLUe says nothing of when doors know. */
const WRITING = { bodyLimit: AUTH_BODY_BYTES_MAX, config: { awaitsDoors: true, answerMsMax: AUTH_ANSWER_MS_MAX } } as const;

interface PlaceParams {
  readonly Params: { readonly placeId: string };
}

interface AuthParams {
  readonly Params: { readonly authId: string };
}

/** CLUe §1.2 and §1.3, under every prefix of v1. Reading and listing auths, the shorter paths of PUT and DELETE, and the question for a unique PIN are ours. */
export function addAuthRoutes(routes: FastifyInstance, auths: AuthsService, tellDoors: TellDoors): void {
  routes.post<PlaceParams>("/places/:placeId/auths", WRITING, async (request, reply) => {
    const placeId = accepted(readPathId("placeId", request.params.placeId));
    const made = await auths.create(request.actor, { placeId, body: request.body, idempotencyKey: idempotencyKey(request) });
    await tellDoors({ request, reply }, made.data.authId);
    return answer(reply, made);
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

  routes.patch<AuthParams>("/auths/:authId", WRITING, async (request, reply) => {
    const changed = await auths.change(request.actor, accepted(readPathId("authId", request.params.authId)), request.body);
    await tellDoors({ request, reply }, changed.data.authId);
    return answer(reply, changed);
  });

  for (const path of ["/places/auths/:authId", "/auths/:authId"]) {
    routes.put<AuthParams>(path, WRITING, async (request, reply) => {
      const replaced = await auths.replace(request.actor, accepted(readPathId("authId", request.params.authId)), request.body);
      await tellDoors({ request, reply }, replaced.data.authId);
      return answer(reply, replaced);
    });
  }

  for (const path of ["/places/auths/:authId", "/auths/:authId"]) {
    routes.delete<AuthParams>(path, { config: { awaitsDoors: true, answerMsMax: AUTH_ANSWER_MS_MAX } }, async (request, reply) => {
      const authId = accepted(readPathId("authId", request.params.authId));
      await auths.remove(request.actor, authId);
      await tellDoors({ request, reply }, authId);
      return writeBare();
    });
  }
  addFaceDeletion(routes, auths, tellDoors);
}

/** The body is CLUe's to the byte: what it has no field for goes into a header. */
function answer(reply: FastifyReply, { data, faceDuplicates }: WrittenAuth): Success<AuthData> {
  tellDuplicates(reply, faceDuplicates);
  return writeOne(data);
}

/** CLUe §1.10 names the first; the second is ours. */
function addFaceDeletion(routes: FastifyInstance, auths: AuthsService, tellDoors: TellDoors): void {
  for (const path of ["/auths/:authId/face-links", "/auths/:authId/faces"]) {
    routes.delete<AuthParams>(path, { config: { awaitsDoors: true, answerMsMax: AUTH_ANSWER_MS_MAX } }, async (request, reply) => {
      const authId = accepted(readPathId("authId", request.params.authId));
      await auths.removeFaces(request.actor, authId);
      await tellDoors({ request, reply }, authId);
      return writeBare();
    });
  }
}

/** Node joins a header that stands twice, so that it is a text or absent. */
function idempotencyKey(request: FastifyRequest<PlaceParams>): string | undefined {
  const header = request.headers["idempotency-key"];
  return Array.isArray(header) ? header.join(", ") : header;
}
