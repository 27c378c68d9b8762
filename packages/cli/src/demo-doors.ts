import { rm } from "node:fs/promises";
import { join } from "node:path";
import type { ControllerResource } from "@postern/contract";
import { type Log, systemClock, systemRandom, systemTimers } from "@postern/core";
import { claimController, type RunningController, startController } from "@postern/door";
import type { RunningServer } from "@postern/server";
import { isClaimed } from "./claimed-folder.ts";
import { type DemoFile, writeDemoFile } from "./demo-file.ts";
import { failure } from "./failure.ts";
import { controllerDir } from "./local-door.ts";
import { controllersOf } from "./place-controllers.ts";

export interface DemoDoorsParts {
  readonly server: RunningServer;
  readonly demo: DemoFile;
  readonly dataDir: string;
  readonly log: Log;
}

/** The demo's doors, which run in this process unless somebody has claimed their controller for another. */
export interface DemoDoors {
  /** Where they run. */
  readonly where: "here" | "elsewhere";
  /** Whether they are connected and hold all that was wanted when they were started. */
  isUp(): Promise<boolean>;
  /** Resolves once they are up; rejects when they are stopped. */
  whenUp(): Promise<void>;
  stop(): Promise<void>;
}

/** Claims the demo's controller as any other is claimed, unless that was done before, and runs it over the same link as any other. */
export async function startDemoDoors(parts: DemoDoorsParts): Promise<DemoDoors> {
  const found = await demoController(parts.demo);
  const folder = controllerDir(parts.dataDir, found.serial);
  // Claimed with another code since: the key in the folder opens nothing any more, and whoever has the new one serves the doors.
  const claimedAtHere = parts.demo.controllerClaimedAt;
  const isTakenOver = claimedAtHere !== undefined && found.claimedAt !== null && claimedAtHere !== found.claimedAt;
  if (isClaimed(folder) && isTakenOver) return doorsElsewhere(parts.demo, found.wantedRevision);
  if (!isClaimed(folder) || found.claimedAt === null) await claim(parts, folder);
  const { claimedAt, wantedRevision } = await demoController(parts.demo);
  if (claimedAt !== null) await writeDemoFile(parts.dataDir, { ...parts.demo, controllerClaimedAt: claimedAt });
  const controller = await startController({
    dataDir: folder,
    serverUrl: parts.demo.baseUrl,
    mqttUrl: parts.demo.mqttUrl,
    log: parts.log,
    clock: systemClock,
    timers: systemTimers,
    random: systemRandom,
  });
  return doorsHere(controller, doorsElsewhere(parts.demo, wantedRevision), wantedRevision);
}

async function claim({ server, demo }: DemoDoorsParts, folder: string): Promise<void> {
  // What lies there belongs to a database that is gone.
  await rm(join(folder, "identity.json"), { force: true });
  const { code } = await server.claims.issueCodeFor(demo.controllerId);
  await claimController({ serverUrl: demo.baseUrl, code, dataDir: folder, timers: systemTimers });
}

/** Up by what the controller here says, or by what another says that has taken its place since. */
function doorsHere(controller: RunningController, elsewhere: DemoDoors, wantedRevision: number): DemoDoors {
  return {
    where: "here",
    async isUp() {
      const { uplink, roster } = controller.state();
      return uplink === "live" ? roster.completeTo >= wantedRevision : elsewhere.isUp();
    },
    async whenUp() {
      await controller.whenLive();
      await controller.whenSynced(wantedRevision);
    },
    stop: () => controller.stop(),
  };
}

/** Up by what the server knows. */
function doorsElsewhere(demo: DemoFile, wantedRevision: number): DemoDoors {
  return {
    where: "elsewhere",
    async isUp() {
      const { connected, confirmedRevision } = await demoController(demo);
      return connected && confirmedRevision >= wantedRevision;
    },
    whenUp: () => Promise.resolve(),
    stop: () => Promise.resolve(),
  };
}

async function demoController(demo: DemoFile): Promise<ControllerResource> {
  const controllers = await controllersOf(demo, demo.placeId);
  const found = controllers.find((controller) => controller.controllerId === demo.controllerId);
  if (found !== undefined) return found;
  throw failure(
    "demo_unknown",
    `Place ${demo.placeId} has no controller ${demo.controllerSerial}; POSTERN_DEMO=off starts without the demo.`,
  );
}
