import { LINK_CODES, type LinkCode } from "@postern/contract";
import { type Clock, type Log, pause, type Timers } from "@postern/core";
import type { Admission } from "./admission.ts";
import type { MqttLimits } from "./limits.ts";
import type { LinkHandler } from "./link-handler.ts";
import { CONNACK, type ConnackCode } from "./read-connect.ts";

export interface AuthenticateDeps {
  readonly handler: LinkHandler;
  readonly admission: Admission;
  readonly log: Log;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly limits: MqttLimits;
}

export interface Credentials {
  readonly serial: string;
  readonly password: string;
  readonly remoteAddress: string;
}

export type Admittance =
  | { readonly kind: "accepted"; readonly openedWith: string }
  | { readonly kind: "refused"; readonly returnCode: ConnackCode; readonly reason: string };

/** Asks the handler, unless this address has failed too often. Failures are counted even if the peer does not wait for its answer. Never rejects. */
export async function authenticateConnect(deps: AuthenticateDeps, credentials: Credentials): Promise<Admittance> {
  const { serial, password, remoteAddress } = credentials;
  const askedAtMs = deps.clock.monotonicMs();
  try {
    if (deps.admission.isBlocked(remoteAddress)) return refused(CONNACK.unavailable, "address_blocked");
    const verdict = await deps.handler.authenticate(serial, password, remoteAddress);
    if (verdict.ok) return { kind: "accepted", openedWith: verdict.openedWith };
    return await denied(deps, { serial, remoteAddress, code: verdict.code, askedAtMs });
  } catch (cause) {
    deps.log.error("link.authentication_broken", { serial, remoteAddress, cause });
    return refused(CONNACK.unavailable, "authentication_broken");
  }
}

interface Denial {
  readonly serial: string;
  readonly remoteAddress: string;
  readonly code: LinkCode;
  readonly askedAtMs: number;
}

/** One answer at one time, whatever was wrong: nobody learns which serials exist. */
async function denied(deps: AuthenticateDeps, { serial, remoteAddress, code, askedAtMs }: Denial): Promise<Admittance> {
  const { admission, log, clock, timers, limits } = deps;
  log.warn("link.authentication_failed", { serial, remoteAddress, code });
  if (LINK_CODES[code].class === "transient") return refused(CONNACK.unavailable, code);
  admission.countFailure(remoteAddress);
  await pause(timers, "link.refusal", Math.max(0, askedAtMs + limits.refusalMs - clock.monotonicMs()));
  return refused(CONNACK.notAuthorised, code);
}

function refused(returnCode: ConnackCode, reason: string): Admittance {
  return { kind: "refused", returnCode, reason };
}
