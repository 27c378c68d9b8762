import { open, readFile, rename } from "node:fs/promises";
import { join } from "node:path";
import Type, { type Static } from "typebox";
import { Compile } from "typebox/compile";
import { failure } from "./failure.ts";

/** `demo.json` in the data directory: what somebody needs to use the demo. It holds a key, so only its owner may read it. */
const DemoFile = Type.Object({
  baseUrl: Type.String(),
  mqttUrl: Type.String(),
  apiKey: Type.String(),
  placeGroupId: Type.Integer(),
  placeId: Type.Integer(),
  scheduleId: Type.Integer(),
  controllerId: Type.Integer(),
  controllerSerial: Type.String(),
  /** When this folder claimed the controller; differs from the server's once somebody else has. */
  controllerClaimedAt: Type.Optional(Type.Integer()),
  /** The PEM file of a server with TLS, for clients to trust. */
  certFile: Type.Optional(Type.String()),
  doors: Type.Array(Type.Object({ doorId: Type.Integer(), name: Type.String(), deviceId: Type.Integer(), deviceSerial: Type.String() })),
  /** The period in the printed request: kept, so that the same line answers the same after a restart. */
  period: Type.Object({ startTime: Type.Integer(), endTime: Type.Integer() }),
});
export type DemoFile = Static<typeof DemoFile>;

const check = Compile(DemoFile);

/** Null when there is none, or none that is whole. */
export async function readDemoFile(dataDir: string): Promise<DemoFile | null> {
  try {
    const value: unknown = JSON.parse(await readFile(join(dataDir, "demo.json"), "utf8"));
    return check.Check(value) ? value : null;
  } catch {
    return null;
  }
}

/** Like `readDemoFile`, for commands that cannot go on without. */
export async function requireDemoFile(dataDir: string): Promise<DemoFile> {
  const demo = await readDemoFile(dataDir);
  if (demo !== null) return demo;
  throw failure(
    "demo_unknown",
    `${dataDir} holds no demo.json. Start the server with \`npm start\`, or set POSTERN_DATA_DIR to its data directory.`,
  );
}

/** Written whole before it gets its name. */
export async function writeDemoFile(dataDir: string, demo: DemoFile): Promise<void> {
  const draft = join(dataDir, "demo.json.new");
  const file = await open(draft, "w", 0o600);
  try {
    await file.chmod(0o600);
    await file.writeFile(`${JSON.stringify(demo, null, 2)}\n`);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(draft, join(dataDir, "demo.json"));
}
