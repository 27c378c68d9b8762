import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { member, text } from "./api.ts";
import { failure } from "./failure.ts";

/** A virtual controller that runs on this machine. */
export interface LocalController {
  readonly serial: string;
  readonly socketPath: string;
  readonly doorIds: readonly number[];
}

/** Where controllers of a data directory live, each in the folder of its serial. */
export function controllerDir(dataDir: string, serial: string): string {
  return join(dataDir, "controllers", serial);
}

/** The virtual controllers that run on a data directory. */
async function localControllers(dataDir: string): Promise<LocalController[]> {
  const serials = await readdir(join(dataDir, "controllers")).catch((): string[] => []);
  const found = await Promise.all([...serials.map((serial) => controllerDir(dataDir, serial)), dataDir].map(readControlFile));
  return found.filter((controller) => controller !== null);
}

/** The one that serves this door. */
export async function controllerOf(dataDir: string, doorId: number): Promise<LocalController> {
  const controllers = await localControllers(dataDir);
  const serving = controllers.find((controller) => controller.doorIds.includes(doorId));
  if (serving !== undefined) return serving;
  if (controllers.length === 0) {
    throw failure(
      "controller_away",
      `No virtual controller runs on ${dataDir}. Start the server with \`npm start\`, or set POSTERN_DATA_DIR to its data directory.`,
    );
  }
  const doors = controllers.flatMap((controller) => controller.doorIds).join(", ");
  throw failure("door_unknown", `No virtual controller here serves door ${doorId}. There are: ${doors}.`);
}

/** The controller of one door, or all there are. */
export async function controllersFor(dataDir: string, doorId: number | null): Promise<readonly LocalController[]> {
  if (doorId !== null) return [await controllerOf(dataDir, doorId)];
  const controllers = await localControllers(dataDir);
  if (controllers.length > 0) return controllers;
  throw failure("controller_away", `No virtual controller runs on ${dataDir}. Start the server with \`npm start\`.`);
}

async function readControlFile(folder: string): Promise<LocalController | null> {
  try {
    const value: unknown = JSON.parse(await readFile(join(folder, "control.json"), "utf8"));
    const [serial, socketPath, doorIds] = [text(member(value, "serial")), text(member(value, "socketPath")), member(value, "doorIds")];
    if (serial === undefined || socketPath === undefined || !Array.isArray(doorIds)) return null;
    return { serial, socketPath, doorIds: doorIds.filter((id) => typeof id === "number") };
  } catch {
    return null;
  }
}
