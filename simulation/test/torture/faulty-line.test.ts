import assert from "node:assert/strict";
import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";
import { after, before, describe, test } from "node:test";
import { systemClock, systemTimers } from "@postern/core";
import { FaultyLine } from "../../src/torture/line/faulty-line.ts";

/** A server that answers with what it is sent, behind a line. */
describe("a faulty line", () => {
  let server: Server;
  let line: FaultyLine;
  const sockets: Socket[] = [];
  before(async () => {
    server = createServer((socket) => {
      socket.on("error", () => undefined);
      socket.pipe(socket);
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    line = await FaultyLine.open({ clock: systemClock, timers: systemTimers, target: () => port });
  });
  after(async () => {
    for (const socket of sockets) socket.destroy();
    await line.close();
    server.close();
    await once(server, "close");
  });

  /** Connected, or ended at once. */
  const call = async (to: FaultyLine = line): Promise<Socket> => {
    const socket = connect({ host: "127.0.0.1", port: to.port, noDelay: true });
    socket.on("error", () => undefined);
    sockets.push(socket);
    await new Promise<void>((resolve) => {
      socket.once("connect", resolve);
      socket.once("close", () => resolve());
    });
    return socket;
  };
  /** What comes back of this text, until it is whole or the connection ends. */
  const asked = (socket: Socket, text: string): Promise<string> =>
    new Promise((resolve) => {
      let back = "";
      const done = (): void => {
        socket.off("data", come);
        socket.off("close", done);
        resolve(back);
      };
      const come = (bytes: Buffer): void => {
        back += String(bytes);
        if (back.length >= text.length) done();
      };
      socket.on("data", come);
      socket.on("close", done);
      socket.write(text);
      if (socket.closed) done();
    });

  test("without a fault lets everything through, in order", async () => {
    const socket = await call();
    assert.equal(await asked(socket, "hello"), "hello");
    const long = "0123456789".repeat(60_000);
    assert.ok((await asked(socket, long)) === long);
  });

  test("that delays brings everything later, whole and in order", async () => {
    const socket = await call();
    line.apply({ kind: "delay", delayMs: 60, forMs: 60_000 });
    const beganMs = performance.now();
    assert.equal(await asked(socket, "one two"), "one two");
    assert.ok(performance.now() - beganMs >= 115, "once up and once down");
    line.heal();
    assert.equal(await asked(socket, "again"), "again");
  });

  test("that throttles takes its time for each byte", async () => {
    const socket = await call();
    line.apply({ kind: "throttle", bytesPerSecond: 1_000, forMs: 60_000 });
    const beganMs = performance.now();
    assert.equal((await asked(socket, "x".repeat(100))).length, 100);
    assert.ok(performance.now() - beganMs >= 190, "a tenth of a second each way");
    line.heal();
  });

  test("that cuts brings the beginning of what is sent at most, and ends", async () => {
    const socket = await call();
    line.apply({ kind: "cut", direction: "down", afterBytes: 3 });
    const back = await asked(socket, "packet");
    assert.ok(back === "pac" || back === "", back);
    assert.ok(socket.destroyed);
    assert.equal(await asked(await call(), "new"), "new", "a new connection is whole");
  });

  test("that is half-open swallows what is sent without a word, and ends what was torn when it is back", async () => {
    const socket = await call();
    line.apply({ kind: "swallow", directions: ["up"], forMs: 100 });
    const beganMs = performance.now();
    assert.equal(await asked(socket, "gone"), "");
    assert.ok(performance.now() - beganMs >= 95);
    assert.equal(await asked(await call(), "back"), "back");
  });

  test("that holds brings everything when it is back, on the same connection", async () => {
    const socket = await call();
    line.apply({ kind: "hold", forMs: 100 });
    const beganMs = performance.now();
    assert.equal(await asked(socket, "late"), "late");
    assert.ok(performance.now() - beganMs >= 95);
  });

  test("that refuses ends whoever calls, and no longer once it is healed", async () => {
    line.apply({ kind: "refuse", forMs: 60_000 });
    assert.equal(await asked(await call(), "hello"), "");
    line.heal();
    assert.equal(await asked(await call(), "hello"), "hello");
  });

  test("that resets ends every connection", async () => {
    const both = [await call(), await call()];
    for (const socket of both) assert.equal(await asked(socket, "on"), "on");
    line.apply({ kind: "reset" });
    for (const socket of both) assert.equal(await asked(socket, "off"), "");
  });

  test("behind which nobody is ends whoever calls", async () => {
    const empty = await FaultyLine.open({ clock: systemClock, timers: systemTimers, target: () => null });
    const back = await asked(await call(empty), "hello");
    await empty.close();
    assert.equal(back, "");
  });
});
