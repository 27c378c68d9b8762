import { CodedError, type Timers } from "@postern/core";
import { exportJWK, generateKeyPair } from "jose";
import { makeDataDirectory } from "../disk/data-directory.ts";
import { DOOR_CODES, doorError } from "../errors.ts";
import { HTTP_MS_MAX } from "../limits.ts";
import { type Identity, isId, type PrivateKeyJwk, readPrivateKey } from "./identity.ts";
import { loadIdentity, saveIdentity } from "./identity-file.ts";
import { type JsonAnswer, requestJson } from "./request-json.ts";

export interface ClaimOptions {
  readonly serverUrl: string;
  /** One-time code, 30 minutes, 5 tries (design §8). */
  readonly code: string;
  readonly dataDir: string;
  readonly timers: Timers;
  /** Gives up a folder's earlier claim for this one. Without it a claimed folder is `already_claimed`. */
  readonly replace?: boolean;
}

/**
 * Makes this folder a controller's: a key pair of its own, registered with the server by the code. The key is on the disk before the server hears
 * of it, so that a kill in between loses nothing but the code. Errors: `already_claimed`, `server_away`, `server_answer_malformed`, or the code
 * the server refuses with.
 */
export async function claimController({ serverUrl, code, dataDir, timers, replace = false }: ClaimOptions): Promise<Identity> {
  makeDataDirectory(dataDir);
  const found = loadIdentity(dataDir);
  if (found?.state === "claimed" && !replace) throw doorError("already_claimed", { context: { dataDir, serial: found.serial } });
  const privateKey = found?.state === "pending" ? found.privateKey : await generatePrivateKey();
  if (found?.state !== "claimed") saveIdentity(dataDir, { state: "pending", privateKey });
  const { kty, crv, x } = privateKey;
  const answer = await post(new URL("/v2/claims", serverUrl), { code, publicKey: { kty, crv, x } }, timers);
  if (answer.status !== 200) throw refusal(answer);
  const identity = readClaimAnswer(answer.body, serverUrl, privateKey);
  saveIdentity(dataDir, { state: "claimed", ...identity });
  return identity;
}

async function generatePrivateKey(): Promise<PrivateKeyJwk> {
  const pair = await generateKeyPair("EdDSA", { crv: "Ed25519", extractable: true });
  const key = readPrivateKey(await exportJWK(pair.privateKey));
  if (key === null) throw doorError("identity_malformed");
  return key;
}

async function post(url: URL, body: unknown, timers: Timers): Promise<JsonAnswer> {
  const abort = new AbortController();
  const timer = timers.after("claim", HTTP_MS_MAX, () => abort.abort());
  try {
    return await requestJson(url, { method: "POST", body, signal: abort.signal });
  } finally {
    timer.cancel();
  }
}

/** The server's own code and words (RFC 9457), where it gives any. */
function refusal({ status, body }: JsonAnswer): CodedError {
  if (status >= 500) return doorError("server_away", { context: { status } });
  const problem: object = typeof body === "object" && body !== null ? body : {};
  const code = "code" in problem && typeof problem.code === "string" ? problem.code : "claim_refused";
  const summary = "detail" in problem && typeof problem.detail === "string" ? problem.detail : DOOR_CODES.claim_refused.summary;
  return new CodedError(code, { class: "caller", summary }, { context: { status } });
}

function readClaimAnswer(body: unknown, serverUrl: string, privateKey: PrivateKeyJwk): Identity {
  const answer: object = typeof body === "object" && body !== null ? body : {};
  const controllerId = "controllerId" in answer ? answer.controllerId : null;
  const placeId = "placeId" in answer ? answer.placeId : null;
  const serial = "serial" in answer ? answer.serial : null;
  const mqttUrl = "mqttUrl" in answer ? answer.mqttUrl : null;
  if (!isId(controllerId) || !isId(placeId) || typeof serial !== "string" || typeof mqttUrl !== "string")
    throw doorError("server_answer_malformed");
  return { controllerId, serial, placeId, serverUrl, mqttUrl, privateKey };
}
