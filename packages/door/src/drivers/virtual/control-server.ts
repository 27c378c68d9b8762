import { chmodSync, rmSync } from "node:fs";
import { readFile, stat } from "node:fs/promises";
import { createServer, type Server, type Socket } from "node:net";
import { join } from "node:path";
import { FINGER_SCORE_MAX } from "@postern/contract";
import { CodedError, type Log, parseCard } from "@postern/core";
import type { ControllerState } from "../../controller-state.ts";
import { writeFileWhole } from "../../disk/write-file-whole.ts";
import { doorError } from "../../errors.ts";
import type { FaceCamera } from "../../faces/face-camera.ts";
import { CONTROL_CONNECTIONS_MAX, CONTROL_REQUEST_BYTES_MAX, CONTROL_REQUESTS_WAITING_MAX, PICTURE_BYTES_MAX } from "../../limits.ts";
import type { QrCamera } from "../../qr/qr-camera.ts";
import type { Credential, Outcome, TypedPin } from "../driver.ts";
import {
  type ControlAnswer,
  type ControlRequest,
  type PresentedThing,
  type PresentResult,
  readControlRequest,
  type ShowResult,
} from "./control-protocol.ts";
import { LineReader } from "./line-reader.ts";
import { controlSocketPath } from "./socket-path.ts";
import type { VirtualDriver } from "./virtual-driver.ts";

export interface ControlServerDeps {
  readonly dataDir: string;
  readonly driver: VirtualDriver;
  readonly log: Log;
  readonly camera: FaceCamera;
  readonly codes: QrCamera;
  readonly state: () => ControllerState;
}

/** The virtual driver's socket: whoever may open it is the hardware. Only the owner of the data folder may. */
export class ControlServer {
  readonly #deps: ControlServerDeps;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #socketPath: string | null = null;

  constructor(deps: ControlServerDeps) {
    this.#deps = deps;
    this.#server = createServer((socket) => this.#accept(socket));
    this.#server.maxConnections = CONTROL_CONNECTIONS_MAX;
  }

  /** Listens, and says where in `control.json`. */
  async start(): Promise<string> {
    const path = controlSocketPath(this.#deps.dataDir);
    // What lies there was left by a process that is dead: the data folder is locked by this one.
    if (process.platform !== "win32") rmSync(path, { force: true });
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.#server.once("error", reject);
    this.#server.listen(path, resolve);
    await promise;
    if (process.platform !== "win32") chmodSync(path, 0o600);
    this.#socketPath = path;
    this.describe();
    return path;
  }

  /** Writes down where the socket is and which doors it reaches. */
  describe(): void {
    if (this.#socketPath === null) return;
    const { serial, doors } = this.#deps.state();
    const text = JSON.stringify({ socketPath: this.#socketPath, doorIds: doors.map((door) => door.doorId), serial }, null, 2);
    writeFileWhole(join(this.#deps.dataDir, "control.json"), `${text}\n`);
  }

  async stop(): Promise<void> {
    if (this.#socketPath === null) return;
    this.#socketPath = null;
    rmSync(join(this.#deps.dataDir, "control.json"), { force: true });
    for (const socket of this.#sockets) socket.destroy();
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#server.close(() => resolve());
    await promise;
  }

  #accept(socket: Socket): void {
    this.#sockets.add(socket);
    const lines = new LineReader(CONTROL_REQUEST_BYTES_MAX);
    let countWaiting = 0;
    let work = Promise.resolve();
    socket.on("close", () => this.#sockets.delete(socket));
    socket.on("error", (cause) => this.#deps.log.debug("virtual.socket_failed", { cause }));
    socket.on("data", (chunk: Buffer) => {
      for (const line of lines.read(chunk) ?? [null]) {
        countWaiting += 1;
        if (line === null || countWaiting > CONTROL_REQUESTS_WAITING_MAX) return void socket.destroy();
        work = work.then(async () => {
          const answer = await this.#answer(line);
          countWaiting -= 1;
          if (!socket.destroyed) socket.write(`${JSON.stringify(answer)}\n`);
        });
      }
    });
  }

  async #answer(line: string): Promise<ControlAnswer> {
    const read = readControlRequest(line);
    if (!read.ok) return { ok: false, error: { code: "request_malformed", message: read.message } };
    try {
      return { ok: true, result: await this.#carryOut(read.request) };
    } catch (cause) {
      if (cause instanceof CodedError) return { ok: false, error: { code: cause.code, message: cause.message } };
      this.#deps.log.error("virtual.request_failed", { op: read.request.op, cause });
      return { ok: false, error: { code: "driver_failed", message: "The virtual driver failed." } };
    }
  }

  async #carryOut(request: ControlRequest): Promise<unknown> {
    const { driver, state } = this.#deps;
    switch (request.op) {
      case "present":
        return this.#present(request);
      case "state": {
        const all = state();
        const doors = all.doors.filter((door) => request.doorId === undefined || door.doorId === request.doorId);
        if (request.doorId !== undefined && doors.length === 0) throw doorError("door_unknown", { context: { doorId: request.doorId } });
        return { ...all, doors };
      }
      case "show":
        return this.#show(request.doorId);
      case "exit_button":
        driver.pressExitButton(request.doorId);
        break;
      case "sensor":
        driver.moveDoor(request.doorId, request.isOpen);
        break;
      case "fire":
        driver.signalFire(request.doorId, request.isOn);
        break;
      case "tamper":
        driver.tamper(request.doorId, request.side ?? "entry", request.isOn);
        break;
      case "power":
        driver.setPower(request.doorId, request.isOn);
        break;
      case "fault":
        driver.setFault(request.doorId, request.part, request.isOn);
        break;
    }
    return { doorId: request.doorId, relay: this.#relay(request.doorId) };
  }

  async #present(request: ControlRequest & { readonly op: "present" }): Promise<PresentResult | undefined> {
    const { doorId, side = "entry" } = request;
    const outcome = await this.#hold(request, side);
    const door = this.#deps.state().doors.find((one) => one.doorId === doorId);
    const deviceId = (side === "exit" ? door?.exitDeviceId : door?.entryDeviceId) ?? 0;
    return { doorId, deviceId, ...presentFields(outcome), relay: this.#relay(doorId) };
  }

  #show(doorId: number): ShowResult {
    const { driver, state } = this.#deps;
    const door = state().doors.find((one) => one.doorId === doorId);
    if (door === undefined) throw doorError("door_unknown", { context: { doorId } });
    const { entryDeviceId, exitDeviceId } = door;
    const exit = exitDeviceId === null ? [] : [{ deviceId: exitDeviceId, side: "exit" as const, ...driver.shownAt(exitDeviceId) }];
    return { doorId, devices: [{ deviceId: entryDeviceId, side: "entry", ...driver.shownAt(entryDeviceId) }, ...exit] };
  }

  async #hold(request: ControlRequest & { readonly op: "present" }, side: "entry" | "exit"): Promise<Outcome> {
    const { driver, camera, codes } = this.#deps;
    const { doorId } = request;
    if ("finger" in request)
      return driver.presentFinger(doorId, side, { template: request.finger, score: request.score ?? FINGER_SCORE_MAX });
    if ("qrPicture" in request) return codes.see(doorId, side, await readPicture(request.qrPicture));
    if ("face" in request) return camera.see(doorId, side, await readPicture(request.face));
    return driver.present(doorId, side, credentialOf(request));
  }

  #relay(doorId: number): "on" | "off" {
    return this.#deps.driver.isRelayOn(doorId) ? "on" : "off";
  }
}

function credentialOf(
  thing: Exclude<PresentedThing, { readonly finger: string } | { readonly face: string } | { readonly qrPicture: string }>,
): Credential | TypedPin {
  if ("pin" in thing) return { kind: "pin", digits: thing.pin };
  if ("uniquePin" in thing) return { kind: "unique_pin", digits: thing.uniquePin };
  if ("qr" in thing) return { kind: "qr", factor: "QR", payload: thing.qr };
  if ("code" in thing) return { kind: "code", factor: "CODE", userId: thing.code };
  const { cardNumber, formatType = "CSN", formatData } = thing.card;
  const parsed = parseCard({ cardNumber, formatType, formatData });
  if (parsed.kind === "problem")
    throw new CodedError("request_malformed", { class: "caller", summary: `card.${parsed.field}: ${parsed.message}` });
  return { kind: "card", factor: "CARD", card: parsed.card };
}

async function readPicture(path: string): Promise<Uint8Array> {
  try {
    const { size } = await stat(path);
    if (size <= PICTURE_BYTES_MAX) return await readFile(path);
  } catch (cause) {
    throw doorError("picture_unreadable", { cause });
  }
  throw doorError("picture_unreadable");
}

function presentFields(outcome: Outcome): Omit<PresentResult, "doorId" | "deviceId" | "relay"> {
  const { person, ...rest } = outcome;
  return { ...rest, ...person };
}
