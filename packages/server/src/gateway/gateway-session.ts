import {
  type AskFrame,
  type BucketHashes,
  type CommandFrame,
  type DownKind,
  type EventsFrame,
  type HelloFrame,
  type ResultFrame,
  readAsk,
  readEvents,
  readHello,
  readResult,
  readSynced,
  type SyncedFrame,
  type UpKind,
} from "@postern/contract";
import { type Clock, COMMON_SCOPE, CodedError, type ItemKey, sumToHex } from "@postern/core";
import type { Appender } from "../ledger/appender.ts";
import type { Database } from "../platform/database.ts";
import type { PersonKeys } from "../platform/person-keys/person-keys.ts";
import { readBucketItems, readBucketSums } from "../roster/digest-store.ts";
import type { PageItem } from "../roster/page.ts";
import type { PlaceFeed } from "../roster/place-feed.ts";
import type { RosterFeeds } from "../roster/roster-feeds.ts";
import type { Confirmation, Contact } from "./controller-store.ts";
import { ALIVE_ANSWER_MS } from "./limits.ts";
import type { LinkConnection } from "./mqtt/mqtt-listener.ts";
import { SessionAsks, type SessionAsksDeps } from "./session-asks.ts";
import type { ClosedSession, GreetedSession, OpenedSession, SessionOpening } from "./session-store.ts";
import { NEW_SESSION, type SessionEffect, type SessionInput, type SessionState, stepSession } from "./step-session.ts";
import { hasTemplates, withTemplates } from "./template-store.ts";

export interface GatewaySessionDeps extends SessionAsksDeps {
  readonly database: Database;
  readonly feeds: RosterFeeds;
  readonly appender: Pick<Appender, "append">;
  readonly clock: Clock;
  /** Null: since the connection was opened, its key was replaced or taken away, or the controller was. */
  readonly openSession: (opening: SessionOpening) => Promise<GreetedSession | null>;
  readonly closeSession: (closed: ClosedSession) => Promise<void>;
  readonly personKeys: Pick<PersonKeys, "find">;
  readonly limitPages: <Result>(work: () => Promise<Result>) => Promise<Result>;
  readonly confirm: (confirmation: Confirmation) => void;
  readonly heard: (contact: Contact) => void;
  readonly endCommand: (controllerId: number, result: ResultFrame) => Promise<void>;
}

/** Runs one session: carries out what `stepSession` wants, and tells it what came of it. */
export class GatewaySession {
  readonly #deps: GatewaySessionDeps;
  readonly #connection: LinkConnection;
  readonly #asks: SessionAsks;
  #state: SessionState = NEW_SESSION;
  #mending: Promise<void> = Promise.resolve();
  #reading: Promise<void> = Promise.resolve();
  #opened: OpenedSession | null = null;
  #feed: PlaceFeed | null = null;
  /** What was said of a revision that the feed has not seen yet, since a page that is read from the database can be ahead of it. */
  #unjudged: { readonly revision: number; readonly digest: string } | null = null;
  #leave: (() => void) | null = null;
  #confirmation: Confirmation | null = null;

  constructor(deps: GatewaySessionDeps, connection: LinkConnection) {
    this.#deps = deps;
    this.#connection = connection;
    this.#asks = new SessionAsks(deps);
  }

  /** The controller and session number once the hello was written down. */
  get opened(): OpenedSession | null {
    return this.#opened;
  }

  /** Doors that wait for the customer's own server. */
  get askCount(): number {
    return this.#asks.inFlightCount;
  }

  /** One frame from the controller. Resolves when the next may come; appends go on behind it, one at a time. */
  async received(kind: UpKind, payload: Uint8Array): Promise<void> {
    const input = readInput(kind, payload);
    if (typeof input === "string") return this.#close(`frame_malformed: ${kind} ${input}`);
    await this.#handle(input);
  }

  /** Sends a command to the controller once it is greeted; before that, the commands that wait are read after the hello. */
  async command(frame: CommandFrame): Promise<void> {
    await this.#handle({ kind: "commanded", frame });
  }

  /**
   * Sends what the roster has now by the doors that this session was welcomed with, and resolves once the controller has it, or after a moment. For a
   * session that is about to be ended because its doors became others: a door that was taken away stops before its controller is back.
   */
  async sayLast(): Promise<void> {
    if (this.#opened === null) return;
    await this.#deps.feeds.settle(this.#opened.placeId);
    await this.#reading;
    // Acknowledged in order, behind what was sent.
    await this.#connection.isAlive(ALIVE_ANSWER_MS);
  }

  /** The connection has gone. */
  async dropped(): Promise<void> {
    await this.#handle({ kind: "dropped" });
    this.#asks.end();
    this.#leave?.();
    this.#leave = null;
    if (this.#opened !== null) await this.#closeSession(this.#opened);
  }

  #closeSession({ controllerId, session }: OpenedSession): Promise<void> {
    return this.#deps.closeSession({ controllerId, session, atMs: this.#deps.clock.nowMs() });
  }

  async #handle(input: SessionInput): Promise<void> {
    const step = stepSession(this.#state, input);
    this.#state = step.state;
    for (const effect of step.effects) await this.#carryOut(effect);
  }

  async #carryOut(effect: SessionEffect): Promise<void> {
    switch (effect.kind) {
      case "open":
        return this.#open(effect.hello);
      case "welcome":
        return this.#send("welcome", effect.frame);
      case "stored":
        return this.#send("stored", { ...effect.frame, serverMs: this.#deps.clock.nowMs() });
      case "send":
        return this.#send("roster", effect.frame);
      case "command":
        return this.#send("command", effect.frame);
      case "end_command":
        return this.#inBackground(this.#endCommand(effect.frame));
      case "ask_vendor":
        // Behind everything else of the session: a slow customer holds up neither events nor the roster.
        return this.#inBackground(this.#askVendor(effect.frame));
      case "answer":
        return this.#send("answer", effect.frame);
      case "append":
        return this.#inBackground(this.#append(effect.frame));
      case "read_page":
        this.#reading = this.#readPage(effect.request);
        return this.#inBackground(this.#reading);
      case "read_sums":
        return this.#inBackground(this.#readSums());
      case "mend":
        // One part after another: the last one lets the revision be named, which must not happen before the others are sent.
        this.#mending = this.#mending.then(() => this.#mend(effect.buckets, effect.isLast));
        return this.#inBackground(this.#mending);
      case "check_digest":
        return this.#checkDigest(effect.revision, effect.digest);
      case "confirm":
        return this.#confirm(effect.synced);
      case "close":
        return this.#close(effect.reason);
    }
  }

  async #open(hello: HelloFrame): Promise<void> {
    const { clock, feeds } = this.#deps;
    const { serial, openedWith } = this.#connection;
    const opened = await this.#deps.openSession({ serial, openedWith, nowMs: clock.nowMs(), hello });
    if (opened === null) return this.#close("key_replaced");
    this.#opened = opened;
    // It ended while it was written down, and nobody else knows of it: marked as connected it would keep its door out of every other process.
    if (this.#isClosed()) return this.#closeSession(opened);
    const { feed, leave } = await feeds.follow(opened.placeId, () => void this.#inBackground(this.#wake()));
    if (this.#state.kind === "closed") return leave();
    this.#feed = feed;
    this.#leave = leave;
    await this.#handle({ kind: "opened", opened, marks: opened.marks, serverMs: clock.nowMs() });
  }

  #isClosed(): boolean {
    return this.#state.kind === "closed";
  }

  async #endCommand(frame: ResultFrame): Promise<void> {
    if (this.#opened !== null) await this.#deps.endCommand(this.#opened.controllerId, frame);
  }

  async #askVendor(frame: AskFrame): Promise<void> {
    if (this.#opened !== null) await this.#handle({ kind: "answered", frame: await this.#asks.ask(this.#opened, frame) });
  }

  async #append(frame: EventsFrame): Promise<void> {
    const opened = this.#opened;
    if (opened === null) return;
    const { appender, clock, log } = this.#deps;
    const { placeId, controllerId } = opened;
    const { session, generation, predecessor, first, events, sentAt: sentAtMs } = frame;
    const receivedAtMs = clock.nowMs();
    this.#deps.heard({ controllerId, session: opened.session, atMs: receivedAtMs, clockOffsetMs: sentAtMs - receivedAtMs });
    try {
      const outcome = await appender.append({
        placeId,
        controllerId,
        session,
        generation,
        predecessor,
        first,
        events,
        lost: frame.lost ?? [],
        sentAtMs,
        receivedAtMs,
      });
      await this.#handle({ kind: "appended", outcome });
    } catch (cause) {
      log.warn("gateway.append_failed", {
        serial: this.#connection.serial,
        code: cause instanceof CodedError ? cause.code : "unexpected",
        cause,
      });
      await this.#handle({ kind: "appended", outcome: { kind: "failed" } });
    }
  }

  async #readPage(request: Parameters<PlaceFeed["page"]>[0]): Promise<void> {
    const feed = this.#feed;
    if (feed === null) return;
    const page = await this.#deps.limitPages(() => feed.page(request));
    const items = await this.#withTemplates(page.items);
    await this.#handle({ kind: "page", page: { ...page, items } });
  }

  async #readSums(): Promise<void> {
    const opened = this.#opened;
    if (opened === null) return;
    const scopes = [COMMON_SCOPE, ...opened.doors.map((door) => door.doorId)];
    const sums = await this.#deps.limitPages(() => readBucketSums(this.#deps.database, opened.placeId, scopes));
    const compare = [...sums].map(([scope, buckets]) => ({
      scope,
      sums: Buffer.from(buckets.map(sumToHex).join(""), "hex").toString("base64"),
    }));
    await this.#handle({ kind: "sums", compare });
  }

  async #mend(buckets: readonly BucketHashes[], isLast: boolean): Promise<void> {
    const opened = this.#opened;
    const feed = this.#feed;
    if (opened === null || feed === null) return;
    const items: PageItem[] = [];
    for (const bucket of buckets)
      items.push(...(await this.#deps.limitPages(() => differences(this.#deps.database, opened.placeId, bucket, feed.head))));
    this.#deps.log.info("gateway.roster_mended", {
      serial: this.#connection.serial,
      countBuckets: buckets.length,
      countItems: items.length,
    });
    await this.#handle({ kind: "mended", items: await this.#withTemplates(items), isLast });
  }

  async #withTemplates(items: readonly PageItem[]): Promise<readonly PageItem[]> {
    const { database, personKeys, limitPages } = this.#deps;
    return hasTemplates(items) ? limitPages(() => withTemplates(database, personKeys, items)) : items;
  }

  async #wake(): Promise<void> {
    const said = this.#unjudged;
    if (said !== null && said.revision <= (this.#feed?.head ?? 0)) await this.#checkDigest(said.revision, said.digest);
    await this.#handle({ kind: "woken" });
  }

  async #checkDigest(revision: number, digest: string): Promise<void> {
    const opened = this.#opened;
    const feed = this.#feed;
    if (opened === null || feed === null) return;
    const expected = feed.digestAt(
      revision,
      opened.doors.map((door) => door.doorId),
    );
    const said = this.#confirmation;
    const isProven = expected === digest;
    const atMs = this.#deps.clock.nowMs();
    const confirmed = isProven ? { revision, digest, atMs } : (said?.confirmed ?? null);
    if (said !== null) this.#say({ ...said, confirmed, reported: { revision, digest, expected, atMs } });
    // Nothing is proven: of a revision older than the history the next one will be, of one that is not seen yet it will be when it is.
    this.#unjudged = expected === null && revision > feed.head ? { revision, digest } : null;
    if (expected === null) return;
    if (!isProven) {
      this.#deps.log.warn("gateway.digest_differs", { serial: this.#connection.serial, revision });
    }
    await this.#handle({ kind: "digest", agrees: isProven });
  }

  #confirm(synced: SyncedFrame): void {
    const opened = this.#opened;
    if (opened === null) return;
    const { controllerId, placeId, session } = opened;
    const { confirmed = null, reported = null } = this.#confirmation ?? {};
    this.#say({
      controllerId,
      placeId,
      session,
      doorIds: opened.doors.map((door) => door.doorId),
      urgentRevision: synced.urgentTo,
      confirmed,
      reported,
      failures: synced.failures,
      atMs: this.#deps.clock.nowMs(),
    });
  }

  #say(confirmation: Confirmation): void {
    this.#confirmation = confirmation;
    this.#deps.confirm(confirmation);
  }

  async #send(kind: DownKind, frame: object): Promise<void> {
    // Not awaited: the connection bounds what is on its way, and a frame up must never wait for a frame down.
    void this.#inBackground(this.#connection.send(kind, JSON.stringify(frame)).then(() => undefined));
  }

  async #inBackground(work: Promise<void>): Promise<void> {
    void work.catch((cause: unknown) => {
      this.#deps.log.warn("gateway.session_failed", {
        serial: this.#connection.serial,
        code: cause instanceof CodedError ? cause.code : "unexpected",
        cause,
      });
      this.#close("session_failed");
    });
  }

  #close(reason: string): void {
    this.#state = { kind: "closed" };
    this.#connection.close(reason);
  }
}

function readInput(kind: UpKind, payload: Uint8Array): SessionInput | string {
  switch (kind) {
    case "hello": {
      const read = readHello(payload);
      return read.ok ? { kind, frame: read.frame } : read.problem;
    }
    case "events": {
      const read = readEvents(payload);
      return read.ok ? { kind, frame: read.frame } : read.problem;
    }
    case "synced": {
      const read = readSynced(payload);
      return read.ok ? { kind, frame: read.frame } : read.problem;
    }
    case "result": {
      const read = readResult(payload);
      return read.ok ? { kind, frame: read.frame } : read.problem;
    }
    case "ask": {
      const read = readAsk(payload);
      return read.ok ? { kind, frame: read.frame } : read.problem;
    }
  }
}

/** What the controller must take over in one bucket, and what it must take away. */
async function differences(database: Database, placeId: number, bucket: BucketHashes, head: number): Promise<PageItem[]> {
  const ours = await readBucketItems(database, placeId, bucket.scope, bucket.bucket);
  // biome-ignore lint/nursery/noUnsafeTypeAssertion: the frame was read with keys of this form.
  const theirs = new Map(bucket.items as [ItemKey, string][]);
  const wrong = ours.filter((item) => theirs.get(item.key) !== item.hash);
  const known = new Set(ours.map((item) => item.key));
  const extra = [...theirs.keys()].filter((key) => !known.has(key));
  return [...wrong, ...extra.map((key) => ({ key, revision: head, item: null }))];
}
