import type { Command } from "commander";
import { type Act, examples, type JsonOption } from "./act.ts";
import type { BackupOptions } from "./commands/backup.ts";
import type { ClaimCodeOptions, ListOptions } from "./commands/controller.ts";
import type { EventsOptions } from "./commands/events.ts";
import type { ExportOptions } from "./commands/export-events.ts";
import type { ImportOptions } from "./commands/import.ts";
import type { RestoreOptions } from "./commands/restore.ts";
import { withTarget } from "./with-target.ts";

/** `postern start`, and what speaks to a server that runs. Loaded when called for, as the doors' commands are. */
export function addServerCommands(postern: Command, act: Act): void {
  postern
    .command("start")
    .description("run the server; on an empty database with the demo place and its virtual doors")
    .addHelpText("after", examples("postern start", "POSTERN_HTTP_PORT=0 POSTERN_MQTT_PORT=0 POSTERN_DATA_DIR=/tmp/try postern start"))
    .action(act(async (_options: JsonOption, output) => (await import("./commands/start.ts")).runStart(output)));
  const events = postern.command("events");
  withTarget(events)
    .description("what happened at a place")
    .option("--follow", "and what happens from now on")
    .option("--limit <count>", "how many of the newest (default 20, at most 1000)")
    .option("--types <types>", "only of these types, with commas")
    .option("--door-ids <ids>", "only at these doors")
    .addHelpText(
      "after",
      examples("postern events --follow", "postern events --limit 5 --json", "postern events --follow --types DEV_CARD_AUTH_FAIL"),
    )
    .action(act(async (options: EventsOptions, output) => (await import("./commands/events.ts")).showEvents(options, output)));
  addImportCommand(postern, act);
  addDataCommands(postern, act);
  const exportEvents = act(async (options: ExportOptions, output) =>
    (await import("./commands/export-events.ts")).exportEvents(options, output),
  );
  withTarget(events.command("export"))
    .description("write a place's events to a CSV file")
    .option("--out <file>", "where to")
    .option("--types <types>", "only of these types, with commas")
    .option("--door-ids <ids>", "only at these doors")
    .option("--from <time>", "only from this time on: '2026-12-01 08:00' by the place's clock")
    .option("--to <time>", "only up to this time")
    .option("--keep", "leave the export with the server for a day")
    .addHelpText(
      "after",
      examples(
        "postern events export --place 178 --out events.csv",
        "postern events export --out failures.csv --types DEV_CARD_AUTH_FAIL --from 2026-11-01",
      ),
    )
    // What both have in common, commander gives to the outer one.
    .action((_options: ExportOptions, command: Command) => exportEvents(command.optsWithGlobals<ExportOptions>()));
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

/** Of a server's own data, on its machine. */
function addDataCommands(postern: Command, act: Act): void {
  postern
    .command("backup")
    .description("write everything a server keeps into one file, also while it runs; server.key stays out unless asked for")
    .requiredOption("--out <file>", "the file to write; must not be there yet")
    .option("--with-server-key", "with the key that opens everything in it: whoever has the file has everything")
    .option("--json", "one JSON value a line")
    .addHelpText("after", examples("postern backup --out postern-2026-11-28.tar", "DATABASE_URL=postgres://… postern backup --out all.tar"))
    .action(act(async (options: BackupOptions, output) => (await import("./commands/backup.ts")).makeBackup(options, output)));
  const restore = act(async (options: RestoreOptions, output) => (await import("./commands/restore.ts")).restoreBackup(options, output));
  postern
    .command("restore")
    .description("bring a backup back into a data directory without a database, or into the empty database of DATABASE_URL")
    .argument("<file>", "what `postern backup` wrote")
    .option("--server-key <file>", "where server.key is kept; else that of the data directory or of the backup")
    .option("--without-server-key", "the key is lost: bring back what can be read without it")
    .option("--json", "one JSON value a line")
    .addHelpText("after", examples("POSTERN_DATA_DIR=/srv/postern postern restore postern-2026-11-28.tar --server-key /safe/server.key"))
    .action((file: string, options: Omit<RestoreOptions, "file">) => restore({ ...options, file }));
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
