import type { FastifyInstance, FastifyRequest } from "fastify";
import { isLoopbackAddress } from "../../platform/config.ts";
import { NativeRefusal } from "../../platform/http/native-refusal.ts";
import type { ServerMetrics } from "./server-metrics.ts";

/** Who may read: with the operator's key; without one from this machine alone; nobody. */
export type MetricsAccess = "operator" | "loopback" | "off";

export interface MetricsRoutesDeps {
  readonly access: MetricsAccess;
  readonly metrics: Pick<ServerMetrics, "read" | "contentType">;
  /** Fails with `key_refused` unless the request carries the operator's key. */
  readonly requireOperator: (request: FastifyRequest) => void;
}

/** `GET /metrics`, in the text format of Prometheus. */
export function addMetricsRoutes(app: FastifyInstance, { access, metrics, requireOperator }: MetricsRoutesDeps): void {
  app.get("/metrics", { config: { undescribed: true } }, async (request, reply) => {
    if (access === "off") throw new NativeRefusal("not_found", { detail: "No such path." });
    if (access === "operator" || !isFromThisMachine(request)) requireOperator(request);
    reply.header("content-type", metrics.contentType);
    return metrics.read();
  });
}

/** What a proxy on this machine passes on comes from this machine too, and from anybody: it says so in its headers, and then the key counts. */
function isFromThisMachine({ socket, headers }: FastifyRequest): boolean {
  const isPassedOn = headers["forwarded"] !== undefined || Object.keys(headers).some((name) => name.startsWith("x-forwarded-"));
  return !isPassedOn && isLoopbackAddress(socket.remoteAddress);
}
