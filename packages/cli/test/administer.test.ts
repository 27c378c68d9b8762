import assert from "node:assert/strict";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { type Ended, postern, type Running, runPostern, until, whenWritten } from "./support/postern-process.ts";

describe("administering a place from the command line", () => {
  let folder: string;
  let server: Running;

  const command = (...args: string[]): Promise<Ended> => postern(args, { POSTERN_DATA_DIR: join(folder, "data") });
  const done = async (...args: string[]): Promise<string> => {
    const { code, stdout, stderr } = await command(...args);
    assert.equal(code, 0, `${args.join(" ")}\n${stdout}${stderr}`);
    return stdout;
  };
  const deviceOf = async (doorId: string): Promise<string> => String((await made("door", "state", "--door", doorId))["entryDeviceId"]);
  const whenLearning = (doorId: string): Promise<void> =>
    until("the device waits for a card", async () =>
      (await done("door", "state", "--door", doorId)).includes("waits for a card or finger to learn"),
    );
  const asked = (...args: string[]): Running => runPostern(args, { POSTERN_DATA_DIR: join(folder, "data") });
  const made = async (...args: string[]): Promise<Record<string, unknown>> =>
    JSON.parse(await done(...args, "--json")) as Record<string, unknown>;

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "postern-administer-"));
    server = runPostern(["start"], { POSTERN_HTTP_PORT: "0", POSTERN_MQTT_PORT: "0", POSTERN_DATA_DIR: join(folder, "data") });
    await whenWritten(server, "Ready.");
  });

  after(async () => {
    server.process.kill("SIGTERM");
    await server.ended;
    await rm(folder, { recursive: true, force: true });
  });

  test("a schedule with a calendar is made, shown as it was typed, changed and deleted", async () => {
    const { calendarId } = await made("holiday", "create", "--name", "Bank holidays", "--holidays", "2026-12-25 Christmas");
    const { scheduleId } = await made(
      "schedule",
      "create",
      "--name",
      "Night",
      "--monday",
      "22:00-06:00",
      "--calendar-id",
      String(calendarId),
    );
    assert.match(await done("schedule", "show", String(scheduleId)), /monday {5}22:00-06:00\n {2}tuesday {4}closed/);
    assert.match(await done("schedule", "change", String(scheduleId), "--monday", "closed"), /monday {5}closed/);
    assert.match(await done("schedule", "list"), new RegExp(`^${scheduleId} +Night +${calendarId}$`, "m"));
    assert.equal(await done("schedule", "delete", String(scheduleId)), "Done.\n");
    assert.doesNotMatch(await done("schedule", "list"), /Night/);
  });

  test("a wrong or missing option is named as it is typed, with exit code 1, and nothing is made", async () => {
    const missing = await command("schedule", "create", "--monday", "08:00-18:00");
    assert.deepEqual([missing.code, missing.stdout], [1, ""]);
    assert.match(missing.stderr, /--name is required/);
    const wrong = await command("group", "create", "--name", "Members", "--grants", "234@now", "--json");
    assert.equal(wrong.code, 1);
    assert.match(wrong.stdout, /^{"error":{"code":"argument_invalid","message":"--grants is written as/);
    const unknown = await command("schedule", "show", "999999");
    assert.match(unknown.stderr, /scheduleId/);
    assert.doesNotMatch(await done("group", "list"), /Members/);
  });

  test("a change that doors hold says that they have it", async () => {
    assert.match(await done("door", "mode", "235", "--operator", "locked"), /operator +locked\n(.*\n)*The controller has it\.\n$/);
    assert.match(await done("door", "state", "--door", "235"), /operator: locked/);
    assert.match(await done("door", "mode", "235", "--operator", "none"), /The controller has it/);
  });

  test("whether doors and server agree is told as a table for people and as JSON for programs", async () => {
    assert.match(
      await done("sync", "status"),
      /^Revision \d+: 1 of 1 controllers have it\.\nCONTROLLER ID {2}SERIAL .*\n178 +\d+ +yes +confirmed /,
    );
    const { compared, log } = (await made("sync", "controller", "178")) as { compared: { agrees: boolean }; log: { holes: unknown[] } };
    assert.deepEqual([compared.agrees, log.holes], [true, []]);
    assert.match(await done("ledger", "continuity"), /^CONTROLLER ID .*\n178 +\d+ +true +\d+ +…\d{4}:1-\d+ +none +none +none +0 +none$/m);
  });

  test("a door is made without a controller and says so, is given to one that serves it at once, and is gone when it is deleted", async () => {
    const created = await done("door", "create", "--name", "Cellar");
    assert.match(created, /No controller serves it yet/);
    const [, doorId = ""] = /^doorId +(\d+)$/m.exec(created) ?? [];
    assert.match(await done("door", "change", doorId, "--controller-id", "178"), /\nThe controller has it\.\n$/);
    assert.match(await done("door", "state", "--door", doorId), /Cellar +locked/);
    assert.match(await done("door", "delete", doorId), /\nThe controller has it\.\n$/);
    const gone = await command("door", "state", "--door", doorId);
    assert.equal(gone.code, 1);
    assert.match((await command("door", "show", doorId)).stderr, /doorId/);
  });

  test("what if answers in sentences, and with exit code 3 when it is no", async () => {
    const { code, stdout } = await command("what-if", "--door-id", "234", "--card", "4242", "--at", "2026-11-29 02:30");
    assert.equal(code, 3);
    assert.match(stdout, /^denied {2}door 234, 2026-11-29 02:30 \+00:00, somebody unknown\n/);
  });

  test("what cannot be brought back is asked for with --yes", async () => {
    const { code, stderr } = await command("controller", "lost", "178");
    assert.equal(code, 1);
    assert.match(stderr, /Its key is refused from now on.*--yes/);
  });

  test("a body comes from a file or from what comes in, and options are laid over it", async () => {
    const file = join(folder, "group.json");
    await writeFile(file, JSON.stringify({ name: "From a file", grants: [{ doors: "all", scheduleId: null }] }));
    const group = await made("group", "create", "--body", `@${file}`, "--name", "Laid over");
    assert.deepEqual([group["name"], group["grants"]], ["Laid over", [{ doors: "all", scheduleId: null }]]);
    const { stderr } = await command("group", "create", "--body", "{pin: 4711}");
    assert.match(stderr, /--body takes a JSON object/);
    assert.doesNotMatch(stderr, /4711/);
  });

  test("the operator makes a customer, its first key and a place with the key that lies beside the server", async () => {
    const { placeGroupId } = await made("place-group", "create", "--name", "Corner Shops");
    const minted = await made("place-group", "mint-key", String(placeGroupId), "--name", "Owner", "--scopes", "people,doors:configure");
    const demo = JSON.parse(await readFile(join(folder, "data", "demo.json"), "utf8")) as { baseUrl: string };
    const owner = ["--server", demo.baseUrl, "--key", String(minted["key"])];
    const nowhere = await command("schedule", "list", ...owner);
    assert.match(nowhere.stderr, /This key reaches no place/);
    await done("place", "create", "--name", "Corner Shop", "--time-zone", "Asia/Seoul", ...owner);
    assert.match(await done("place", "list", ...owner), /^\d+ +Corner Shop +Asia\/Seoul +\d+\n/m);
    assert.equal(await done("schedule", "list", ...owner), "None.\n", "the key's only place is meant");
  });

  test("a finger that was enrolled opens its doors, and opens nothing once it is taken away", async () => {
    const template = Buffer.from("the left thumb, as a reader wrote it");
    const file = join(folder, "thumb.template");
    await writeFile(file, template);
    const finger = { fingerFormat: "TEMPLATE_FORMAT_SUPREMA", fingerFlag: "NONE", fingerData: template.toString("base64") };
    const always = ["--start-at", "2020-01-01", "--end-at", "2037-01-01", "--doors", "all"];
    const { authId } = await made("auth", "create", "--user-key", "ada", ...always, "--fingerprints", JSON.stringify([finger]));
    assert.match(await done("door", "present", "--door", "234", "--finger", file), /Door 234 is open/);
    assert.match(await done("auth", "change", String(authId), "--fingerprints", "[]"), /The controller has it/);
    const refused = await command("door", "present", "--door", "235", "--finger", file);
    assert.equal(refused.code, 3);
  });

  test("a card is learnt by presenting it: told to who asked, judged by nobody, and then given to somebody whom it lets in", async () => {
    const learning = asked("device", "learn", await deviceOf("234"), "--within-ms", "60000");
    await whenLearning("234");
    const presented = await done("door", "present", "--door", "234", "--card", "200-12345:34");
    assert.match(presented, /Door 234 has told what it was to whoever asked, and stays as it is/);
    const { code, stdout } = await learning.ended;
    assert.deepEqual([code, stdout.split("\n")[0]], [0, "200-12345:34  WIEGAND 34"]);
    assert.match(stdout, /--cards 200-12345:34/);
    const always = ["--start-at", "2020-01-01", "--end-at", "2037-01-01", "--doors", "all"];
    await done("auth", "create", "--user-key", "grace", ...always, "--cards", "200-12345:34");
    assert.match(await done("door", "present", "--door", "234", "--card", "200-12345:34"), /Door 234 is open/);
    const refused = await command("door", "present", "--door", "234", "--card", "200-12345");
    assert.equal(refused.code, 3, "the same digits in another layout are another card");
    const events = await done("events", "--limit", "10", "--json");
    const types = events.match(/DEV_CARD_AUTH_\w+/g)?.sort();
    assert.deepEqual(types, ["DEV_CARD_AUTH_FAIL", "DEV_CARD_AUTH_SUCCESS"], "the learnt presentation is in no log");
  });

  test("a finger is scanned at a reader and opens the door once it was given to somebody by its token", async () => {
    const file = join(folder, "index.template");
    await writeFile(file, Buffer.from("a right index finger, as a reader wrote it"));
    const scanning = asked("scan", "request", await deviceOf("235"), "--credential-type", "FINGERPRINT", "--within-ms", "60000");
    await whenLearning("235");
    await done("door", "present", "--door", "235", "--finger", file, "--score", "77");
    const { code, stdout } = await scanning.ended;
    assert.deepEqual([code, stdout.split("\n")[0]], [0, "A finger, read with 77 of a hundred"]);
    const token = /--registration-tokens (\w+)/.exec(stdout)?.[1] ?? "";
    const always = ["--start-at", "2020-01-01", "--end-at", "2037-01-01", "--doors", "all"];
    await done("auth", "create", "--user-key", "edsger", ...always, "--registration-tokens", token);
    assert.match(await done("door", "present", "--door", "235", "--finger", file), /Door 235 is open/);
    assert.match(await done("scan", "show", token), /completed/);
  });

  test("a finger that is read badly is told to be, with exit code 3", async () => {
    const scanning = asked("scan", "request", await deviceOf("235"), "--credential-type", "FINGERPRINT", "--within-ms", "60000");
    await whenLearning("235");
    await done("door", "present", "--door", "235", "--finger", join(folder, "index.template"), "--score", "20");
    const { code, stdout } = await scanning.ended;
    assert.deepEqual([code, stdout], [3, "Nothing was scanned.  The finger was not read well enough. (finger_low_quality)\n"]);
  });

  test("an opening is told step by step until the bolt has fallen, and what is for later can be taken back", async () => {
    const { code, stdout } = await command("door", "open", "236", "--watch");
    assert.deepEqual(
      [code, stdout.match(/sent to the controller|done|the bolt is released|the bolt has fallen/g)?.sort()],
      [0, ["done", "sent to the controller", "the bolt has fallen", "the bolt is released"]],
    );
    const { commandId } = await made("door", "order", "236", "--command", "ALWAYS_CLOSE", "--act-at", String(Date.now() + 3_600_000));
    assert.match(await done("door", "commands", "236", "--open", "true"), new RegExp(`^${commandId} +ALWAYS_CLOSE +scheduled`, "m"));
    assert.match(await done("command", "cancel", String(commandId)), /cancelled/);
    assert.equal(await done("door", "commands", "236", "--open", "true"), "None.\n");
    await done("door", "mode", "236", "--operator", "locked");
    const refused = await command("door", "open", "236", "--watch");
    assert.deepEqual([refused.code, /refused: .*\(locked_by_operator\)/.test(refused.stdout)], [3, true], refused.stdout);
    await done("door", "mode", "236", "--operator", "none");
  });

  test("a device shows its notice and the picture for what happens at its door, whose file can be opened", async () => {
    const deviceId = await deviceOf("234");
    const dot = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";
    const file = join(folder, "dot.png");
    await writeFile(file, Buffer.from(dot, "base64"));
    await done("display", "message", deviceId, "--text", "Please ring");
    assert.match(
      await done("display", "image", deviceId, "LOCKED", "--file-name", "dot.png", "--file-data", file),
      /The controller has it/,
    );
    assert.match(await done("door", "screen", "--door", "234"), /its own picture\n +Please ring/);
    await done("door", "mode", "234", "--operator", "locked");
    let screen = "";
    await until("the picture of a locked door", async () => {
      screen = await done("door", "screen", "--door", "234", "--json");
      return screen.includes('"LOCKED"');
    });
    const { picture } = JSON.parse(screen) as { picture: { path: string } };
    assert.equal((await readFile(picture.path)).subarray(1, 4).toString(), "PNG");
    await done("door", "mode", "234", "--operator", "none");
    await done("display", "clear-image", deviceId, "LOCKED");
    await done("display", "clear-message", deviceId);
    assert.match(await done("door", "screen", "--door", "234"), /its own picture\n$/);
  });

  test("a card that does not come, a lockdown and a second request end a learning with their reason, and exit code 3", async () => {
    const deviceId = await deviceOf("236");
    const late = await command("device", "learn", deviceId, "--within-ms", "1000");
    assert.deepEqual(
      [late.code, late.stdout],
      [3, "No card was learnt.  No card was presented at the device in time. (card_not_presented)\n"],
    );
    const first = asked("device", "learn", deviceId, "--within-ms", "60000");
    await whenLearning("236");
    const second = asked("device", "learn", deviceId, "--within-ms", "60000");
    const replaced = await first.ended;
    assert.deepEqual(
      [replaced.code, replaced.stdout],
      [3, "No card was learnt.  Somebody else asked the same device for a card or finger meanwhile. (learning_replaced)\n"],
    );
    await whenLearning("236");
    await done("lockdown", "begin", "--doors", "236");
    const { code, stdout } = await second.ended;
    assert.deepEqual([code, stdout], [3, "No card was learnt.  the place is in lockdown. (lockdown)\n"]);
    await done("lockdown", "end");
  });

  test("a shell completes verbs and options", async () => {
    assert.match(await done("complete", "bash"), /bash completion for postern/);
    const verbs = await done("complete", "--", "schedule", "");
    assert.match(verbs, /^create\t/m);
    assert.match(await done("complete", "--", "schedule", "create", "--"), /^--calendar-id\t/m);
  });
});
