import type { Clock } from "@postern/core";
import type { OutgoingRequest, OutgoingResult } from "../../platform/outgoing/outgoing-http.ts";
import { openSecrets, type SealedSecrets, signedHeaders } from "../../platform/outgoing/signing-secret.ts";
import type { SealKey } from "../../platform/person-keys/sealed-bytes.ts";
import { ANSWER_BYTES_READ_MAX, ANSWER_KEPT_LENGTH_MAX, DELIVERY_MS_MAX } from "./limits.ts";
import type { Message } from "./message.ts";

/** The way out, as this feature needs it. */
export interface Outgoing {
  problemOf(url: string): string | null;
  send(request: OutgoingRequest): Promise<OutgoingResult>;
}

export interface SendDeps {
  readonly outgoing: Outgoing;
  readonly clock: Clock;
  /** Under which secrets are sealed. */
  readonly secretKey: Uint8Array;
  /** Named to those who receive. */
  readonly userAgent: string;
}

export interface SentTo extends SealedSecrets {
  readonly webhookId: number;
  readonly url: string;
}

/** What a webhook's secrets are sealed with. */
export function sealedFor(key: Uint8Array, webhookId: number): SealKey {
  return { key, boundTo: `webhook ${webhookId}` };
}

/** What became of one attempt, as the log keeps it. */
export interface Attempted {
  readonly outcome: "delivered" | "failed";
  readonly status: number | null;
  readonly error: string | null;
  readonly answer: string | null;
  readonly durationMs: number;
  readonly retryAfterMs: number | null;
}

/** Sends a message once, signed with every secret that lives. Any 2xx is a delivery, and nothing else is. */
export async function sendMessage(
  deps: SendDeps,
  to: SentTo,
  { message, signal }: { message: Message; signal: AbortSignal },
): Promise<Attempted> {
  const atMs = deps.clock.nowMs();
  const secrets = openSecrets(sealedFor(deps.secretKey, to.webhookId), to, atMs);
  if (secrets === null) return { ...NOTHING, outcome: "failed", error: "secret_unreadable" };
  const result = await deps.outgoing.send({
    url: to.url,
    method: "POST",
    headers: {
      "content-type": "application/json",
      "user-agent": deps.userAgent,
      ...signedHeaders(secrets, { ...message, atMs }),
    },
    body: message.body,
    budgetMs: DELIVERY_MS_MAX,
    answerBytesMax: ANSWER_BYTES_READ_MAX,
    signal,
  });
  return attemptedOf(result);
}

const NOTHING = { status: null, error: null, answer: null, durationMs: 0, retryAfterMs: null } as const;

function attemptedOf(result: OutgoingResult): Attempted {
  const { durationMs } = result;
  if (result.kind === "failed") return { ...NOTHING, outcome: "failed", error: result.because, durationMs };
  const { status } = result;
  if (status >= 200 && status < 300) return { ...NOTHING, outcome: "delivered", status, durationMs };
  const answer = readable(result.body);
  return {
    outcome: "failed",
    status,
    error: `status_${status}`,
    answer,
    durationMs,
    retryAfterMs: retryAfterOf(result.headers["retry-after"]),
  };
}

/** The first words of a refusal, without what a terminal or a page would act on. */
function readable(body: Buffer): string {
  return body
    .toString("utf8")
    .replace(/[\p{Cc}\p{Cf}\ufffd]+/gu, " ")
    .slice(0, ANSWER_KEPT_LENGTH_MAX)
    .toWellFormed();
}

/** RFC 9110 §10.2.3 in its form of seconds. */
function retryAfterOf(header: string | undefined): number | null {
  return header !== undefined && /^\d{1,9}$/.test(header) ? Number(header) * 1_000 : null;
}
