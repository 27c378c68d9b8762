import type { Clock } from "@postern/core";
import type { OutgoingFailure, OutgoingHttp } from "../../platform/outgoing/outgoing-http.ts";
import { type SignedMessage, signedHeaders } from "../../platform/outgoing/signing-secret.ts";
import type { Header } from "./draft.ts";
import { ANSWER_BYTES_MAX } from "./limits.ts";
import { readAnswer, type Unusable } from "./read-answer.ts";

export interface CallDeps {
  readonly outgoing: Pick<OutgoingHttp, "send">;
  readonly clock: Clock;
  /** Named to those who are asked. */
  readonly userAgent: string;
}

export interface CalledApi {
  readonly url: string;
  readonly headers: readonly Header[];
  readonly statusCodes: readonly number[];
}

export interface VendorCall extends Omit<SignedMessage, "atMs"> {
  /** None: there is no secret yet. */
  readonly secrets: readonly Uint8Array[];
  readonly budgetMs: number;
  readonly signal: AbortSignal;
}

/** Why a customer's server did not answer as agreed. */
export type CallFailure = "timeout" | "unreachable" | "tls" | "address_refused" | Unusable;

export type VendorAnswer =
  | { readonly kind: "answered"; readonly status: number; readonly json: unknown; readonly body: Buffer; readonly durationMs: number }
  | {
      readonly kind: "failed";
      readonly because: CallFailure;
      /** Something came: its status, and what of it was read. */
      readonly status: number | null;
      readonly body: Buffer | null;
      readonly isCut: boolean;
      /** The other side cannot have had the request: no connection was made. */
      readonly isUnsent: boolean;
      readonly durationMs: number;
    };

const BECAUSE: Readonly<Record<OutgoingFailure, CallFailure>> = {
  target_refused: "address_refused",
  address_refused: "address_refused",
  name_unknown: "unreachable",
  not_connected: "unreachable",
  connection_lost: "unreachable",
  tls_failed: "tls",
  late: "timeout",
  stopped: "timeout",
};

/** Asks a customer's server once (CLUe §3: always POST, JSON both ways), signed with every secret that lives. */
export async function callVendor({ outgoing, clock, userAgent }: CallDeps, api: CalledApi, call: VendorCall): Promise<VendorAnswer> {
  const { messageId, body, secrets, budgetMs, signal } = call;
  const result = await outgoing.send({
    url: api.url,
    method: "POST",
    // Later ones win: a customer may name us otherwise, and nothing that the form of the request hangs on.
    headers: {
      "user-agent": userAgent,
      ...Object.fromEntries(api.headers.map(({ name, value }) => [name.toLowerCase(), value])),
      "content-type": "application/json",
      accept: "application/json",
      ...(secrets.length === 0 ? {} : signedHeaders(secrets, { messageId, body, atMs: clock.nowMs() })),
    },
    body,
    budgetMs,
    answerBytesMax: ANSWER_BYTES_MAX,
    signal,
  });
  const { durationMs } = result;
  if (result.kind === "failed") {
    const because = BECAUSE[result.because];
    return { kind: "failed", because, status: null, body: null, isCut: false, isUnsent: result.because === "not_connected", durationMs };
  }
  const { status, body: bytes, isCut } = result;
  const read = readAnswer(result, api.statusCodes);
  return read.kind === "json"
    ? { kind: "answered", status, json: read.json, body: bytes, durationMs }
    : { kind: "failed", because: read.because, status, body: bytes, isCut, isUnsent: false, durationMs };
}
