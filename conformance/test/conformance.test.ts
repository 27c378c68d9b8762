import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { PEOPLE, personPhoto } from "@postern/face/testing";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const READY_MS_MAX = 60_000;

interface Demo {
  readonly baseUrl: string;
  readonly apiKey: string;
  readonly placeGroupId: number;
  readonly scheduleId: number;
}

interface Ran {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

describe("the conformance suite, as somebody runs it", () => {
  let folder: string;
  let server: ChildProcess;
  let demo: Demo;
  let photo: string;
  let turned: string;

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "postern-conformance-"));
    const environment = Object.entries(process.env).filter(([name]) => !/^(POSTERN_|NODE_TEST_|DATABASE_URL$)/.test(name));
    server = spawn(process.execPath, ["packages/cli/src/main.ts", "start"], {
      cwd: ROOT,
      env: {
        ...Object.fromEntries(environment),
        ...{ POSTERN_HTTP_PORT: "0", POSTERN_MQTT_PORT: "0", POSTERN_DATA_DIR: join(folder, "data") },
      },
      stdio: ["ignore", "pipe", "inherit"],
    });
    await whenReady(server);
    demo = JSON.parse(await readFile(join(folder, "data", "demo.json"), "utf8"));
    photo = join(folder, "face.jpg");
    await writeFile(photo, await personPhoto(PEOPLE["6d"]));
    turned = join(folder, "turned.jpg");
    await writeFile(turned, await personPhoto(PEOPLE["1c"]));
  });
  after(async () => {
    if (server.exitCode === null && server.kill("SIGTERM")) await once(server, "exit");
    await rm(folder, { recursive: true, force: true });
  });

  const conformance = async (baseUrl: string, ...more: readonly string[]): Promise<Ran> => {
    const given = ["--base-url", baseUrl, "--place-group", String(demo.placeGroupId), "--schedule", String(demo.scheduleId)];
    const child = spawn(process.execPath, ["conformance/src/main.ts", ...given, ...more], {
      cwd: ROOT,
      env: { ...process.env, API_KEY: demo.apiKey },
    });
    const written = { stdout: "", stderr: "" };
    child.stdout.on("data", (text) => {
      written.stdout += String(text);
    });
    child.stderr.on("data", (text) => {
      written.stderr += String(text);
    });
    await once(child, "close");
    return { code: child.exitCode, ...written };
  };

  const photos = (): readonly string[] => ["--photo", photo, "--turned-photo", turned];

  test("a server as npm start runs it passes every case, and none is skipped", async () => {
    const [junit, html] = [join(folder, "junit.xml"), join(folder, "report.html")];
    const { code, stdout, stderr } = await conformance(demo.baseUrl, "--operate", ...photos(), "--junit", junit, "--html", html);
    assert.equal(code, 0, stdout + stderr);
    assert.match(stdout, /\n\d{3} passed, 0 failed, 0 skipped\n$/);
    const count = Number(/(\d+) passed/.exec(stdout)?.[1]);
    assert.equal((await readFile(junit, "utf8")).match(/<testcase /g)?.length, count);
    const page = await readFile(html, "utf8");
    assert.equal(page.match(/<li class="passed">/g)?.length, count);
    assert.ok(!(page + stdout).includes(demo.apiKey), "the key stands in no report");
  });

  const madeCount = async (): Promise<unknown> => {
    const answer = await fetch(`${demo.baseUrl}/v1/places/178/auths?q=conformance`, {
      headers: { authorization: `Bearer ${demo.apiKey}` },
    });
    const body: unknown = await answer.json();
    return typeof body === "object" && body !== null && "total" in body ? body.total : body;
  };

  test("nobody whom the suite made is left", async () => {
    assert.equal(await madeCount(), 0);
  });

  test("without --operate no door is opened and no device asked: those cases are skipped, and say so", async () => {
    const { code, stdout } = await conformance(demo.baseUrl, "--only", "doors,devices");
    assert.equal(code, 0, stdout);
    assert.match(stdout, /skipped: doors and devices are left alone without --operate/);
    assert.doesNotMatch(stdout, /✔ ONCE_OPEN/);
  });

  const spoiled: Readonly<Record<string, { readonly spoil: Spoil; readonly section: string; readonly red: string }>> = {
    "a list without its total": {
      spoil: ({ text, ...rest }) => ({ ...rest, text: text.replace(/"total":\d+,?/, "") }),
      section: "conventions",
      red: "a list tells how many match",
    },
    "an event whose time is a text": {
      spoil: ({ text, ...rest }) => ({ ...rest, text: text.replaceAll(/"eventAt":(\d+)/g, '"eventAt":"$1"') }),
      section: "events",
      red: "each event has the guide's members, and none that is null",
    },
    "a bad key that is let in": {
      spoil: (answer) => (answer.status === 401 ? { ...answer, status: 200, text: '{"code":200,"status":true,"data":[]}' } : answer),
      section: "conventions",
      red: "a key that was never issued is 401 with e1001",
    },
  };
  for (const [what, { spoil, section, red }] of Object.entries(spoiled)) {
    test(`${what} makes its case red`, async () => {
      const proxy = await spoilingProxy(demo.baseUrl, spoil);
      try {
        const { code, stdout } = await conformance(`http://127.0.0.1:${portOf(proxy)}`, "--only", section);
        assert.equal(code, 1, stdout);
        assert.ok(stdout.includes(`✖ ${red}`), stdout);
      } finally {
        proxy.close();
      }
    });
  }

  test("an answer that repeats the key is shown without it", async () => {
    const proxy = await spoilingProxy(demo.baseUrl, (answer) => ({ ...answer, status: 500, text: JSON.stringify({ heard: demo.apiKey }) }));
    try {
      const { code, stdout } = await conformance(`http://127.0.0.1:${portOf(proxy)}`, "--place", "178", "--only", "conventions");
      assert.equal(code, 1, stdout);
      assert.match(stdout, /"heard":"\$API_KEY"/);
      assert.ok(!stdout.includes(demo.apiKey));
    } finally {
      proxy.close();
    }
  });

  test("a server that asks to wait is waited for, and asked again", async () => {
    let answers = 0;
    // The first answer only tells that somebody is there; the second is a case's.
    const proxy = await spoilingProxy(demo.baseUrl, (answer) => {
      answers += 1;
      return answers === 2 ? { status: 400, text: '{"errors":[{"code":"e1010","message":""}]}', retryAfter: "1" } : answer;
    });
    try {
      const { code, stdout } = await conformance(`http://127.0.0.1:${portOf(proxy)}`, "--place", "178", "--only", "doors");
      assert.equal(code, 0, stdout);
      assert.ok(answers > 2);
    } finally {
      proxy.close();
    }
  });

  test("whoever stops the suite in its midst leaves nobody behind", async () => {
    const child = spawn(
      process.execPath,
      ["conformance/src/main.ts", "--base-url", demo.baseUrl, "--place", "178", "--only", "create-user"],
      {
        cwd: ROOT,
        env: { ...process.env, API_KEY: demo.apiKey },
      },
    );
    child.stdout.on("data", (text) => {
      if (String(text).includes("the newer path makes a user")) child.kill("SIGINT");
    });
    await once(child, "close");
    assert.equal(child.exitCode, 130);
    assert.equal(await madeCount(), 0);
  });

  test("a server that is not there is said at once", async () => {
    const proxy = await spoilingProxy(demo.baseUrl, (answer) => answer);
    const port = portOf(proxy);
    proxy.close();
    const { code, stdout, stderr } = await conformance(`http://127.0.0.1:${port}`);
    assert.deepEqual([code, stdout], [2, ""]);
    assert.match(stderr, /gives no answer: .*ECONNREFUSED/);
  });

  test("what cannot be begun is said with exit code 2", async () => {
    const { code, stderr } = await conformance(demo.baseUrl, "--only", "weather");
    assert.equal(code, 2);
    assert.match(stderr, /there is no section weather/);
  });
});

async function whenReady(server: ChildProcess): Promise<void> {
  const { stdout } = server;
  let told = "";
  const ready = new Promise<void>((resolve) => {
    stdout?.on("data", (text) => {
      told += String(text);
      if (told.includes("Ready.")) resolve();
    });
  });
  const late = AbortSignal.timeout(READY_MS_MAX);
  const ended = once(server, "exit").then(() => told.includes("Ready.") || assert.fail(`ended before it was ready: ${told}`));
  await Promise.race([ready, ended, once(late, "abort").then(() => assert.fail(`not ready: ${told}`))]);
}

interface Answered {
  readonly status: number;
  readonly text: string;
  readonly retryAfter?: string;
}
type Spoil = (answer: Answered) => Answered;

const portOf = (proxy: Server): number => (proxy.address() as AddressInfo).port;

/** Hands everything on, and spoils what comes back. */
async function spoilingProxy(baseUrl: string, spoil: Spoil): Promise<Server> {
  const proxy = createServer((request, response) => {
    void (async () => {
      const { method = "GET", url = "/" } = request;
      const body = await bytesOf(request);
      const headers = Object.entries(request.headers).filter(([name]) => !["host", "connection", "content-length"].includes(name));
      const answer = await fetch(`${baseUrl}${url}`, {
        method,
        headers: headers.map(([name, value]) => [name, String(value)] as [string, string]),
        ...(body.length === 0 ? {} : { body }),
      });
      const { status, text, retryAfter } = spoil({ status: answer.status, text: await answer.text() });
      const headersBack = { "content-type": answer.headers.get("content-type") ?? "text/plain" };
      response.writeHead(status, retryAfter === undefined ? headersBack : { ...headersBack, "retry-after": retryAfter }).end(text);
    })();
  });
  proxy.listen(0, "127.0.0.1");
  await once(proxy, "listening");
  return proxy;
}

async function bytesOf(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}
