import type { FastifyInstance, FastifyReply } from "fastify";
import type { Health, HealthService } from "./service.ts";

/**
 * `GET /health/live`: 200 as long as this process answers at all, whatever is away: who asks it decides whether to end the process. `GET /health/ready` is
 * `/healthz` under the name that others look for.
 */
function addProbes(app: FastifyInstance, health: HealthService): void {
  app.get("/health/live", { config: { undescribed: true } }, async () => ({ status: "ok" }));
  app.get("/health/ready", { config: { undescribed: true } }, (_request, reply) => answer(health, reply));
}

/** `GET /healthz`: 200 once every part is up, else 503 and which is not. Asks for no key and tells nothing about anybody. */
export function addHealthRoutes(app: FastifyInstance, health: HealthService): void {
  app.get("/healthz", (_request, reply) => answer(health, reply));
  addProbes(app, health);
}

async function answer(health: HealthService, reply: FastifyReply): Promise<Health> {
  const read = await health.read();
  reply.code(read.status === "ok" ? 200 : 503);
  return read;
}
