import { type Clock, pause, type Timers } from "@postern/core";
import { HEALTH_ANSWER_LIFETIME_MS, HEALTH_CHECK_MS_MAX } from "./limits.ts";

/** True when the part is up. A rejection counts as down. */
export type HealthCheck = () => boolean | Promise<boolean>;

export interface HealthDeps {
  readonly clock: Clock;
  readonly timers: Timers;
  readonly version: string;
  /** A listener beyond loopback without TLS or proxy was asked for. */
  readonly isInsecure: boolean;
  /** By the name under which the answer shows them. */
  readonly checks: Readonly<Record<string, HealthCheck>>;
}

export interface Health {
  readonly status: "ok" | "unready";
  readonly nowMs: number;
  readonly version: string;
  readonly insecure?: true;
  readonly parts: Readonly<Record<string, "up" | "down">>;
}

export interface HealthService {
  /** Never fails, and answers within `HEALTH_CHECK_MS_MAX`. */
  read(): Promise<Health>;
}

export function healthService(deps: HealthDeps): HealthService {
  let latest: { readonly health: Promise<Health>; readonly sinceMs: number } | null = null;
  return {
    read() {
      const nowMs = deps.clock.monotonicMs();
      if (latest === null || nowMs - latest.sinceMs >= HEALTH_ANSWER_LIFETIME_MS) latest = { health: look(deps), sinceMs: nowMs };
      return latest.health;
    },
  };
}

async function look({ clock, timers, version, isInsecure, checks }: HealthDeps): Promise<Health> {
  const states = await Promise.all(
    Object.entries(checks).map(async ([name, check]) => [name, await stateOf(timers, name, check)] as const),
  );
  const isReady = states.every(([, state]) => state === "up");
  return {
    status: isReady ? "ok" : "unready",
    nowMs: clock.nowMs(),
    version,
    ...(isInsecure ? { insecure: true } : {}),
    parts: Object.fromEntries(states),
  };
}

async function stateOf(timers: Timers, name: string, check: HealthCheck): Promise<"up" | "down"> {
  const answered = new AbortController();
  const asked = (async () => check())().catch(() => false);
  const late = pause(timers, `health of ${name}`, HEALTH_CHECK_MS_MAX, answered.signal).then(() => false);
  const isUp = await Promise.race([asked, late]);
  answered.abort();
  return isUp ? "up" : "down";
}
