import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import type { EventsAnswer, PlaceSync } from "@postern/contract";
import { silentLog, systemRandom } from "@postern/core";
import {
  askVirtualDriver,
  type ControlRequest,
  type ControlResults,
  claimController,
  type RunningController,
  startController,
} from "@postern/door";
import { type RunningServer, startServer } from "@postern/server";
import { createTestDatabase, type TestDatabase } from "@postern/server/testing";
import type { LeapingTime } from "./leaping-time.ts";

const ANSWER_MS_MAX = 20_000;
/** Of a second each: how long expected events may be on their way. */
const LOOKS_MAX = 20;
/** Kept back of a leap, for the line to come back in. */
const SETTLING_MS = 40_000;
const NUDGE_MS = 2_000;
const NUDGE_AFTER_MS = 100;

export interface ShopOptions {
  readonly time: LeapingTime;
  readonly folder: string;
  readonly timeZone: string;
}

export type ShopEvent = EventsAnswer["events"][number];

/** A whole installation of one place: a server on a real database, and a controller with virtual doors that was claimed over HTTP. */
export class Shop {
  readonly #options: ShopOptions;
  readonly #test: TestDatabase;
  #server: RunningServer;
  #controller: RunningController | null = null;
  #key = "";
  #cursor: string | null = null;
  placeId = 0;

  private constructor(options: ShopOptions, test: TestDatabase, server: RunningServer) {
    this.#options = options;
    this.#test = test;
    this.#server = server;
  }

  static async open(options: ShopOptions): Promise<Shop> {
    const test = await createTestDatabase();
    const { time, folder } = options;
    const config = {
      httpPort: 0,
      mqttPort: 0,
      host: "127.0.0.1",
      tls: null,
      trustedProxies: [],
      publicUrl: null,
      isInsecure: false,
      dataDir: join(folder, "server"),
      databaseUrl: test.ownerUrl,
      demo: "off",
      rateLimit: "off",
      metrics: "off",
      logLevel: "silent",
      eventsKeptDays: 365,
      outgoingHosts: [],
    } as const;
    const server = await startServer({ config, log: silentLog, clock: time, timers: time, random: systemRandom });
    const shop = new Shop(options, test, server);
    await shop.#found();
    return shop;
  }

  /** One call with the place's key; fails unless it succeeds. */
  async call<Answer>(method: string, path: string, body?: unknown): Promise<Answer> {
    const { status, answer } = await this.#ask(this.#key, method, path, body);
    assert.ok(status < 300, `${method} ${path}: ${status} ${JSON.stringify(answer)}`);
    return answer as Answer;
  }

  /** Claims a controller and starts it; later it is started again from its folder. */
  async startController(controllerId?: number): Promise<void> {
    const dataDir = join(this.#options.folder, "controller");
    if (controllerId !== undefined) {
      const { code } = await this.call<{ code: string }>("POST", `/v2/controllers/${controllerId}/claim-codes`);
      await claimController({ dataDir, serverUrl: this.#server.baseUrl, code, timers: this.#options.time });
    }
    const { time } = this.#options;
    this.#controller = await startController({ dataDir, log: silentLog, clock: time, timers: time, random: systemRandom });
    await this.settled();
  }

  async stopController(): Promise<void> {
    await this.#controller?.stop();
    this.#controller = null;
  }

  /** Hours pass in a moment, and the line is there again. */
  async leapTo(atMs: number): Promise<void> {
    const { time } = this.#options;
    time.leapTo(atMs - SETTLING_MS);
    await this.settled();
    time.leapTo(atMs);
    await this.settled();
  }

  /** Waits until the doors hold what the server has now; what waits for its next try tries at once. */
  async settled(): Promise<void> {
    const controller = this.#running();
    let isLive = false;
    const live = controller.whenLive().then(() => {
      isLive = true;
    });
    for (let look = 0; !isLive && look < LOOKS_MAX; look += 1) {
      await Promise.race([live, setTimeout(NUDGE_AFTER_MS)]);
      if (!isLive) this.#options.time.leap(NUDGE_MS);
    }
    await live;
    const { revision } = await this.call<PlaceSync>("GET", `/v2/places/${this.placeId}/sync`);
    await controller.whenSynced(revision);
  }

  /** Something at a virtual door. */
  at<Op extends ControlRequest["op"]>(request: Extract<ControlRequest, { op: Op }>): Promise<ControlResults[Op]> {
    const { socketPath } = this.#running();
    assert.ok(socketPath !== null);
    return askVirtualDriver(socketPath, request, { timeoutMs: ANSWER_MS_MAX });
  }

  /** The next `count` events of the ledger that `isOfInterest`. Waits until they have come: nothing is missed, and nothing is slept for. */
  async nextEvents(count: number, isOfInterest: (event: ShopEvent) => boolean): Promise<readonly ShopEvent[]> {
    const found: ShopEvent[] = [];
    for (let look = 0; look < LOOKS_MAX && found.length < count; look += 1) {
      const after = this.#cursor === null ? "" : `after=${this.#cursor}&`;
      const page = await this.call<EventsAnswer>("GET", `/v2/places/${this.placeId}/events?${after}wait=1&limit=1000`);
      this.#cursor = page.next;
      found.push(...page.events.filter(isOfInterest));
    }
    return found;
  }

  /** The whole ledger, in its order. */
  allEvents(): Promise<readonly ShopEvent[]> {
    this.#cursor = null;
    return this.nextEvents(1, () => true);
  }

  async close(): Promise<void> {
    await this.stopController();
    await this.#server.stop();
    await this.#test.drop();
  }

  async #found(): Promise<void> {
    const { folder, timeZone } = this.#options;
    const operator = (await readFile(join(folder, "server", "operator.key"), "utf8")).trim();
    const group = await this.#ask(operator, "POST", "/v2/place-groups", { name: "Corner Shops" });
    assert.equal(group.status, 201, JSON.stringify(group.answer));
    const { placeGroupId } = group.answer as { placeGroupId: number };
    const scopes = ["people", "events", "doors:operate", "doors:configure", "devices", "keys"];
    const minted = await this.#ask(operator, "POST", `/v2/place-groups/${placeGroupId}/keys`, { name: "Owner", scopes });
    assert.equal(minted.status, 201, JSON.stringify(minted.answer));
    this.#key = (minted.answer as { key: string }).key;
    this.placeId = (await this.call<{ placeId: number }>("POST", "/v2/places", { name: "Corner Shop", timeZone })).placeId;
  }

  async #ask(key: string, method: string, path: string, body?: unknown): Promise<{ status: number; answer: unknown }> {
    const response = await fetch(new URL(path, this.#server.baseUrl), {
      method,
      headers: { authorization: `Bearer ${key}`, ...(body === undefined ? {} : { "content-type": "application/json" }) },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    return { status: response.status, answer: text === "" ? null : JSON.parse(text) };
  }

  #running(): RunningController {
    assert.ok(this.#controller !== null, "the controller runs");
    return this.#controller;
  }
}
