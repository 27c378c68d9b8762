import assert from "node:assert/strict";
import { mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { selfSigned } from "@postern/server/testing";
import { pasted, postern, processesOn, type Running, runPostern, runUnderNpm, until, whenWritten } from "./support/postern-process.ts";

interface Demo {
  readonly baseUrl: string;
  readonly mqttUrl: string;
  readonly apiKey: string;
  readonly period: { readonly startTime: number; readonly endTime: number };
}

describe("postern start, stopped in every way and started again", () => {
  let folder: string;
  let dataDir: string;
  /** What a shell would take apart, so that the printed lines have to quote it. */
  const settings = (more: Readonly<Record<string, string>> = {}): Record<string, string> => ({
    POSTERN_HTTP_PORT: "0",
    POSTERN_MQTT_PORT: "0",
    POSTERN_DATA_DIR: dataDir,
    ...more,
  });
  const start = async (more: Readonly<Record<string, string>> = {}, run = runPostern): Promise<Running> => {
    const running = run(["start"], settings(more));
    await whenWritten(running, "Ready.");
    return running;
  };
  /** Stopped afterwards, also when the work fails, so that the next test finds the folder free. */
  const whileRunning = async (work: (server: Running) => Promise<void>, more: Readonly<Record<string, string>> = {}): Promise<void> => {
    const server = await start(more);
    try {
      await work(server);
    } finally {
      server.process.kill("SIGTERM");
      await server.ended;
    }
  };
  const demo = async (): Promise<Demo> => JSON.parse(await readFile(join(dataDir, "demo.json"), "utf8"));
  const health = async (): Promise<number> => (await fetch(new URL("/healthz", (await demo()).baseUrl))).status;
  const nothingLeft = (): Promise<void> => until("nothing is left", async () => (await processesOn(folder)).length === 0);

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "postern-cli-"));
    dataDir = join(folder, "it's here");
  });
  after(async () => {
    await nothingLeft();
    await rm(folder, { recursive: true, force: true });
  });

  test("it is healthy by the time it says so, also when it goes on with what it had", async () => {
    for (const time of ["first", "second"]) await whileRunning(async () => assert.equal(await health(), 200, time));
  });

  test("a Ctrl-C that npm passes on a second time still stops it cleanly", async () => {
    const { process, ended } = await start();
    process.kill("SIGINT");
    process.kill("SIGINT");
    const { code, stdout, stderr } = await ended;
    assert.equal(code, 0, stderr);
    assert.match(stdout, /^Stopped\./m);
    assert.deepEqual(await processesOn(folder), []);
  });

  test("a terminal that closes stops it cleanly", async () => {
    const { process, ended } = await start();
    process.kill("SIGHUP");
    assert.deepEqual((await ended).code, 0);
    assert.deepEqual(await processesOn(folder), []);
  });

  test("it goes on when nobody reads what it prints any more, and then stops cleanly", async () => {
    const { process, ended } = await start();
    process.stdout?.destroy();
    process.kill("SIGTERM");
    assert.equal((await ended).code, 0);
    // Removed by a clean stop alone.
    await assert.rejects(stat(join(dataDir, "server.pid")));
  });

  test("when npm is killed the server stops cleanly by itself", async () => {
    const { process, ended } = await start({}, runUnderNpm);
    process.kill("SIGKILL");
    // The server holds the same pipes: they end with it.
    assert.match((await ended).stdout, /^Stopped\./m);
    await nothingLeft();
  });

  test("key and printed request stay the same from start to start, and a key that was revoked is replaced", async () => {
    const before = await demo();
    const { apiKey } = before;
    // As if the first start had been the day before.
    const period = { ...before.period, startTime: before.period.startTime - 86_400_000 };
    await writeFile(join(dataDir, "demo.json"), JSON.stringify({ ...before, period }));
    const headers = { authorization: `Bearer ${apiKey}` };
    await whileRunning(async () => {
      const now = await demo();
      assert.deepEqual([now.apiKey, now.period], [apiKey, period]);
      const { items } = (await (await fetch(new URL("/v2/keys", now.baseUrl), { headers })).json()) as { items: { keyId: string }[] };
      const revoked = await fetch(new URL(`/v2/keys/${items[0]?.keyId ?? ""}`, now.baseUrl), { method: "DELETE", headers });
      assert.ok(revoked.ok, String(revoked.status));
    });
    await whileRunning(async () => {
      assert.notEqual((await demo()).apiKey, apiKey);
      assert.equal((await postern(["controller", "list"], settings())).code, 0);
    });
  });

  test("over TLS the printed lines work as they stand, with a certificate that nobody has signed", async () => {
    const [cert, key] = [join(folder, "cert.pem"), join(folder, "key.pem")];
    const pem = selfSigned();
    await Promise.all([writeFile(cert, pem.cert), writeFile(key, pem.key, { mode: 0o600 })]);
    const work = async (server: Running): Promise<void> => {
      const printed = (part: string): string => {
        const line = server
          .stdout()
          .split("\n")
          .find((each) => each.includes(part));
        assert.ok(line !== undefined, part);
        return line;
      };
      const enrolled = await pasted(printed("--data"));
      assert.match(enrolled.stdout, /"code":200/, enrolled.stderr);
      await until("the card opens", async () => (await pasted(printed("door present"))).code === 0);
      await until("its event is read", async () => (await pasted(printed("/v1/be/events"))).stdout.includes("DEV_CARD_AUTH_SUCCESS"));
      const told = await postern(["demo"], settings());
      assert.equal(told.code, 0, told.stdout + told.stderr);
    };
    await whileRunning(work, { POSTERN_TLS_CERT: cert, POSTERN_TLS_KEY: key });
  });

  test("doors that another process has claimed are left to it, and the server is healthy with them", async () => {
    const first = await start();
    const { baseUrl, mqttUrl } = await demo();
    const { stdout } = await postern(["controller", "claim-code", "178", "--json"], settings());
    const { code } = JSON.parse(stdout) as { code: string };
    const door = runPostern(["door", "run", "--server", baseUrl, "--claim", code, "--data-dir", join(folder, "door")], {});
    try {
      await whenWritten(door, "Ready.");
      await until("the server is healthy with the new one", async () => (await health()) === 200);
      first.process.kill("SIGTERM");
      await first.ended;
      const ports = { POSTERN_HTTP_PORT: new URL(baseUrl).port, POSTERN_MQTT_PORT: new URL(mqttUrl).port };
      await whileRunning(async (second) => {
        assert.match(second.stdout(), /claimed by another process/);
        await until("the server is healthy with it again", async () => (await health()) === 200);
      }, ports);
    } finally {
      first.process.kill("SIGTERM");
      door.process.kill("SIGTERM");
    }
    assert.equal((await door.ended).code, 0);
  });

  test("doors whose folder was removed are taken back", async () => {
    await rm(join(dataDir, "controllers"), { recursive: true });
    await whileRunning(async () => {
      assert.equal(await health(), 200);
      assert.equal((await postern(["door", "present", "--door", "234", "--card", "12345"], settings())).code, 0);
    });
  });

  for (const { title, wrong, says } of [
    {
      title: "a host that is not of this machine",
      wrong: { POSTERN_HOST: "192.0.2.1", POSTERN_INSECURE: "1" },
      says: /POSTERN_HOST 192\.0\.2\.1/,
    },
    {
      title: "a certificate that is not there",
      wrong: { POSTERN_TLS_CERT: "/nowhere", POSTERN_TLS_KEY: "/nowhere" },
      says: /POSTERN_TLS_CERT.*\/nowhere/,
    },
    { title: "a database that is not there", wrong: { DATABASE_URL: "postgres://u:secret@127.0.0.1:1/x" }, says: /DATABASE_URL/ },
    { title: "a port that is none", wrong: { POSTERN_HTTP_PORT: "eighty" }, says: /POSTERN_HTTP_PORT/ },
  ]) {
    test(`${title} ends it with 1 and one line that names what to change`, async () => {
      // As npm starts it, whose end it then watches for.
      const { code, stderr } = await postern(["start"], settings({ POSTERN_LOG_LEVEL: "silent", npm_lifecycle_event: "start", ...wrong }));
      assert.equal(code, 1);
      assert.match(stderr, says);
      assert.match(stderr, /^postern: [^\n]+\n$/);
      assert.ok(!stderr.includes("secret"));
      assert.deepEqual(await processesOn(folder), []);
    });
  }
});
