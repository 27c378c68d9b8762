#!/usr/bin/env node
import { SERVER_VERSION } from "@postern/server";
import { Command, CommanderError } from "commander";
import { listControllers, makeClaimCode } from "./commands/controller.ts";
import { playDemo } from "./commands/demo.ts";
import { moveSensor, presentCard, pressExitButton, runDoor, showDoors, signalFire } from "./commands/door.ts";
import { showEvents } from "./commands/events.ts";
import { runStart } from "./commands/start.ts";
import { describeFailure, EXIT } from "./failure.ts";
import { type Output, terminalOutput } from "./output.ts";

/** Commands that answer programs too. */
interface JsonOption {
  readonly json?: boolean;
}

/** What a command's work comes to: an exit code where it has several good ends. */
type Work<Options> = (options: Options, output: Output) => Promise<unknown>;

function program(output: Output, end: (code: number) => void): Command {
  const act =
    <Options extends JsonOption>(work: Work<Options>) =>
    async (options: Options): Promise<void> => {
      end(await finish(() => work(options, output), { output, isJson: options.json === true }));
    };
  const postern = new Command("postern")
    .description("Access control that speaks the CLUe API.")
    .addHelpText("after", examples("postern start", "postern demo", "postern events --follow"))
    .version(SERVER_VERSION)
    .showHelpAfterError("(postern --help lists the commands)")
    .exitOverride();
  postern
    .command("start")
    .description("run the server; on an empty database with the demo place and its virtual doors")
    .addHelpText("after", examples("postern start", "POSTERN_HTTP_PORT=0 POSTERN_MQTT_PORT=0 POSTERN_DATA_DIR=/tmp/try postern start"))
    .action(act((_options, out) => runStart(out)));
  addDoorCommands(postern, act);
  addServerCommands(postern, act);
  return postern;
}

type Act = <Options extends JsonOption>(work: Work<Options>) => (options: Options) => Promise<void>;

function addDoorCommands(postern: Command, act: Act): void {
  const door = postern
    .command("door")
    .description("virtual doors on this machine")
    .addHelpText("after", examples("postern door state", "postern door present --door 234 --card 12345"));
  addPresenting(door, act);
  addDoorParts(door, act);
  door
    .command("run")
    .description("run a virtual controller as a process of its own")
    .option("--server <url>", "the server it belongs to")
    .option("--claim <code>", "the one-time code of its controller; needed once")
    .option("--data-dir <folder>", "where it keeps its key, replica and log (default .postern-door)")
    .addHelpText("after", examples("postern door run --server http://127.0.0.1:8080 --claim 4F7K-92QD", "postern door run"))
    .action(act(runDoor));
}

function addPresenting(door: Command, act: Act): void {
  door
    .command("present")
    .description("present a card; exits with 0 when the door is open, 3 when it was refused, 1 on failure")
    .requiredOption("--door <id>", "the door")
    .requiredOption("--card <number>", "a serial number, or <facility>-<card> of a Wiegand reader")
    .option("--side <side>", "entry or exit (default entry)")
    .option("--timeout <seconds>", "how long to wait for the door's answer (default 30)")
    .option("--json", "one JSON value")
    .addHelpText("after", examples("postern door present --door 234 --card 12345", "postern door present --door 234 --card 12-123 --json"))
    .action(act(presentCard));
  door
    .command("state")
    .description("how the doors stand")
    .option("--door <id>", "one door only")
    .option("--json", "one JSON value a door")
    .addHelpText("after", examples("postern door state", "postern door state --door 234 --json"))
    .action(act(showDoors));
}

/** The parts of a door beside its readers. */
function addDoorParts(door: Command, act: Act): void {
  const at =
    <Options extends JsonOption>(work: Work<Options & { readonly position: string }>) =>
    (position: string, options: Options): Promise<void> =>
      act(work)({ ...options, position });
  door
    .command("exit-button")
    .description("press the exit button")
    .requiredOption("--door <id>", "the door")
    .option("--json", "one JSON value")
    .addHelpText("after", examples("postern door exit-button --door 234"))
    .action(act(pressExitButton));
  door
    .command("sensor <position>")
    .description("move the leaf: open or closed")
    .requiredOption("--door <id>", "the door")
    .option("--json", "one JSON value")
    .addHelpText("after", examples("postern door sensor open --door 234"))
    .action(at(moveSensor));
  door
    .command("fire <state>")
    .description("raise or end the fire signal: on or off")
    .option("--door <id>", "one door only")
    .option("--json", "one JSON value a door")
    .addHelpText("after", examples("postern door fire on", "postern door fire off --door 234"))
    .action(at(signalFire));
}

function addServerCommands(postern: Command, act: Act): void {
  const target = (command: Command): Command =>
    command
      .option("--server <url>", "base URL (default POSTERN_SERVER, else the demo's)")
      .option("--key <key>", "API key (default POSTERN_API_KEY, else the demo's)")
      .option("--place <id>", "place (default the demo's)")
      .option("--json", "one JSON value a line");
  target(postern.command("events"))
    .description("what happened at a place")
    .option("--follow", "and what happens from now on")
    .option("--limit <count>", "how many of the newest (default 20, at most 1000)")
    .addHelpText("after", examples("postern events --follow", "postern events --limit 5 --json"))
    .action(act(showEvents));
  const controller = postern
    .command("controller")
    .description("the controllers of a place")
    .addHelpText("after", examples("postern controller list", "postern controller claim-code --serial 540000178"));
  target(controller.command("list"))
    .description("who they are, and whether each holds what it should")
    .addHelpText("after", examples("postern controller list"))
    .action(act(listControllers));
  target(controller.command("claim-code"))
    .description("make a one-time code that gives a controller a new key and ends the one it had")
    .option("--serial <serial>", "the controller's serial")
    .option("--controller <id>", "or its id")
    .addHelpText("after", examples("postern controller claim-code --serial 540000178"))
    .action(act(makeClaimCode));
  postern
    .command("demo")
    .description("play the story against a running server: enrol, confirm, open, log, revoke, refuse")
    .option("--json", "one JSON value a step")
    .addHelpText("after", examples("postern demo"))
    .action(act(playDemo));
}

function examples(...lines: readonly string[]): string {
  return `\nExamples:\n${lines.map((line) => `  ${line}`).join("\n")}\n`;
}

/** Runs a command's work; a failure becomes one line that says what to do, and one JSON value for programs. */
async function finish(
  work: () => Promise<unknown>,
  { output, isJson }: { readonly output: Output; readonly isJson: boolean },
): Promise<number> {
  try {
    const end = await work();
    return typeof end === "number" ? end : EXIT.done;
  } catch (error) {
    const { code, text } = describeFailure(error);
    if (isJson) output.json({ error: { code, message: text } });
    output.note(`postern: ${text}`);
    return EXIT.failed;
  }
}

const output = terminalOutput();
try {
  await program(output, (code) => {
    process.exitCode = code;
  }).parseAsync();
} catch (error) {
  if (!(error instanceof CommanderError)) throw error;
  process.exitCode = error.exitCode;
}
