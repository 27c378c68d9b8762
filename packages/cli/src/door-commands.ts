import type { Command } from "commander";
import { type Act, examples, type JsonOption, type Work } from "./act.ts";
import type { PresentOptions, ShowOptions, TypedThing } from "./commands/door.ts";
import type { FaultOptions, FireOptions, PressOptions, SensorOptions, TamperOptions } from "./commands/door-parts.ts";
import type { RunOptions } from "./commands/door-run.ts";
import type { ScreenOptions } from "./commands/door-screen.ts";

/** Loaded when called for: a door that is asked from a script answers sooner without the server's and the controller's code. */
const commands = (): Promise<typeof import("./commands/door.ts")> => import("./commands/door.ts");

const parts = (): Promise<typeof import("./commands/door-parts.ts")> => import("./commands/door-parts.ts");

/** `postern door …`. */
export function addDoorCommands(postern: Command, act: Act): void {
  const door = postern
    .command("door")
    .description("virtual doors on this machine")
    .addHelpText("after", examples("postern door state", "postern door present --door 234 --card 12345"));
  door
    .command("run")
    .description("run a virtual controller as a process of its own")
    .option("--server <url>", "the server it belongs to")
    .option("--claim <code>", "the one-time code of its controller; needed once")
    .option("--data-dir <folder>", "where it keeps its key, replica and log (default .postern-door)")
    .option(
      "--camera <door=source>",
      "a camera that is looked at for faces and QR codes all the time, through ffmpeg: rtsp://…, /dev/video0 or a recording; door:exit=source for the other side; once for each",
      (text: string, before: readonly string[] = []) => [...before, text],
    )
    .option(
      "--scanner <door=path>",
      "a scanner that writes each code it reads as a line: a serial device or a pipe; door:exit=path for the other side; once for each",
      (text: string, before: readonly string[] = []) => [...before, text],
    )
    .option("--camera-rate <number>", "pictures in a second of each camera (default 2)")
    .addHelpText(
      "after",
      examples(
        "postern door run --server http://127.0.0.1:8080 --claim 4F7K-92QD",
        "postern door run",
        "postern door run --scanner 234=/dev/ttyACM0",
        "postern door run --camera 234=rtsp://camera.local/stream --camera 234:exit=/dev/video0",
      ),
    )
    .action(act(async (options: RunOptions & JsonOption, output) => (await import("./commands/door-run.ts")).runDoor(options, output)));
  addPresenting(door, act);
  addScreen(door, act);
  addDoorParts(door, act);
  addDoorTroubles(door, act);
}

function addPresenting(door: Command, act: Act): void {
  const things: TypedThing[] = [];
  const then =
    (kind: TypedThing["kind"]) =>
    (text: string): string => {
      things.push({ kind, text });
      return text;
    };
  door
    .command("present")
    .description(
      "present a card or type at the keypad, one after the other as written; exits with 0 when the door is open, 3 when not, 1 on failure",
    )
    .requiredOption("--door <id>", "the door")
    .option(
      "--card <number>",
      "a serial number, or <facility>-<card> of a Wiegand reader; :34, :37F or :RAW:40 behind it names its layout",
      then("card"),
    )
    .option("--code <id>", "a user id typed at the keypad", then("code"))
    .option("--pin <digits>", "the PIN of whoever came before", then("pin"))
    .option("--unique-pin <digits>", "a PIN that says by itself whose it is", then("uniquePin"))
    .option("--finger <file>", "a finger's template, as it was enrolled", then("finger"))
    .option("--score <number>", "how well the finger is read, of a hundred (default 100): a scan takes it from 50 on")
    .option("--face <picture>", "a JPEG, PNG or WebP of whoever stands before the camera", then("face"))
    .option("--qr <text>", "what a QR code says, as a scanner reads it", then("qr"))
    .option("--qr-picture <file>", "a JPEG, PNG or WebP that shows a QR code", then("qrPicture"))
    .option("--side <side>", "entry or exit (default entry)")
    .option("--timeout <seconds>", "how long to wait for the door's answer (default 30)")
    .option("--json", "one JSON value")
    .addHelpText(
      "after",
      examples("postern door present --door 234 --card 12345", "postern door present --door 234 --code 1000 --pin 4711 --json"),
    )
    .action(act(async (options: PresentOptions, output) => (await commands()).presentThings({ ...options, things }, output)));
  door
    .command("state")
    .description("how the doors stand")
    .option("--door <id>", "one door only")
    .option("--json", "one JSON value a door")
    .addHelpText("after", examples("postern door state", "postern door state --door 234 --json"))
    .action(act(async (options: ShowOptions, output) => (await commands()).showDoors(options, output)));
}

function addScreen(door: Command, act: Act): void {
  door
    .command("screen")
    .description("what the screens of a door's devices show: the notice, and which picture")
    .requiredOption("--door <id>", "the door")
    .option("--watch", "tell each change, until it is ended")
    .option("--json", "one JSON value a device")
    .addHelpText("after", examples("postern door screen --door 234", "postern door screen --door 234 --watch"))
    .action(act(async (options: ScreenOptions, output) => (await import("./commands/door-screen.ts")).showScreens(options, output)));
}

/** Acts with what stands after the command as `position`. */
const placing =
  (act: Act) =>
  <Options extends JsonOption>(work: Work<Options & { readonly position: string }>) =>
  (position: string, options: Options): Promise<void> =>
    act(work)({ ...options, position });

/** The parts of a door beside its readers. */
function addDoorParts(door: Command, act: Act): void {
  const at = placing(act);
  door
    .command("exit-button")
    .description("press the exit button")
    .requiredOption("--door <id>", "the door")
    .option("--json", "one JSON value")
    .addHelpText("after", examples("postern door exit-button --door 234"))
    .action(act(async (options: PressOptions, output) => (await parts()).pressExitButton(options, output)));
  door
    .command("sensor <position>")
    .description("move the leaf: open or closed")
    .requiredOption("--door <id>", "the door")
    .option("--json", "one JSON value")
    .addHelpText("after", examples("postern door sensor open --door 234"))
    .action(at(async (options: SensorOptions, output) => (await parts()).moveSensor(options, output)));
  door
    .command("fire <state>")
    .description("raise or end the fire signal: on or off")
    .option("--door <id>", "one door only")
    .option("--json", "one JSON value a door")
    .addHelpText("after", examples("postern door fire on", "postern door fire off --door 234"))
    .action(at(async (options: FireOptions, output) => (await parts()).signalFire(options, output)));
}

/** What goes wrong at a door. */
function addDoorTroubles(door: Command, act: Act): void {
  const at = placing(act);
  door
    .command("tamper <state>")
    .description("open the case of a device or close it: on or off")
    .requiredOption("--door <id>", "the door")
    .option("--side <side>", "entry or exit (default entry)")
    .option("--json", "one JSON value")
    .addHelpText("after", examples("postern door tamper on --door 234"))
    .action(at(async (options: TamperOptions, output) => (await parts()).tamperDevice(options, output)));
  door
    .command("power <state>")
    .description("take the power from the door's hardware or give it back: on or off")
    .requiredOption("--door <id>", "the door")
    .option("--json", "one JSON value")
    .addHelpText("after", examples("postern door power off --door 234", "postern door power on --door 234"))
    .action(at(async (options: SensorOptions, output) => (await parts()).switchPower(options, output)));
  door
    .command("fault <part> <state>")
    .description("break or mend connection, relay, entry-reader, exit-reader, sensor, exit-button or fire-signal: on or off")
    .requiredOption("--door <id>", "the door")
    .option("--json", "one JSON value")
    .addHelpText("after", examples("postern door fault relay on --door 234", "postern door fault relay off --door 234"))
    .action((part: string, position: string, options: Omit<FaultOptions, "part" | "position">) =>
      act(async (all: FaultOptions, output) => (await parts()).setFault(all, output))({ ...options, part, position }),
    );
}
