import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { Webhook } from "standardwebhooks";

const SERVER = fileURLToPath(new URL("../../../../../examples/vendor/server.mjs", import.meta.url));
const SECRET = `whsec_${Buffer.alloc(32, 3).toString("base64")}`;

/** The example's server with this secret, until disposed. */
async function startExample(): Promise<AsyncDisposable & { readonly url: string }> {
  const env = { ...process.env, VENDOR_SECRET: SECRET, PORT: "0" };
  const child = spawn(process.execPath, [SERVER], { env, stdio: ["ignore", "pipe", "inherit"] });
  const ended = once(child, "exit");
  const [line] = await once(child.stdout.setEncoding("utf8"), "data");
  const [url = ""] = /http:\S+/.exec(String(line)) ?? [];
  return {
    url,
    async [Symbol.asyncDispose]() {
      child.kill();
      await ended;
    },
  };
}

test("the example lets in who has paid, and believes nobody whose signature is missing, forged, old or of another question", async () => {
  await using example = await startExample();
  const ask = async (body: string, headers: Record<string, string>): Promise<readonly [number, boolean]> => {
    const answer = await fetch(example.url, { method: "POST", body, headers });
    return [answer.status, ((await answer.json()) as { allowed: boolean }).allowed];
  };
  const signed = (body: string, { secret = SECRET, at = new Date() } = {}): Record<string, string> => ({
    "webhook-id": "ask_1",
    "webhook-timestamp": String(Math.floor(at.getTime() / 1_000)),
    "webhook-signature": `v1,AAAA ${new Webhook(secret).sign("ask_1", at, body)}`,
  });
  const [paid, unpaid] = ['{"deviceId":"1","rfCard":"12345"}', '{"deviceId":"1","rfCard":"777123"}'];
  assert.deepEqual(await ask(paid, signed(paid)), [200, true]);
  assert.deepEqual(await ask(unpaid, signed(unpaid)), [200, false]);
  assert.deepEqual(await ask(paid, {}), [401, false]);
  assert.deepEqual(await ask(paid, signed(unpaid)), [401, false]);
  assert.deepEqual(await ask(paid, signed(paid, { secret: `whsec_${Buffer.alloc(32, 4).toString("base64")}` })), [401, false]);
  assert.deepEqual(await ask(paid, signed(paid, { at: new Date(Date.now() - 600_000) })), [401, false]);
});
