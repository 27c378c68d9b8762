import { generateKeyPairSync, type KeyObject } from "node:crypto";
import {
  type DownKind,
  downFilter,
  downKindOf,
  type RosterFrame,
  readRoster,
  readStored,
  readWelcome,
  type StoredFrame,
  type UpKind,
  upTopic,
  type WelcomeFrame,
} from "@postern/contract";
import { SignJWT } from "jose";
import mqtt, { type MqttClient } from "mqtt";
import type { Database } from "../../src/platform/database.ts";

export interface LinkIdentity {
  readonly serial: string;
  readonly privateKey: KeyObject;
}

/** Gives a controller in the database a key of its own, as a claim would. */
export async function giveKey(database: Database, controllerId: number): Promise<LinkIdentity> {
  const { privateKey, publicKey } = generateKeyPairSync("ed25519");
  const [row] = await database.query<{ serial: string }>(
    "update controllers set public_key = $2 where controller_id = $1 returning serial",
    [controllerId, publicKey.export({ format: "jwk" })],
  );
  return { serial: row?.serial ?? "", privateKey };
}

export async function linkToken({ serial, privateKey }: LinkIdentity, nowMs: number): Promise<string> {
  const nowSeconds = Math.floor(nowMs / 1000);
  return new SignJWT({})
    .setProtectedHeader({ alg: "EdDSA" })
    .setSubject(serial)
    .setAudience("postern-link")
    .setIssuedAt(nowSeconds)
    .setExpirationTime(nowSeconds + 60)
    .sign(privateKey);
}

export const EMPTY_DIGEST = "0".repeat(64);

export type HelloChanges = { roster?: object; generations?: object[]; epoch?: string | null; commands?: readonly number[] };

/** A controller reduced to its frames: it says what a test tells it to, and keeps what the server sends. */
export class LinkClient {
  readonly frames: { kind: DownKind; payload: Buffer }[] = [];
  readonly #client: MqttClient;
  readonly #identity: LinkIdentity;
  readonly #waiting = new Set<() => void>();
  readonly #whenClosed: Promise<void>;
  isClosed = false;

  private constructor(client: MqttClient, identity: LinkIdentity) {
    this.#client = client;
    this.#identity = identity;
    client.on("message", (topic, payload) => {
      const kind = downKindOf(topic, identity.serial);
      if (kind !== null && payload.length > 0) this.frames.push({ kind, payload });
      for (const wake of this.#waiting) wake();
    });
    this.#whenClosed = new Promise((resolve) => {
      client.on("close", () => {
        this.isClosed = true;
        for (const wake of this.#waiting) wake();
        resolve();
      });
    });
    client.on("error", () => undefined);
  }

  static async connect(url: string, identity: LinkIdentity, nowMs: number = Date.now()): Promise<LinkClient> {
    const password = await linkToken(identity, nowMs);
    const client = await mqtt.connectAsync(url, {
      clientId: identity.serial,
      username: identity.serial,
      password,
      protocolVersion: 4,
      clean: true,
      reconnectPeriod: 0,
      connectTimeout: 5_000,
    });
    const link = new LinkClient(client, identity);
    await client.subscribeAsync(downFilter(identity.serial), { qos: 1 });
    return link;
  }

  /** Resolves once the message was acknowledged, or the connection has ended: the library itself would wait for ever. */
  async send(kind: UpKind, frame: object | string): Promise<void> {
    const published = this.#client.publishAsync(
      upTopic(this.#identity.serial, kind),
      typeof frame === "string" ? frame : JSON.stringify(frame),
      { qos: 1 },
    );
    await Promise.race([published, this.#whenClosed]);
  }

  async hello(changes: HelloChanges = {}): Promise<WelcomeFrame> {
    await this.send("hello", {
      protocol: 1,
      software: "test",
      epoch: changes.epoch ?? null,
      roster: { urgentTo: 0, completeTo: 0, digest: EMPTY_DIGEST, itemCount: 0, ...changes.roster },
      log: { generations: changes.generations ?? [{ generation: 7, predecessor: null, first: 1, last: 1 }] },
      clock: { nowMs: Date.now() },
      ...(changes.commands === undefined ? {} : { commands: changes.commands }),
    });
    const read = readWelcome(await this.next("welcome"));
    if (!read.ok) throw new TypeError(read.problem);
    return read.frame;
  }

  async roster(): Promise<RosterFrame> {
    const read = readRoster(await this.next("roster"));
    if (!read.ok) throw new TypeError(read.problem);
    return read.frame;
  }

  async stored(): Promise<StoredFrame> {
    const read = readStored(await this.next("stored"));
    if (!read.ok) throw new TypeError(read.problem);
    return read.frame;
  }

  /** The next frame of a kind, waiting at most five seconds for it. */
  async next(kind: DownKind): Promise<Buffer> {
    await this.#until(() => this.frames.some((frame) => frame.kind === kind), `a ${kind} frame`);
    const index = this.frames.findIndex((frame) => frame.kind === kind);
    const [frame] = this.frames.splice(index, 1);
    return frame?.payload ?? Buffer.alloc(0);
  }

  async closed(): Promise<void> {
    await this.#until(() => this.isClosed, "the end of the connection");
  }

  async end(): Promise<void> {
    await this.#client.endAsync(true);
  }

  #until(isDone: () => boolean, what: string): Promise<void> {
    return new Promise((resolve, reject) => {
      const check = (): void => {
        if (!isDone() && !(this.isClosed && !isDone() && what !== "the end of the connection")) return;
        clearTimeout(timer);
        this.#waiting.delete(check);
        if (isDone()) resolve();
        else reject(new TypeError(`the connection ended before ${what}`));
      };
      const timer = setTimeout(() => {
        this.#waiting.delete(check);
        reject(new TypeError(`no sign of ${what}`));
      }, 5_000);
      this.#waiting.add(check);
      check();
    });
  }
}
