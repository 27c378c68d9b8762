import type { FastifyInstance } from "fastify";
import type { HealthService } from "./service.ts";

/** `GET /healthz`: 200 once every part is up, else 503 and which is not. Asks for no key and tells nothing about anybody. */
export function addHealthRoutes(app: FastifyInstance, health: HealthService): void {
  app.get("/healthz", async (_request, reply) => {
    const answer = await health.read();
    reply.code(answer.status === "ok" ? 200 : 503);
    return answer;
  });
}
