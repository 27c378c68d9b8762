import assert from "node:assert/strict";
import { once } from "node:events";
import { readFileSync, statSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { silentLog, systemClock, systemRandom, systemTimers } from "@postern/core";
import { startController } from "../../src/app.ts";
import { claimController } from "../../src/claim/claim-controller.ts";
import { loadIdentity } from "../../src/claim/identity-file.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

interface Claim {
  readonly code: string;
  readonly publicKey: { readonly kty: string; readonly crv: string; readonly x: string };
}

type Reply = { readonly status: number; readonly body: object | string } | "hang_up";

async function claimServer(context: TestContext, reply: (claim: Claim) => Reply): Promise<{ url: string; claims: Claim[] }> {
  const claims: Claim[] = [];
  const server = createServer((request, answer) => {
    let text = "";
    request.on("data", (chunk: Buffer) => {
      text += chunk.toString();
    });
    request.on("end", () => {
      const claim = JSON.parse(text) as Claim;
      claims.push(claim);
      const said = reply(claim);
      if (said === "hang_up") request.socket.destroy();
      else
        answer
          .writeHead(said.status, { "content-type": "application/json" })
          .end(typeof said.body === "string" ? said.body : JSON.stringify(said.body));
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  context.after(() => server.close());
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, claims };
}

const ACCEPTED = { status: 200, body: { controllerId: 178, serial: "540000178", placeId: 178, mqttUrl: "mqtt://127.0.0.1:1" } };

function claim(serverUrl: string, dataDir: string, changes: { replace?: boolean } = {}) {
  return claimController({ serverUrl, code: "CODE", dataDir, timers: systemTimers, ...changes });
}

test("claim: it sends the code and a public key, and keeps the private one in a file of its owner", async (context) => {
  const dataDir = temporaryFolder(context);
  const { url, claims } = await claimServer(context, () => ACCEPTED);
  const identity = await claim(url, dataDir);
  assert.equal(identity.serial, "540000178");
  assert.deepEqual(
    claims.map((one) => [one.code, Object.keys(one.publicKey).sort()]),
    [["CODE", ["crv", "kty", "x"]]],
  );
  assert.equal(statSync(join(dataDir, "identity.json")).mode & 0o777, 0o600);
  assert.deepEqual(loadIdentity(dataDir), { state: "claimed", ...identity });
  assert.equal(identity.privateKey.x, claims[0]?.publicKey.x);
});

test("claim: a server that never answers costs the code and not the key: the next claim sends the same", async (context) => {
  const dataDir = temporaryFolder(context);
  let isSilent = true;
  const { url, claims } = await claimServer(context, () => (isSilent ? "hang_up" : ACCEPTED));
  await assert.rejects(claim(url, dataDir), { code: "server_away", class: "transient" });
  assert.equal(loadIdentity(dataDir)?.state, "pending");
  isSilent = false;
  await claim(url, dataDir);
  assert.equal(claims[0]?.publicKey.x, claims[1]?.publicKey.x);
});

test("claim: a refusal carries the server's own code", async (context) => {
  const dataDir = temporaryFolder(context);
  const { url } = await claimServer(context, () => ({ status: 400, body: { code: "claim_code_expired", detail: "Too late." } }));
  await assert.rejects(claim(url, dataDir), { code: "claim_code_expired", message: "Too late." });
});

test("claim: an answer that is no claim is refused, and nothing is claimed", async (context) => {
  for (const body of [{}, "not json", { ...ACCEPTED.body, controllerId: "178" }, { ...ACCEPTED.body, mqttUrl: null }]) {
    const dataDir = temporaryFolder(context);
    const { url } = await claimServer(context, () => ({ status: 200, body }));
    await assert.rejects(claim(url, dataDir), { code: "server_answer_malformed" });
    assert.equal(loadIdentity(dataDir)?.state, "pending");
  }
});

test("claim: a claimed folder stays what it is, unless it is told otherwise, and then gets a new key", async (context) => {
  const dataDir = temporaryFolder(context);
  const { url, claims } = await claimServer(context, () => ACCEPTED);
  const first = await claim(url, dataDir);
  await assert.rejects(claim(url, dataDir), { code: "already_claimed" });
  assert.equal(claims.length, 1);
  const second = await claim(url, dataDir, { replace: true });
  assert.notEqual(second.privateKey.x, first.privateKey.x);
});

test("claim: a controller does not start without an identity, nor with a damaged one", async (context) => {
  const options = { log: silentLog, clock: systemClock, timers: systemTimers, random: systemRandom };
  const dataDir = temporaryFolder(context);
  await assert.rejects(startController({ dataDir, ...options }), { code: "not_claimed" });
  const { url } = await claimServer(context, () => ACCEPTED);
  await claim(url, dataDir);
  const text = readFileSync(join(dataDir, "identity.json"), "utf8");
  writeFileSync(join(dataDir, "identity.json"), text.slice(0, 40));
  await assert.rejects(startController({ dataDir, ...options }), { code: "identity_malformed" });
});
