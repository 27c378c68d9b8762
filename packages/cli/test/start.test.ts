import assert from "node:assert/strict";
import { mkdtemp, readFile, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import {
  type Ended,
  pasted,
  postern,
  processesOn,
  type Running,
  runPasted,
  runPostern,
  until,
  whenWritten,
} from "./support/postern-process.ts";

const PORTS = { POSTERN_HTTP_PORT: "0", POSTERN_MQTT_PORT: "0" };
const STATUS = " -w '\\n%{http_code}'";
const STOP_MS_MAX = 10_000;

describe("postern start, as a person meets it", () => {
  let folder: string;
  let dataDir: string;
  let server: Running;

  const start = async (): Promise<Running> => {
    const started = runPostern(["start"], { ...PORTS, POSTERN_DATA_DIR: dataDir });
    server = started;
    await whenWritten(started, "Ready.");
    return started;
  };
  const printed = (part: string): string => {
    const line = server
      .stdout()
      .split("\n")
      .find((each) => each.includes(part));
    assert.ok(line !== undefined, `No printed line has ${part}:\n${server.stdout()}`);
    return line;
  };
  const command = (...args: string[]): Promise<Ended> => postern(args, { POSTERN_DATA_DIR: dataDir });

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "postern-cli-"));
    dataDir = join(folder, "data");
    await start();
  });

  after(async () => {
    if (server.process.exitCode === null && server.process.signalCode === null) server.process.kill("SIGTERM");
    await server.ended;
    await until("nothing runs on the folder", async () => (await processesOn(folder)).length === 0);
    await rm(folder, { recursive: true, force: true });
  });

  test("the printed request enrols a card that the printed door command then opens with", async () => {
    const enrolled = await pasted(printed("--data") + STATUS);
    assert.equal(statusOf(enrolled), 200, enrolled.stdout + enrolled.stderr);
    await whenConfirmed(command);
    const opened = await pasted(printed("door present"));
    assert.deepEqual({ code: opened.code, stdout: opened.stdout }, { code: 0, stdout: "Door 234 is open.\n" }, opened.stderr);
  });

  test("the printed request, pasted twice, answers the same authId both times", async () => {
    const [first, second] = [await pasted(printed("--data") + STATUS), await pasted(printed("--data") + STATUS)];
    assert.equal(statusOf(second), 200, second.stdout + second.stderr);
    assert.ok(Number.isSafeInteger(authIdOf(first)), first.stdout);
    assert.equal(authIdOf(second), authIdOf(first));
  });

  test("the printed look at events answers the passage of the person just enrolled", async () => {
    await until("the passage is in the answer", async () => {
      const answer = await pasted(printed("/v1/be/events?") + STATUS);
      assert.equal(statusOf(answer), 200, answer.stdout + answer.stderr);
      return passagesOf(answer) > 0;
    });
  });

  test("no printed command is left out of these tests", () => {
    const commands = server
      .stdout()
      .split("\n")
      .filter((line) => /(^curl|npm run) /.test(line));
    const shown = ["--data", "door present", "/v1/be/events?", "door state", "events --follow", "-- demo"];
    assert.equal(commands.length, shown.length, commands.join("\n"));
    for (const part of shown) assert.ok(commands.includes(printed(part)), part);
  });

  test("the printed door state names every door of the demo", async () => {
    const state = await pasted(printed("door state"));
    assert.equal(state.code, 0, state.stderr);
    for (const name of ["Entrance", "Office", "Storeroom"]) assert.ok(state.stdout.includes(name), state.stdout);
  });

  test("the printed follow command shows an event that happens while it watches, and ends with 0 when it is told to", async () => {
    const following = runPasted(`exec env ${printed("events --follow")}`);
    try {
      await whenWritten(following, "namehere");
      const count = following.stdout().split("DEV_CARD_AUTH_FAIL").length;
      assert.equal((await command("door", "present", "--door", "235", "--card", "777")).code, 3);
      await until("the refusal is shown", () => following.stdout().split("DEV_CARD_AUTH_FAIL").length > count);
    } finally {
      following.process.kill("SIGTERM");
    }
    const { code, stderr } = await following.ended;
    assert.equal(code, 0, stderr);
  });

  test("the printed demo tells its story to the end, for programs one JSON value a step", async () => {
    const told = await pasted(`${printed("-- demo")} --json`);
    assert.equal(told.code, 0, told.stdout + told.stderr);
    const steps = told.stdout
      .trim()
      .split("\n")
      .map((line) => (JSON.parse(line) as { step: string }).step);
    assert.deepEqual(steps, ["enrol", "confirmed", "present", "bolt", "present", "bolt", "log", "revoke", "confirmed", "present"]);
  });

  test("door present ends with 3 and the reason for a card nobody holds, and with 1 for a door that is not there", async () => {
    const refused = await command("door", "present", "--door", "234", "--card", "99", "--json");
    assert.equal(refused.code, 3, refused.stderr);
    assert.partialDeepStrictEqual(JSON.parse(refused.stdout), { doorId: 234, outcome: "refused", reason: "unknown", relay: "off" });
    const missing = await command("door", "present", "--door", "9", "--card", "12345");
    assert.equal(missing.code, 1);
    assert.match(missing.stderr, /^postern: .*door 9.*234, 235, 236\.\n$/);
  });

  test("what goes wrong at a door stands in its state until it is over, and what is no part or no state is refused", async () => {
    const said = async (...words: string[]) => {
      const { code, stdout, stderr } = await command("door", ...words, "--door", "236");
      assert.equal(code, 0, stderr);
      return stdout;
    };
    assert.match(await said("tamper", "on"), /tampered with/);
    assert.match(await said("fault", "exit-button", "on"), /broken/);
    assert.match(await said("power", "off"), /no power; the bolt is locked/);
    const noted = /closed +– +\d+ tampered with, exit button failed, power failed/;
    assert.match(await said("state"), noted);
    for (const words of [
      ["tamper", "off"],
      ["fault", "exit-button", "off"],
      ["power", "on"],
    ])
      await said(...words);
    await until("all is well", async () => !/failed|tampered/.test(await said("state")));
    const refusals: [string[], RegExp][] = [
      [["fault", "hinge", "on"], /A part is connection, relay/],
      [["power", "half"], /The power is on or off/],
      [["tamper", "on", "--side", "exit"], /no device at its exit/],
    ];
    for (const [words, message] of refusals) {
      const { code, stderr } = await command("door", ...words, "--door", "236");
      assert.equal(code, 1);
      assert.match(stderr, message);
    }
  });

  test("demo.json, which holds a key, may be read by its owner alone", async () => {
    assert.equal((await stat(join(dataDir, "demo.json"))).mode & 0o777, 0o600);
  });

  test("a second start on the same folder ends with 1 and one line that names the process that has it", async () => {
    const second = await postern(["start"], { ...PORTS, POSTERN_DATA_DIR: dataDir });
    assert.equal(second.code, 1);
    assert.match(second.stderr, new RegExp(`^postern: [^\\n]*\\b${server.process.pid}\\b[^\\n]*\\n$`));
    assert.equal((await command("door", "state")).code, 0, "the first goes on");
  });

  test("a start on a taken HTTP port ends with 1, names the port and its variable, and leaves nothing running", async () => {
    const { port } = new URL(await baseUrlOf(dataDir));
    const other = join(folder, "other");
    const second = await postern(["start"], { ...PORTS, POSTERN_HTTP_PORT: port, POSTERN_DATA_DIR: other });
    assert.equal(second.code, 1);
    assert.match(second.stderr, new RegExp(`^postern: [^\\n]*\\b${port}\\b[^\\n]*POSTERN_HTTP_PORT[^\\n]*\\n$`));
    assert.deepEqual(await processesOn(other), []);
  });

  test("after kill -9 the next start still opens for the enrolled card and has its events, and nothing of the first is left", async () => {
    const passages = passagesOf(await pasted(printed("/v1/be/events?") + STATUS));
    const authId = authIdOf(await pasted(printed("--data") + STATUS));
    const first = await processesOn(folder);
    assert.ok(first.length > 0, "PostgreSQL is seen while it runs");
    server.process.kill("SIGKILL");
    await server.ended;
    await start();
    const now = await processesOn(folder);
    assert.deepEqual(
      first.filter((pid) => now.includes(pid)),
      [],
    );
    const opened = await pasted(printed("door present"));
    assert.equal(opened.code, 0, opened.stdout + opened.stderr);
    assert.equal(authIdOf(await pasted(printed("--data") + STATUS)), authId);
    await until("the passage of before and the new one are in the ledger", async () => {
      const found = passagesOf(await pasted(printed("/v1/be/events?") + STATUS));
      return found === passages + 1;
    });
  });

  test("a controller that claims with a new code takes the doors over, and the one before loses its link", async () => {
    const code = await command("controller", "claim-code", "--serial", "540000178", "--json");
    assert.equal(code.code, 0, code.stderr);
    const { code: claim } = JSON.parse(code.stdout) as { code: string };
    const doorDir = join(folder, "door");
    const door = runPostern(["door", "run", "--server", await baseUrlOf(dataDir), "--claim", claim, "--data-dir", doorDir], {});
    try {
      await whenWritten(door, "runs on");
      await until("the new one is live and holds a roster", async () =>
        isLive(await postern(["door", "state", "--json"], { POSTERN_DATA_DIR: doorDir })),
      );
      await until("the one before is not", async () => !isLive(await command("door", "state", "--json")));
      const opened = await postern(["door", "present", "--door", "234", "--card", "12345"], { POSTERN_DATA_DIR: doorDir });
      assert.equal(opened.code, 0, opened.stdout + opened.stderr);
    } finally {
      door.process.kill("SIGTERM");
    }
    assert.equal((await door.ended).code, 0);
  });

  test("SIGTERM ends it with 0 in good time, and no process of it is left", async () => {
    assert.equal(server.process.exitCode, null, "it still runs");
    assert.ok((await processesOn(folder)).length > 0, "PostgreSQL is seen while it runs");
    const beforeMs = performance.now();
    server.process.kill("SIGTERM");
    const { code, stdout, stderr } = await server.ended;
    assert.ok(performance.now() - beforeMs < STOP_MS_MAX);
    assert.equal(code, 0, stdout + stderr);
    assert.match(stdout, /^Stopped\./m);
    assert.deepEqual(await processesOn(folder), []);
  });
});

function statusOf(answer: Ended): number {
  return Number(answer.stdout.split("\n").at(-1));
}

function bodyOf(answer: Ended): unknown {
  return JSON.parse(answer.stdout.slice(0, answer.stdout.lastIndexOf("\n")));
}

function authIdOf(answer: Ended): number {
  return (bodyOf(answer) as { data: { authId: number } }).data.authId;
}

/** How often the person of the printed request was let in. */
function passagesOf(answer: Ended): number {
  const { data } = bodyOf(answer) as { data: { eventType: string; userId?: string }[] };
  return data.filter((event) => event.userId === "1234567" && event.eventType === "DEV_CARD_AUTH_SUCCESS").length;
}

async function baseUrlOf(dataDir: string): Promise<string> {
  return (JSON.parse(await readFile(join(dataDir, "demo.json"), "utf8")) as { baseUrl: string }).baseUrl;
}

async function whenConfirmed(command: (...args: string[]) => Promise<Ended>): Promise<void> {
  await until("the controller holds what it should", async () => {
    const listed = await command("controller", "list", "--json");
    const { wantedRevision, confirmedRevision } = JSON.parse(listed.stdout) as { wantedRevision: number; confirmedRevision: number };
    return confirmedRevision >= wantedRevision;
  });
}

/** Of a `door state --json`: whether its controller is connected and has all it needs. */
function isLive(state: Ended): boolean {
  const [line = ""] = state.stdout.split("\n");
  if (state.code !== 0 || line === "") return false;
  const { uplink, roster } = JSON.parse(line) as { uplink: string; roster: { completeTo: number } };
  return uplink === "live" && roster.completeTo > 0;
}
