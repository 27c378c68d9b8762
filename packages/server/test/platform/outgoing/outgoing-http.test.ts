import assert from "node:assert/strict";
import type { LookupAddress } from "node:dns";
import { createServer, type IncomingMessage, type RequestListener } from "node:http";
import { createServer as createSecureServer } from "node:https";
import type { AddressInfo, Server } from "node:net";
import { test } from "node:test";
import { systemClock, systemTimers } from "@postern/core";
import { OutgoingHttp, type OutgoingRequest } from "../../../src/platform/outgoing/outgoing-http.ts";
import { isPublicAddress } from "../../../src/platform/outgoing/public-address.ts";
import { readAllowedHost, targetOf } from "../../../src/platform/outgoing/target-rules.ts";
import { selfSigned } from "../../gateway/mqtt/self-signed.ts";

const ASKED = { method: "POST", headers: {}, body: "{}", budgetMs: 5_000, answerBytesMax: 100 } as const;

interface Receiver extends AsyncDisposable {
  readonly port: number;
  readonly seen: IncomingMessage[];
  readonly socketCount: () => number;
}

async function listening(server: Server, seen: IncomingMessage[]): Promise<Receiver> {
  let socketCount = 0;
  server.on("connection", () => {
    socketCount += 1;
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", () => resolve()));
  return {
    port: (server.address() as AddressInfo).port,
    seen,
    socketCount: () => socketCount,
    [Symbol.asyncDispose]: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        if ("closeAllConnections" in server) (server as { closeAllConnections(): void }).closeAllConnections();
      }),
  };
}

function receiver(answer: RequestListener = (_request, response) => response.writeHead(204).end()): Promise<Receiver> {
  const seen: IncomingMessage[] = [];
  return listening(
    createServer((request, response) => {
      seen.push(request);
      answer(request, response);
    }),
    seen,
  );
}

function outgoing({
  allowed = [],
  resolve,
}: {
  allowed?: readonly string[];
  resolve?: (name: string) => Promise<LookupAddress[]>;
} = {}): OutgoingHttp {
  const allowedHosts = allowed.map((text) => readAllowedHost(text)).filter((host) => host !== null);
  return new OutgoingHttp({ clock: systemClock, timers: systemTimers, allowedHosts, ...(resolve === undefined ? {} : { resolve }) });
}

async function send(http: OutgoingHttp, request: Partial<OutgoingRequest> & { readonly url: string }): Promise<string> {
  const result = await http.send({ ...ASKED, ...request });
  return result.kind === "answered" ? `${result.status}` : `${result.because}${result.isSent ? " sent" : ""}`;
}

test("addresses of the open network are public, and no others, in whatever form they are written", () => {
  for (const address of ["1.1.1.1", "93.184.216.34", "172.15.0.1", "172.32.0.1", "192.167.1.1", "2606:4700::1111", "2a00:1450:4001::200e"])
    assert.ok(isPublicAddress(address), address);
  const kept =
    "0.0.0.0 10.1.2.3 100.64.0.1 100.100.100.200 127.0.0.1 127.255.0.1 169.254.169.254 168.63.129.16 172.16.0.1 172.31.255.255 192.0.0.192 192.168.0.1 198.18.0.1 224.0.0.1 240.0.0.1 255.255.255.255 " +
    ":: ::1 ::ffff:10.0.0.1 ::ffff:1.1.1.1 64:ff9b::10.0.0.1 64:ff9b::a00:1 fe80::1 fe80::1%eth0 fc00::1 fd00:ec2::254 fec0::1 ff02::1 2001::1 2001:db8::1 2002:a00:1:: 100::1 name 1.2.3";
  for (const address of kept.split(" ")) assert.ok(!isPublicAddress(address), address);
});

test("a target is HTTPS at a name or a public address, without a user, unless the operator allowed it by name", () => {
  const kind = (url: string, ...allowed: string[]) =>
    targetOf(
      url,
      allowed.map((text) => readAllowedHost(text)).filter((host) => host !== null),
    ).kind;
  for (const url of ["https://example.com/hooks?a=b", "https://example.com:8443", "https://1.1.1.1/", "https://[2606:4700::1111]/"])
    assert.equal(kind(url), "target", url);
  for (const url of [
    ...[
      "http://example.com",
      "ftp://example.com",
      "https://user:word@example.com",
      "https://user@example.com",
      "nowhere",
      "",
      `https://example.com/${"x".repeat(2_048)}`,
    ],
    // One address in many clothes.
    ...[
      "https://127.0.0.1",
      "https://127.1",
      "https://2130706433",
      "https://0x7f000001",
      "https://0177.0.0.1",
      "https://[::1]",
      "https://[::ffff:127.0.0.1]",
      "https://10.0.0.7:8443",
    ],
  ])
    assert.equal(kind(url), "refused", url);
  assert.equal(kind("https://10.0.0.7:8443", "10.0.0.7:8443"), "target");
  assert.equal(kind("https://10.0.0.7:9443", "10.0.0.7:8443"), "refused");
  assert.equal(kind("https://10.0.0.7", "10.0.0.7:443"), "target");
  assert.equal(kind("https://CRM.internal./x", "crm.Internal"), "target");
  assert.equal(kind("http://crm.internal", "crm.internal"), "refused");
  assert.equal(kind("http://crm.internal:9000", "http://crm.internal:9000"), "target");
  assert.equal(kind("https://[::1]:9000", "[::1]"), "target");
  for (const bad of ["", "*", "*.internal", "a b", "crm.internal/path", "https://u@crm", "crm:99999"])
    assert.equal(readAllowedHost(bad), null, bad);
});

test("a name that leads to a private address is not connected to, at the moment of the connection, whatever it led to before", async () => {
  await using there = await receiver();
  // As DNS rebinding does it: a public address for whoever checks, another one for whoever connects.
  let asked = 0;
  const http = outgoing({
    resolve: async () => {
      asked += 1;
      return [{ address: asked === 1 ? "127.0.0.1" : "1.1.1.1", family: 4 }];
    },
  });
  assert.equal(http.problemOf(`https://rebound.example:${there.port}/`), null);
  assert.equal(await send(http, { url: `https://rebound.example:${there.port}/` }), "address_refused");
  assert.equal(asked, 1);
  const mixed = outgoing({
    resolve: async () => [
      { address: "1.1.1.1", family: 4 },
      { address: "127.0.0.1", family: 4 },
    ],
  });
  assert.equal(await send(mixed, { url: `https://mixed.example:${there.port}/` }), "address_refused");
  assert.equal(there.socketCount(), 0);
});

test("a name allowed by the operator may lead anywhere, and connections are kept for the next request", async () => {
  await using there = await receiver();
  const http = outgoing({
    allowed: [`http://receiver.internal:${there.port}`],
    resolve: async () => [{ address: "127.0.0.1", family: 4 }],
  });
  const url = `http://receiver.internal:${there.port}/hooks`;
  assert.deepEqual([await send(http, { url }), await send(http, { url })], ["204", "204"]);
  assert.deepEqual([there.seen.length, there.socketCount()], [2, 1]);
  assert.equal(await send(http, { url: `http://127.0.0.1:${there.port}/hooks` }), "target_refused");
  http.close();
});

test("a redirect is an answer, and is not followed", async () => {
  await using secret = await receiver();
  await using there = await receiver((_request, response) =>
    response.writeHead(302, { location: `http://127.0.0.1:${secret.port}/` }).end(),
  );
  const http = outgoing({ allowed: [`http://127.0.0.1:${there.port}`] });
  assert.equal(await send(http, { url: `http://127.0.0.1:${there.port}/` }), "302");
  assert.equal(secret.seen.length, 0);
  http.close();
});

test("an answer is read so far and no further, and a server that hangs, closes or dribbles costs its time alone", async () => {
  await using large = await receiver((_request, response) => response.writeHead(500).end("x".repeat(10_000_000)));
  const http = outgoing({ allowed: ["http://127.0.0.1"] });
  const result = await http.send({ ...ASKED, url: `http://127.0.0.1:${large.port}/` });
  assert.ok(result.kind === "answered" && result.status === 500 && result.isCut);
  assert.equal(result.body.length, 100);
  await using hanging = await receiver(() => undefined);
  assert.equal(await send(http, { url: `http://127.0.0.1:${hanging.port}/`, budgetMs: 50 }), "late sent");
  await using closing = await receiver((request) => request.socket.destroy());
  assert.equal(await send(http, { url: `http://127.0.0.1:${closing.port}/` }), "connection_lost sent");
  await using dribbling = await receiver((_request, response) => response.writeHead(200).write("x"));
  assert.equal(await send(http, { url: `http://127.0.0.1:${dribbling.port}/`, budgetMs: 50 }), "late sent");
  const over = new AbortController();
  const stopped = send(http, { url: `http://127.0.0.1:${hanging.port}/`, signal: over.signal });
  over.abort();
  assert.match(await stopped, /^stopped/);
  http.close();
});

test("the machine's own names count for hosts that the operator allowed, and for no others", async () => {
  await using there = await receiver();
  const http = outgoing({ allowed: [`http://localhost:${there.port}`] });
  assert.equal(await send(http, { url: `http://localhost:${there.port}/` }), "204");
  assert.match(
    await send(http, { url: `https://localhost:${there.port}/`, budgetMs: 6_000 }),
    /^(tls_failed|name_unknown|address_refused|late)$/,
  );
  const open = outgoing();
  assert.match(await send(open, { url: `https://localhost:${there.port}/`, budgetMs: 6_000 }), /^(name_unknown|address_refused|late)$/);
  assert.equal(there.seen.length, 1);
  http.close();
});

test("what keeps a request from being sent is told apart", async () => {
  const closed = await receiver();
  const { port } = closed;
  await closed[Symbol.asyncDispose]();
  const http = outgoing({ allowed: ["http://127.0.0.1", "127.0.0.1"] });
  assert.equal(await send(http, { url: `http://127.0.0.1:${port}/` }), "not_connected");
  const unknown = outgoing({ resolve: async () => [] });
  assert.equal(await send(unknown, { url: "https://nobody.example/" }), "name_unknown");
  const { cert, key } = selfSigned();
  await using strange = await listening(
    createSecureServer({ cert, key }, (_request, response) => response.end()),
    [],
  );
  assert.equal(await send(http, { url: `https://127.0.0.1:${strange.port}/` }), "tls_failed");
  await using plain = await receiver();
  assert.equal(await send(http, { url: `https://127.0.0.1:${plain.port}/` }), "tls_failed");
  http.close();
});
