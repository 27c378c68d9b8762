import { resolve } from "node:path";
import { systemClock, systemRandom, systemTimers } from "@postern/core";
import { claimController, startController } from "@postern/door";
import { createLog, readConfig } from "@postern/server";
import { readCameras, readScanners } from "../cameras.ts";
import { isClaimed } from "../claimed-folder.ts";
import { failure } from "../failure.ts";
import type { Output } from "../output.ts";
import { logLevelSetting, quote } from "../settings.ts";
import { untilToldToStop } from "../until-told-to-stop.ts";

export interface RunOptions {
  readonly json?: boolean;
  readonly server?: string;
  readonly claim?: string;
  readonly dataDir?: string;
  /** `234=rtsp://…`, `234:exit=/dev/video0`. */
  readonly camera?: readonly string[];
  readonly cameraRate?: string;
  /** `234=/dev/ttyACM0`. */
  readonly scanner?: readonly string[];
}

/** A virtual controller as a process of its own. */
export async function runDoor(options: RunOptions, output: Output): Promise<void> {
  const folder = resolve(options.dataDir ?? ".postern-door");
  const cameras = readCameras(options);
  const scanners = readScanners(options.scanner);
  using told = untilToldToStop(output);
  output.outliveReader();
  if (options.claim !== undefined) {
    if (options.server === undefined)
      throw failure("argument_missing", "--claim needs --server: the address of the server that made the code.");
    const identity = await claimController({ serverUrl: options.server, code: options.claim, dataDir: folder, timers: systemTimers });
    output.line(`Claimed: this folder is controller ${identity.serial} of place ${identity.placeId}.`);
  } else if (!isClaimed(folder)) {
    throw failure(
      "not_claimed",
      `${folder} belongs to no controller yet. Get a code with \`postern controller claim-code\`, then add --server URL --claim CODE.`,
    );
  }
  const log = createLog({ level: readConfig(logLevelSetting()).logLevel, clock: systemClock });
  const server = options.server === undefined ? {} : { serverUrl: options.server };
  const controller = await startController({
    dataDir: folder,
    ...server,
    log,
    clock: systemClock,
    timers: systemTimers,
    random: systemRandom,
    cameras,
    scanners,
  });
  try {
    output.line(`Controller ${controller.identity.serial} runs on ${folder}; its doors decide also without the server.`);
    output.line(
      `Present a card in a second terminal: POSTERN_DATA_DIR=${quote(folder)} npm run -s postern -- door present --door ID --card NUMBER`,
    );
    output.line("Ready. Ctrl-C stops it.");
    await told.promise;
  } finally {
    await controller.stop();
  }
  output.line("Stopped; the doors are locked.");
}
