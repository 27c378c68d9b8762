import assert from "node:assert/strict";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { pasted, ROOT, type Running, runPostern, whenWritten } from "./support/postern-process.ts";

interface Section {
  readonly title: string;
  readonly commands: string;
  readonly promised: readonly string[];
}

const SHELL_DEFINITION = /^(export |\w+\(\))/;

/** The guide's sections: their `sh` blocks as one script, and what their `text` blocks promise. */
function sectionsOf(guide: string): Section[] {
  return guide.split(/^## /m).map((part) => {
    const blocks = [...part.matchAll(/^```(sh|text)\n(.*?)^```$/gms)];
    const of = (language: string): string[] => blocks.filter(([, name]) => name === language).map(([, , text = ""]) => text);
    return {
      title: part.split("\n", 1)[0] ?? "",
      commands: of("sh").join(""),
      promised: of("text").flatMap((text) => text.trim().split("\n")),
    };
  });
}

const plain = (text: string): string => text.replaceAll(/\s+/g, " ");

describe("the guide on running a shop, followed to the letter", () => {
  let folder: string;
  let server: Running;
  let controller: Running | undefined;
  const remembered: string[] = [];

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "postern-guide-"));
    server = runPostern(["start"], { POSTERN_HTTP_PORT: "0", POSTERN_MQTT_PORT: "0", POSTERN_DATA_DIR: join(folder, ".postern") });
    await whenWritten(server, "Ready.");
  });
  after(async () => {
    for (const running of [controller, server]) {
      running?.process.kill("SIGTERM");
      await running?.ended;
    }
    await rm(folder, { recursive: true, force: true });
  });

  const runDoor = async (...args: string[]): Promise<void> => {
    controller?.process.kill("SIGINT");
    await controller?.ended;
    controller = runPostern(["door", "run", ...args, "--data-dir", join(folder, ".postern-door")], {});
    await whenWritten(controller, "Ready.");
  };

  /** One shell a section, with what earlier ones defined, as in a terminal that stays open. Only the folders are the test's own. */
  const follow = async ({ title, commands, promised }: Section): Promise<string> => {
    const script = [`export POSTERN_DATA_DIR=${folder}/.postern`, ...remembered, commands].join("\n");
    const { stdout, stderr } = await pasted(script.replaceAll("=.postern-door ", `=${folder}/.postern-door `));
    remembered.push(...commands.split("\n").filter((line) => SHELL_DEFINITION.test(line)));
    const told = plain(stdout);
    for (const line of promised) assert.ok(told.includes(plain(line)), `${title}: "${line}" is not in\n${stdout}${stderr}`);
    // Refusals are said on stdout; only what could not be done is on stderr.
    assert.equal(stderr, "", `${title}\n${stdout}`);
    return stdout;
  };

  test("every section does what it says", { timeout: 300_000 }, async () => {
    const guide = await readFile(join(ROOT, "docs/guides/run-a-shop.md"), "utf8");
    for (const section of sectionsOf(guide)) {
      if (section.title === "Doors and their controller") {
        const [making, looking] = section.commands.split("at_the_door()");
        const told = await follow({ ...section, commands: making ?? "", promised: [] });
        const [, url = "", code = ""] = /--server (\S+) --claim (\S+)/.exec(told) ?? [];
        await runDoor("--server", url, "--claim", code);
        await follow({ ...section, commands: `at_the_door()${looking}` });
        continue;
      }
      if (section.title === "The controller starts again") await runDoor();
      await follow(section);
    }
  });
});
