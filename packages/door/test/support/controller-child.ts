// Runs the controller of the folder in its first argument until it is killed. Prints its virtual driver's socket once it runs, or why it cannot.
import { writeSync } from "node:fs";
import { CodedError, silentLog, systemClock, systemRandom, systemTimers } from "@postern/core";
import { startController } from "../../src/app.ts";

const [, , dataDir = "", mqttUrl = ""] = process.argv;
try {
  const controller = await startController({
    dataDir,
    mqttUrl,
    log: silentLog,
    clock: systemClock,
    timers: systemTimers,
    random: systemRandom,
  });
  writeSync(1, `${JSON.stringify({ socketPath: controller.socketPath })}\n`);
} catch (cause) {
  writeSync(1, `${JSON.stringify({ code: cause instanceof CodedError ? cause.code : "unexpected" })}\n`);
}
