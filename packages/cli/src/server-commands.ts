import type { Command } from "commander";
import { type Act, examples, type JsonOption } from "./act.ts";
import type { ClaimCodeOptions, ListOptions } from "./commands/controller.ts";
import type { EventsOptions } from "./commands/events.ts";
import type { ImportOptions } from "./commands/import.ts";
import { withTarget } from "./with-target.ts";

/** `postern start`, and what speaks to a server that runs. Loaded when called for, as the doors' commands are. */
export function addServerCommands(postern: Command, act: Act): void {
  postern
    .command("start")
    .description("run the server; on an empty database with the demo place and its virtual doors")
    .addHelpText("after", examples("postern start", "POSTERN_HTTP_PORT=0 POSTERN_MQTT_PORT=0 POSTERN_DATA_DIR=/tmp/try postern start"))
    .action(act(async (_options: JsonOption, output) => (await import("./commands/start.ts")).runStart(output)));
  withTarget(postern.command("events"))
    .description("what happened at a place")
    .option("--follow", "and what happens from now on")
    .option("--limit <count>", "how many of the newest (default 20, at most 1000)")
    .addHelpText("after", examples("postern events --follow", "postern events --limit 5 --json"))
    .action(act(async (options: EventsOptions, output) => (await import("./commands/events.ts")).showEvents(options, output)));
  addImportCommand(postern, act);
  addControllerCommands(postern, act);
  postern
    .command("demo")
    .description("play the story against a running server: enrol, confirm, open, log, revoke, refuse")
    .option("--json", "one JSON value a step")
    .addHelpText("after", examples("postern demo", "postern demo --json"))
    .action(act(async (options: JsonOption, output) => (await import("./commands/demo.ts")).playDemo(options, output)));
}

function addImportCommand(postern: Command, act: Act): void {
  const run = act(async (options: ImportOptions, output) => (await import("./commands/import.ts")).importRows(options, output));
  withTarget(postern.command("import"))
    .description("give many people their rights from a CSV or NDJSON file; the same file again changes nothing")
    .argument("<file>", "members.csv or members.ndjson")
    .option("--dry-run", "say what would be, and change nothing")
    .option("--resume <import>", "go on with an import that stayed open")
    .addHelpText("after", examples("postern import members.csv --place 178 --dry-run", "postern import members.csv --place 178"))
    .action((file: string, options: Omit<ImportOptions, "file">) => run({ ...options, file }));
}

function addControllerCommands(postern: Command, act: Act): void {
  const controller = postern
    .command("controller")
    .description("the controllers of a place")
    .addHelpText("after", examples("postern controller list", "postern controller claim-code --serial 540000178"));
  withTarget(controller.command("list"))
    .description("who they are, and whether each holds what it should")
    .addHelpText("after", examples("postern controller list", "postern controller list --json"))
    .action(act(async (options: ListOptions, output) => (await import("./commands/controller.ts")).listControllers(options, output)));
  const claimCode = act(async (options: ClaimCodeOptions, output) =>
    (await import("./commands/controller.ts")).makeClaimCode(options, output),
  );
  withTarget(controller.command("claim-code"))
    .description("make a one-time code that gives a controller a new key and ends the one it had")
    .option("--serial <serial>", "the controller's serial")
    .argument("[id]", "or its id")
    .addHelpText("after", examples("postern controller claim-code 178", "postern controller claim-code --serial 540000178"))
    .action((id: string | undefined, options: ClaimCodeOptions) =>
      claimCode({ ...options, ...(id === undefined ? {} : { controller: id }) }),
    );
}
