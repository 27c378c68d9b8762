import { createPrivateKey } from "node:crypto";
import {
  type DownKind,
  downFilter,
  downKindOf,
  type RosterFrame,
  readAnswer,
  readRoster,
  readRosterItem,
  readStored,
  readWelcome,
  type UpKind,
  upTopic,
} from "@postern/contract";
import {
  addSums,
  COMMON_SCOPE,
  hashToSum,
  itemHash,
  itemScopes,
  pause,
  rosterDigest,
  subtractSums,
  systemRandom,
  systemTimers,
} from "@postern/core";
import { retryDelayMs } from "@postern/door/internal";
import { SignJWT } from "jose";
import { machineMs } from "../machine-time.ts";
import { PacketLink } from "./packet-link.ts";
import { passageEvents } from "./passage-events.ts";

/** A controller of the bench's place: its ids, and the private key of its link as PKCS 8. */
export interface ControllerSeat {
  readonly serial: string;
  readonly controllerId: number;
  readonly doorId: number;
  readonly deviceId: number;
  readonly privateKey: string;
}

const GENERATION = 7;
const ANSWER_MS_MAX = 10_000;

/**
 * A controller true to the link, with its stores in memory: it takes over every item it is sent, computes its digest from the contents as they
 * come, and keeps nothing on a disk.
 */
export class ScriptedController {
  readonly seat: ControllerSeat;
  #link: PacketLink | null = null;
  #session = 0;
  #epoch: string | null = null;
  #nextLocalLogId = 1;
  #nextAskId = 1;
  readonly #waiting = new Map<DownKind, (payload: Buffer) => void>();
  readonly #held = new Map<string, HeldItem>();
  readonly #sums: Map<number, bigint>;
  #isComplete = false;
  #isEnded = false;
  #marks = { urgentTo: 0, completeTo: 0 };

  constructor(seat: ControllerSeat) {
    this.seat = seat;
    this.#sums = new Map([
      [COMMON_SCOPE, 0n],
      [seat.doorId, 0n],
    ]);
  }

  /** Resolves once it is welcomed. */
  async connect(mqttUrl: string, localAddress?: string): Promise<void> {
    const { serial } = this.seat;
    const password = Buffer.from(await linkToken(this.seat));
    const address = { url: mqttUrl, clientId: serial, username: serial, password, ...(localAddress === undefined ? {} : { localAddress }) };
    this.#link = await PacketLink.open(address, downFilter(serial), (topic, payload) => this.#received(topic, payload));
    const answered = this.#next("welcome");
    this.#send("hello", {
      protocol: 1,
      software: "bench",
      epoch: this.#epoch,
      roster: { ...this.#marks, digest: this.#digest(), itemCount: this.#held.size },
      log: { generations: [{ generation: GENERATION, predecessor: null, first: 1, last: 1 }] },
      clock: { nowMs: Date.now() },
    });
    await answered;
  }

  /** Sends the next events of its log in one frame, and resolves once they are stored. */
  async sendEvents(count: number): Promise<void> {
    const nowMs = Date.now();
    const { doorId, deviceId } = this.seat;
    const events = passageEvents({ doorId, deviceId }, count, nowMs);
    const first = this.#nextLocalLogId;
    const begin = first === 1 ? { predecessor: null } : {};
    const answered = this.#next("stored");
    this.#send("events", { session: this.#session, generation: GENERATION, first, events, sentAt: nowMs, ...begin });
    const stored = readStored(await answered);
    if (!stored.ok) throw new TypeError(stored.problem);
    const { through, refused, expect } = stored.frame;
    if (through !== first + count - 1 || refused.length > 0)
      throw new TypeError(`not stored: ${JSON.stringify({ through, refused, expect })}`);
    this.#nextLocalLogId += count;
  }

  /** Asks the customer's own server about a card, and resolves with what it said and how long that took. One at a time. */
  async ask(budgetMs: number): Promise<{ readonly verdict: string; readonly elapsedMs: number }> {
    const { doorId, deviceId } = this.seat;
    const askId = this.#nextAskId;
    this.#nextAskId += 1;
    const beginMs = machineMs();
    const answered = this.#next("answer");
    const card = { credential: "card", identify: true, presented: "12345" };
    this.#send("ask", { session: this.#session, askId, doorId, deviceId, ...card, budgetMs });
    const read = readAnswer(await answered);
    if (!read.ok) throw new TypeError(read.problem);
    return { verdict: read.frame.verdict, elapsedMs: machineMs() - beginMs };
  }

  /** Comes back by itself whenever the connection is lost, after the pauses of a real controller, until `end`. */
  async stayConnected(mqttUrl: string, localAddress: string): Promise<void> {
    let failureCount = 0;
    while (!this.#isEnded) {
      try {
        await this.connect(mqttUrl, localAddress);
        failureCount = 0;
        await this.#lost();
      } catch {
        await this.#link?.end();
      }
      this.#isComplete = false;
      await pause(systemTimers, "retry", retryDelayMs(failureCount, systemRandom));
      failureCount += 1;
    }
  }

  /** Connected, and holding all that the server named in this session. */
  get isComplete(): boolean {
    return this.#isComplete;
  }

  async end(): Promise<void> {
    this.#isEnded = true;
    await this.#link?.end();
  }

  #lost(): Promise<void> {
    return new Promise((resolve) => (this.#link === null ? resolve() : this.#link.whenClosed(resolve)));
  }

  #received(topic: string, payload: Buffer): void {
    const kind = downKindOf(topic, this.seat.serial);
    if (kind === "roster") {
      const read = readRoster(payload);
      if (read.ok) this.#takeOver(read.frame);
    } else if (kind !== null) {
      // The first roster frame may come in the same bytes as the welcome, and its answer names the session.
      const welcome = kind === "welcome" ? readWelcome(payload) : null;
      if (welcome?.ok === true) {
        this.#session = welcome.frame.session;
        this.#epoch = welcome.frame.epoch;
      }
      this.#waiting.get(kind)?.(payload);
      this.#waiting.delete(kind);
    }
  }

  #takeOver(frame: RosterFrame): void {
    for (const { key, item } of frame.items) {
      const before = this.#held.get(key);
      if (before !== undefined) this.#add(before.scopes, subtractSums(0n, before.sum));
      this.#held.delete(key);
      const held = item === undefined ? null : holdItem(item);
      if (held === null) continue;
      this.#add(held.scopes, held.sum);
      this.#held.set(key, held);
    }
    this.#marks = { urgentTo: frame.urgentTo ?? this.#marks.urgentTo, completeTo: frame.completeTo ?? this.#marks.completeTo };
    if (frame.completeTo !== undefined) this.#isComplete = true;
    const digest = frame.completeTo === undefined ? {} : { digest: this.#digest() };
    this.#send("synced", { session: this.#session, batch: frame.batch, ...this.#marks, failures: [], ...digest });
  }

  #digest(): string {
    return rosterDigest([...this.#sums].map(([scope, sum]) => ({ scope, sum })));
  }

  #add(scopes: readonly number[], sum: bigint): void {
    for (const scope of scopes) {
      const total = this.#sums.get(scope);
      if (total !== undefined) this.#sums.set(scope, addSums(total, sum));
    }
  }

  #send(kind: UpKind, frame: object): void {
    void this.#link?.publish(upTopic(this.seat.serial, kind), JSON.stringify(frame));
  }

  #next(kind: DownKind): Promise<Buffer> {
    return new Promise((resolve, reject) => {
      const late = setTimeout(() => reject(new TypeError(`no ${kind} for ${this.seat.serial}`)), ANSWER_MS_MAX);
      this.#waiting.set(kind, (payload) => {
        clearTimeout(late);
        resolve(payload);
      });
    });
  }
}

interface HeldItem {
  readonly scopes: readonly number[];
  readonly sum: bigint;
}

/** Items of which the hash is remembered; all controllers of a process are sent the same ones at about the same time. */
const HASHES_MAX = 20_000;
const hashes = new Map<string, HeldItem>();

/**
 * What a controller keeps of an item, or null when it cannot be read. Controllers have processors of their own: here many share one, so the
 * hash of the very same content is computed once for all of them.
 */
function holdItem(item: unknown): HeldItem | null {
  const text = JSON.stringify(item);
  const known = hashes.get(text);
  if (known !== undefined) return known;
  const read = readRosterItem(item);
  if (read === null) return null;
  const held = { scopes: itemScopes(read), sum: hashToSum(itemHash(read)) };
  if (hashes.size >= HASHES_MAX) hashes.clear();
  hashes.set(text, held);
  return held;
}

/** What a connection of a minute shows as its password. */
export function linkToken({ serial, privateKey }: ControllerSeat): Promise<string> {
  return new SignJWT({})
    .setProtectedHeader({ alg: "EdDSA" })
    .setSubject(serial)
    .setAudience("postern-link")
    .setIssuedAt()
    .setExpirationTime("60s")
    .sign(createPrivateKey(privateKey));
}
