import assert from "node:assert/strict";
import { request } from "node:https";
import { test } from "node:test";
import { selfSigned } from "../gateway/mqtt/self-signed.ts";
import { openSocket, startHttpWorld } from "./http-world.ts";

interface TlsAnswer {
  readonly status: number;
  readonly text: string;
}

function get(port: number, ca: string): Promise<TlsAnswer> {
  return new Promise((resolve, reject) => {
    const call = request(
      { host: "127.0.0.1", port, path: "/v1/things", ca, headers: { authorization: "good" }, agent: false },
      (response) => {
        let text = "";
        response.setEncoding("utf8");
        response.on("data", (chunk: string) => {
          text += chunk;
        });
        response.on("end", () => resolve({ status: response.statusCode ?? 0, text }));
      },
    );
    call.on("error", reject);
    call.end();
  });
}

test("with a certificate the server speaks TLS, and who does not trust it does not get through", async () => {
  const tls = selfSigned();
  await using world = await startHttpWorld({ server: { tls }, v1: (routes) => void routes.get("/things", async () => ({ ok: true })) });
  assert.deepEqual(await get(world.port, tls.cert), { status: 200, text: '{"ok":true}' });
  await assert.rejects(get(world.port, selfSigned().cert));
});

test("plain HTTP, noise and a reset on a TLS port end that socket alone", async () => {
  const tls = selfSigned();
  await using world = await startHttpWorld({ server: { tls }, v1: (routes) => void routes.get("/things", async () => ({ ok: true })) });
  for (const bytes of [Buffer.from("GET /v1/things HTTP/1.1\r\nHost: x\r\nAuthorization: good\r\n\r\n"), Buffer.alloc(10_000, 0x16)]) {
    const { socket, received, closed } = await openSocket(world.port);
    socket.write(bytes);
    await closed;
    assert.ok(!received().includes("200"));
  }
  const reset = await openSocket(world.port);
  reset.socket.write(Buffer.from([0x16, 3, 1, 2, 0, 1]));
  reset.socket.resetAndDestroy();
  assert.equal((await get(world.port, tls.cert)).status, 200);
  assert.deepEqual(
    world.lines.filter(({ level }) => level === "error"),
    [],
  );
});
