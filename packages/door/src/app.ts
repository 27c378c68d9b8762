import { join } from "node:path";
import type { LinkEvent } from "@postern/contract";
import type { Clock, Log, Random, Timer, Timers } from "@postern/core";
import { FacePool, preparePack } from "@postern/face";
import type { CameraSource } from "./camera/camera-source.ts";
import { FfmpegCamera } from "./camera/ffmpeg-camera.ts";
import type { Identity } from "./claim/identity.ts";
import { claimedIdentity } from "./claim/identity-file.ts";
import { Controller, type DoorEye } from "./controller/controller.ts";
import { DoorClock } from "./controller/door-clock.ts";
import type { ControllerState } from "./controller-state.ts";
import { describeController } from "./describe-controller.ts";
import { lockDataDirectory, makeDataDirectory } from "./disk/data-directory.ts";
import { fetchPicture } from "./display/fetch-picture.ts";
import { type DeviceDisplays, openDisplays } from "./display/open-displays.ts";
import type { PictureFilesDeps } from "./display/picture-files.ts";
import type { Driver, Side } from "./drivers/driver.ts";
import { ControlServer } from "./drivers/virtual/control-server.ts";
import { VirtualDriver } from "./drivers/virtual/virtual-driver.ts";
import { doorError } from "./errors.ts";
import { FaceCamera, type FaceCameraDeps } from "./faces/face-camera.ts";
import { FaceMatcher } from "./faces/face-matcher.ts";
import { CLOCK_PERSIST_MS, PICTURES_WAITING_MAX, TRIM_INTERVAL_MS } from "./limits.ts";
import { Outbox, type OutboxStart } from "./outbox/outbox.ts";
import { QrCamera } from "./qr/qr-camera.ts";
import { QrPictures } from "./qr/qr-pictures.ts";
import { Scanner } from "./qr/scanner.ts";
import { Replica } from "./replica/replica.ts";
import { openMqttLink } from "./uplink/link-connection.ts";
import { signLinkToken } from "./uplink/link-token.ts";
import { askServerTime } from "./uplink/server-time.ts";
import { Uplink, type UplinkDeps } from "./uplink/uplink.ts";

const SOFTWARE = "postern-door 0.1.0";

export interface StartOptions {
  /** A claimed controller's folder. */
  readonly dataDir: string;
  /** In place of what the claim said. */
  readonly serverUrl?: string;
  readonly mqttUrl?: string;
  readonly log: Log;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly random: Random;
  /** The doors' hardware. Without one the doors are virtual, and a socket in the data folder's run directory is their hardware. */
  readonly driver?: Driver;
  /** Cameras whose pictures are looked at for faces all the time. */
  readonly cameras?: readonly CameraWiring[];
  /** Scanners that write each code they read as a line. */
  readonly scanners?: readonly ScannerWiring[];
  /** In place of the one on the PATH. */
  readonly ffmpeg?: string;
}

/** A camera at one side of a door. */
export interface CameraWiring {
  readonly doorId: number;
  readonly side: Side;
  readonly source: CameraSource;
  readonly framesPerSecond: number;
}

/** A scanner at one side of a door. */
export interface ScannerWiring {
  readonly doorId: number;
  readonly side: Side;
  /** Of a serial device or a pipe. */
  readonly path: string;
}

export interface RunningController {
  readonly identity: Pick<Identity, "controllerId" | "serial" | "placeId">;
  /** Of the virtual driver; null with a driver of real hardware. */
  readonly socketPath: string | null;
  state(): ControllerState;
  /** Resolves once everything up to this revision is held and its doors are served; rejects with `stopping` when the controller stops. */
  whenSynced(revision: number): Promise<void>;
  /** Resolves once the link is live and the doors it names are served; rejects with `stopping` when the controller stops. */
  whenLive(): Promise<void>;
  /** Leaves the doors locked and everything on the disk. Idempotent. */
  stop(): Promise<void>;
}

/**
 * Runs the controller of a claimed folder until `stop`. The doors work from the first moment on what is held; the server is looked for beside it.
 * Errors: `not_claimed`, `identity_malformed`, `data_directory_taken`, `disk_unusable`.
 */
export async function startController(options: StartOptions): Promise<RunningController> {
  makeDataDirectory(options.dataDir);
  const identity = claimedIdentity(options.dataDir);
  const disk = openDisk(options, {
    lock: () => lockDataDirectory(options.dataDir),
    openReplica: () => Replica.open(join(options.dataDir, "replica.db"), options.log),
    openOutbox: (start) => Outbox.open(join(options.dataDir, "outbox.db"), start),
  });
  return runController(options, { identity, disk, link: linkOver(identity, options.serverUrl ?? identity.serverUrl) });
}

/** What a controller runs on beside its options. */
export interface ControllerParts {
  readonly identity: Identity;
  readonly disk: ControllerDisk;
  readonly link: Pick<UplinkDeps, "openLink" | "signToken" | "askServerTime"> & Pick<PictureFilesDeps, "fetchPicture">;
}

/** Runs a controller over an open disk and a way to the server, until `stop`. */
export async function runController(options: StartOptions, parts: ControllerParts): Promise<RunningController> {
  const app = new ControllerApp(options, parts);
  try {
    await app.start();
    return app;
  } catch (cause) {
    await app.stop();
    throw cause;
  }
}

function linkOver({ serial, privateKey }: Identity, serverUrl: string): ControllerParts["link"] {
  return {
    openLink: openMqttLink,
    signToken: (nowMs) => signLinkToken(serial, privateKey, nowMs),
    askServerTime: (signal) => askServerTime(serverUrl, signal),
    fetchPicture: (key, signal) => fetchPicture(serverUrl, key, signal),
  };
}

/** All of a controller that outlives its process. */
export interface ControllerDisk {
  readonly replica: Replica;
  readonly outbox: Outbox;
  readonly doorClock: DoorClock;
  readonly close: () => void;
}

/** How the parts of a disk are opened. */
export interface DiskOpening {
  /** Keeps other processes away until the returned function is called. */
  readonly lock: () => () => void;
  readonly openReplica: () => Replica;
  readonly openOutbox: (start: OutboxStart) => Outbox;
}

/** Opens what a controller finds on its disk, and begins a new generation of its log. */
export function openDisk({ log, clock, random }: Pick<StartOptions, "log" | "clock" | "random">, opening: DiskOpening): ControllerDisk {
  const unlock = opening.lock();
  let replica: Replica | null = null;
  try {
    replica = opening.openReplica();
    const { heardMs } = replica;
    const made = { replica, doorClock: new DoorClock(clock, { newestMs: null, heardMs }) };
    const outbox = opening.openOutbox({
      random,
      log,
      firstRecord: (newestMs) => {
        made.doorClock = new DoorClock(clock, { newestMs, heardMs });
        return { eventAt: made.doorClock.stampMs(), eventType: "DEV_DEVICE_START", detail: { software: SOFTWARE } };
      },
    });
    const close = (): void => {
      made.replica.close();
      outbox.close();
      unlock();
    };
    return { ...made, outbox, close };
  } catch (cause) {
    replica?.close();
    unlock();
    throw cause;
  }
}

interface Waiter {
  readonly isDone: () => boolean;
  readonly resolve: () => void;
  readonly reject: (cause: unknown) => void;
}

class ControllerApp implements RunningController {
  readonly identity: Identity;
  socketPath: string | null = null;
  readonly #options: StartOptions;
  readonly #disk: ControllerDisk;
  readonly #link: ControllerParts["link"];
  readonly #controller: Controller;
  readonly #displays: DeviceDisplays;
  readonly #uplink: Uplink;
  readonly #controlServer: ControlServer | null;
  readonly #eyes: FaceCamera;
  readonly #pictures: QrPictures;
  readonly #codes: QrCamera;
  readonly #cameras: readonly FfmpegCamera[];
  readonly #scanners: readonly Scanner[];
  #faces: Promise<FacePool> | null = null;
  readonly #chores = new Map<string, Timer>();
  readonly #waiters = new Set<Waiter>();
  #stopping: Promise<void> | null = null;
  /** While the doors of a welcome are being taken charge of. */
  #isServing = false;

  constructor(options: StartOptions, { identity, disk, link }: ControllerParts) {
    const { dataDir, clock, timers } = options;
    this.identity = identity;
    this.#options = options;
    this.#disk = disk;
    this.#link = link;
    const isFailSafe = (doorId: number): boolean => disk.replica.contents.door(doorId)?.lockType === "fail_safe";
    const virtual = options.driver === undefined ? new VirtualDriver(clock, timers, isFailSafe) : null;
    this.#eyes = this.#makeEyes(virtual);
    this.#pictures = new QrPictures(timers);
    const present: FaceCameraDeps["present"] = async (...presented) => (virtual ?? this.#controller).present(...presented);
    this.#codes = new QrCamera({ pictures: this.#pictures, clock, present });
    this.#scanners = (options.scanners ?? []).map((wiring) => this.#makeScanner(wiring));
    this.#cameras = (options.cameras ?? []).map((wiring) => this.#makeCamera(wiring));
    this.#controlServer = virtual === null ? null : this.#makeControlServer(virtual, dataDir);
    const driver = options.driver ?? virtual ?? new VirtualDriver(clock, timers);
    this.#displays = this.#openDisplays(driver);
    this.#controller = this.#makeController(driver);
    this.#uplink = this.#makeUplink();
  }

  async start(): Promise<void> {
    // First, so that what a start without a clock adds to the age of the belief outlives the next power cut too.
    this.#persistClock();
    await this.#controller.start(this.#disk.replica.doors);
    this.#disk.replica.contents.watchDisplays((deviceId, item) => this.#displays.hold(deviceId, item));
    this.#displays.start();
    this.socketPath = (await this.#controlServer?.start()) ?? null;
    this.#repeat("trim", TRIM_INTERVAL_MS, () => this.#trim());
    this.#repeat("persist clock", CLOCK_PERSIST_MS, () => this.#persistClock());
    for (const camera of this.#cameras) await camera.start();
    for (const scanner of this.#scanners) await scanner.start();
    this.#uplink.start();
  }

  state(): ControllerState {
    const { identity } = this;
    return describeController({ identity, ...this.#disk, doors: this.#controller.doors(), uplink: this.#uplink.kind });
  }

  whenSynced(revision: number): Promise<void> {
    const { replica } = this.#disk;
    return this.#when(() => !this.#isServing && replica.position.filling === null && replica.position.completeTo >= revision);
  }

  whenLive(): Promise<void> {
    return this.#when(() => !this.#isServing && this.#uplink.kind === "live");
  }

  stop(): Promise<void> {
    this.#stopping ??= this.#stop();
    return this.#stopping;
  }

  async #stop(): Promise<void> {
    for (const timer of this.#chores.values()) timer.cancel();
    this.#uplink.stop();
    for (const scanner of this.#scanners) scanner.stop();
    await Promise.all(this.#cameras.map((camera) => camera.stop()));
    await this.#pictures.stop();
    await this.#controlServer?.stop();
    await (await this.#faces?.catch(() => null))?.stop();
    await this.#controller.stop();
    await this.#displays.stop();
    this.#persistClock();
    this.#disk.close();
    for (const waiter of this.#waiters) waiter.reject(doorError("stopping"));
    this.#waiters.clear();
  }

  #makeControlServer(driver: VirtualDriver, dataDir: string): ControlServer {
    return new ControlServer({
      dataDir,
      driver,
      log: this.#options.log,
      camera: this.#eyes,
      codes: this.#codes,
      state: () => this.state(),
    });
  }

  #openDisplays(driver: Driver): DeviceDisplays {
    const { dataDir, timers, random, log } = this.#options;
    const { fetchPicture } = this.#link;
    return openDisplays(driver, { folder: join(dataDir, "display"), fetchPicture, timers, random, log });
  }

  /** Virtual doors see through their readers, which somebody may have broken by hand. */
  #makeEyes(virtual: VirtualDriver | null): FaceCamera {
    const matcher = new FaceMatcher(() => this.#facePool());
    this.#disk.replica.contents.watchFaces((authId, templates) => matcher.hold(authId, templates));
    return new FaceCamera({
      matcher,
      clock: this.#options.clock,
      awaited: (doorId, side) => this.#controller.awaited(doorId, side),
      present: async (...presented) => (virtual ?? this.#controller).present(...presented),
    });
  }

  #makeCamera({ doorId, side, source, framesPerSecond }: CameraWiring): FfmpegCamera {
    const { timers, random, log, ffmpeg = "ffmpeg" } = this.#options;
    return new FfmpegCamera({
      ...{ source, framesPerSecond, ffmpeg, timers, random, log },
      // Both look at each picture: what one of them cannot look at harms the other in nothing.
      onPicture: (picture) => Promise.allSettled([this.#eyes.glimpse(doorId, side, picture), this.#codes.glimpse(doorId, side, picture)]),
      ...this.#eyeOf(doorId, { side, eye: "camera" }),
    });
  }

  #makeScanner({ doorId, side, path }: ScannerWiring): Scanner {
    const { timers, random, log } = this.#options;
    const onCode = (payload: string): Promise<unknown> => this.#codes.scanned(doorId, side, payload);
    return new Scanner({ ...{ path, timers, random, log, onCode }, ...this.#eyeOf(doorId, { side, eye: "scanner" }) });
  }

  #eyeOf(doorId: number, eye: DoorEye): { readonly onFailed: () => boolean; readonly onRecovered: () => void } {
    return {
      onFailed: () => this.#controller.eyeChanged(doorId, eye, "DRIVER_FAILED"),
      onRecovered: () => void this.#controller.eyeChanged(doorId, eye, "DRIVER_RECOVERED"),
    };
  }

  /** Made with the first picture: a controller whose doors see nobody is as light as if there were no faces. */
  #facePool(): Promise<FacePool> {
    const { dataDir, timers } = this.#options;
    this.#faces ??= preparePack(join(dataDir, "face-models")).then(
      (files) => new FacePool({ files, timers, workerCount: 1, waitingCountMax: PICTURES_WAITING_MAX }),
    );
    this.#faces.catch(() => {
      this.#faces = null;
    });
    return this.#faces;
  }

  #makeController(driver: Driver): Controller {
    const { clock, timers, log } = this.#options;
    const { outbox, doorClock } = this.#disk;
    const { contents: roster } = this.#disk.replica;
    return new Controller({
      driver,
      timers,
      log,
      outbox: { append: (events) => void outbox.append(events) },
      openRelays: () => outbox.openRelays(),
      openAlarms: () => outbox.openAlarms(),
      guesses: { read: (doorId) => outbox.guessers(doorId), write: (doorId, guessers) => outbox.writeGuessers(doorId, guessers) },
      firstIns: { read: () => outbox.firstIns(), write: (doorId, firstInMs) => outbox.writeFirstIn(doorId, firstInMs) },
      watchFingers: (watcher) => roster.watchFingers(watcher),
      onAppended: () => this.#uplink.appended(),
      watcher: this.#displays,
      askVendor: (ask, signal) => this.#uplink.ask(ask, signal),
      facts: () => ({
        nowMs: doorClock.nowMs(),
        stampMs: doorClock.stampMs(),
        monotonicMs: clock.monotonicMs(),
        beliefAgeMs: doorClock.beliefAgeMs(),
        isServerReachable: this.#uplink.kind === "live",
        vendorConfirmedMs: (authId) => outbox.vendorConfirmedMs(authId),
        qrUsedStep: (qrId) => outbox.qrUsedStep(qrId),
        roster,
      }),
    });
  }

  #makeUplink(): Uplink {
    const { clock, timers, random, log } = this.#options;
    const { replica, outbox, doorClock } = this.#disk;
    const { serial, mqttUrl } = this.identity;
    return new Uplink({
      ...this.#link,
      serial,
      url: this.#options.mqttUrl ?? mqttUrl,
      software: SOFTWARE,
      replica,
      outbox,
      doorClock,
      clock,
      timers,
      random,
      log,
      onWelcome: () => void this.#serve(),
      onServerTime: (serverMs, waitedMs) => this.#heardTime(serverMs, waitedMs),
      onRosterChanged: () => this.#rosterChanged(),
      onCommand: (frame) => this.#controller.obey(frame),
      onStateChanged: () => this.#settleWaiters(),
    });
  }

  #heardTime(serverMs: number, waitedMs: number): void {
    const { doorClock } = this.#disk;
    const hadTime = doorClock.nowMs() !== null;
    const stepMs = doorClock.contact(serverMs, waitedMs);
    // By the clock as it is now: one that was ahead would leave behind that the server is heard tomorrow, and one that had no time would have none
    // again after the next power cut.
    if (stepMs !== null || !hadTime) this.#persistClock();
    if (stepMs !== null) this.#record({ eventAt: doorClock.stampMs(), eventType: "CLOCK_STEPPED", detail: { stepMs } });
  }

  async #serve(): Promise<void> {
    this.#isServing = true;
    try {
      await this.#controller.serve(this.#disk.replica.doors);
      this.#controlServer?.describe();
    } catch (cause) {
      this.#options.log.error("controller.serve_failed", { cause });
    } finally {
      this.#isServing = false;
    }
    this.#settleWaiters();
  }

  #rosterChanged(): void {
    this.#controller.rosterChanged();
    this.#settleWaiters();
  }

  #record(event: LinkEvent): void {
    this.#controller.record(event);
  }

  #trim(): void {
    const nowMs = this.#disk.doorClock.nowMs();
    if (nowMs !== null) this.#disk.outbox.trim(nowMs);
    this.#disk.replica.trim();
  }

  #persistClock(): void {
    const nowMs = this.#disk.doorClock.nowMs();
    const heardMs = this.#disk.doorClock.heardMs();
    try {
      if (nowMs !== null) this.#disk.outbox.writeNewest(nowMs);
      if (heardMs !== null) this.#disk.replica.writeHeard(heardMs);
    } catch (cause) {
      this.#options.log.error("controller.clock_unwritten", { cause });
    }
  }

  #repeat(name: string, delayMs: number, action: () => void): void {
    const timer = this.#options.timers.after(name, delayMs, () => {
      try {
        action();
      } catch (cause) {
        // A chore that fails on a bad disk is tried again; the doors go on.
        this.#options.log.error("controller.chore_failed", { name, cause });
      }
      if (this.#stopping === null) this.#repeat(name, delayMs, action);
    });
    this.#chores.set(name, timer);
  }

  #when(isDone: () => boolean): Promise<void> {
    if (isDone()) return Promise.resolve();
    if (this.#stopping !== null) return Promise.reject(doorError("stopping"));
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.#waiters.add({ isDone, resolve, reject });
    return promise;
  }

  #settleWaiters(): void {
    for (const waiter of this.#waiters) {
      if (!waiter.isDone()) continue;
      this.#waiters.delete(waiter);
      waiter.resolve();
    }
  }
}
