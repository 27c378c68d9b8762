#!/usr/bin/env node
import { Command, CommanderError } from "commander";
import packageJson from "../package.json" with { type: "json" };
import { actions, examples } from "./act.ts";
import { addDoorCommands } from "./door-commands.ts";
import { addLedgerCommands } from "./ledger-commands.ts";
import { addNouns } from "./nouns/attach.ts";
import { terminalOutput } from "./output.ts";
import { addServerCommands } from "./server-commands.ts";

const postern = new Command("postern")
  .description("Access control that speaks the CLUe API.")
  .version(packageJson.version)
  .addHelpText("after", examples("postern start", "postern demo", "postern events --follow"))
  .showHelpAfterError("(postern --help lists the commands)")
  .exitOverride();
const act = actions(terminalOutput(), (code) => {
  process.exitCode = code;
});
addServerCommands(postern, act);
addDoorCommands(postern, act);
addLedgerCommands(postern, act);
await addNouns(postern, act, process.argv.slice(2));
try {
  await postern.parseAsync();
} catch (error) {
  if (!(error instanceof CommanderError)) throw error;
  process.exitCode = error.exitCode;
}
