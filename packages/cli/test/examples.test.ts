import assert from "node:assert/strict";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, type TestContext, test } from "node:test";
import { pasted, type Running, runPostern, until, whenWritten } from "./support/postern-process.ts";

const README = "examples/%/README.md";

/** The `sh` blocks of an example's README, one script each. */
async function scriptsOf(example: string): Promise<string[]> {
  const readme = await readFile(README.replace("%", example), "utf8");
  return [...readme.matchAll(/^```sh\n(.*?)^```$/gms)].map(([, script = ""]) => script);
}

/** Whether the machine has these programs; says what was left out when it has not. */
async function has(context: TestContext, ...programs: readonly string[]): Promise<boolean> {
  for (const program of programs) {
    if ((await pasted(`command -v ${program}`)).code === 0) continue;
    context.skip(`${program} is not installed`);
    return false;
  }
  return true;
}

describe("the examples, followed as their READMEs say", () => {
  let folder: string;
  let server: Running;
  let baseUrl: string;

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "postern-examples-"));
    server = runPostern(["start"], { POSTERN_HTTP_PORT: "0", POSTERN_MQTT_PORT: "0", POSTERN_DATA_DIR: join(folder, "data") });
    await whenWritten(server, "Ready.");
    baseUrl = JSON.parse(await readFile(join(folder, "data", "demo.json"), "utf8")).baseUrl;
  });
  after(async () => {
    server.process.kill("SIGTERM");
    await server.ended;
    await rm(folder, { recursive: true, force: true });
  });

  /** The README's commands with the server of this test in place of the one that a reader starts. */
  const here = (script: string): string =>
    [`export POSTERN_DATA_DIR=${folder}/data`, script]
      .join("\n")
      .replaceAll("http://127.0.0.1:8080", baseUrl)
      .replaceAll(".postern/demo.json", `${folder}/data/demo.json`)
      .replaceAll("clue.exe", `${folder}/clue.exe`);

  test("curl enrols a person by the guide's request, and reads the passage by its other one", async () => {
    const [script = ""] = await scriptsOf("curl");
    const { stdout, stderr } = await pasted(here(script));
    const [registered, opened, events] = stdout.trim().split("\n");
    assert.match(registered ?? "", /^\{"code":200,"status":true,"message":"OK","data":\{"authId":\d+/, stderr);
    assert.match(opened ?? "", /is open/, stderr);
    assert.match(events ?? "", /"total":\d+.*"eventType":"DEV_CARD_AUTH_SUCCESS".*"eventType":"DEV_DOOR_RELAY_ON"/, stderr);
  });

  test("the C# program compiles as C# 7 without a warning, enrols a person and prints their passage", async (context) => {
    if (!(await has(context, "mcs", "mono"))) return;
    const [, script = ""] = await scriptsOf("csharp");
    const [build = "", key = "", run = ""] = here(script).split("\n").slice(1);
    const built = await pasted(build.replace("mcs ", "mcs -warnaserror "));
    assert.deepEqual([built.code, built.stdout], [0, ""], built.stderr);
    const printing = pasted(`${key}\n${run} 12`);
    const present = `POSTERN_DATA_DIR=${folder}/data npm run -s postern -- door present --door 235 --card 777123`;
    await until("the card opens", async () => (await pasted(present)).stdout.includes("is open"));
    const { code, stdout, stderr } = await printing;
    assert.equal(code, 0, stderr);
    assert.match(stdout, /^registered acme\.42 as auth \d+\n/);
    assert.match(stdout, /Z DEV_CARD_AUTH_SUCCESS .+ acme\.42\n\S+ DEV_DOOR_RELAY_ON .+\n/);
  });

  test("the C# program says what CLUe's error names, and ends with 1", async (context) => {
    if (!(await has(context, "mcs", "mono"))) return;
    const { code, stdout, stderr } = await pasted(`mono ${folder}/clue.exe ${baseUrl} no-key 178 acme.42 Ada 1 1`);
    assert.deepEqual([code, stdout], [1, ""]);
    assert.match(stderr, /^e1001 /);
  });
});
