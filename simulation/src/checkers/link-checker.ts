import type { RosterFrame, WelcomeFrame } from "@postern/contract";
import type { ItemKey } from "@postern/core";
import type { ControllerRow } from "../database/memory-tables.ts";
import { type ServerEnd, SimConnection } from "../network/network.ts";
import type { HeldItems } from "./held-items.ts";
import { type PlaceHistory, textOf, type Version } from "./place-history.ts";
import type { Accuse } from "./violation.ts";

/** A connection that ends so soon after another of its serial was opened ended because of it. */
const RIVAL_MS = 50;

/** How long two machines of one serial may both be connected, at two servers: until the next look at stale sessions, and a little. */
const BOTH_MS_MAX = 9_000;

/** How long an answer may be under way in a server that has begun it before the session ended. */
const UNDER_WAY_MS = 1_000;

/** How long a change may take to be known by every server: a poll, and a reading. */
const KNOWN_MS = 2_500;

/** How long a controller may be marked as connected after its connection has gone. */
const MARKED_MS_MAX = 5_000;

/** A controller that a living server is marked to hold. */
export interface Marked {
  readonly serial: string;
  readonly server: ServerEnd;
}

/** What one connection carried. */
interface Carried {
  session: number;
  readonly epoch: string;
  /** When the welcome was sent. */
  welcomedMs: number;
  /** Key → the highest revision sent. */
  readonly sent: Map<string, number>;
  /** The comparison of a whole replica does not go by lanes. */
  isComparing: boolean;
}

export interface RosterMoment {
  readonly atMs: number;
  readonly held: HeldItems;
  /** Since when the database has answered without a break. */
  readonly databaseSinceMs: number;
  readonly isFor: (version: Version) => boolean;
}

/** What goes over the link, frame by frame: one session at a time, revocations before additions, repairs of what differs alone. */
export class LinkChecker {
  readonly #history: PlaceHistory;
  readonly #doubted: ReadonlySet<number>;
  readonly #accuse: Accuse;
  readonly #carried = new WeakMap<SimConnection, Carried>();
  /** Serial → the newest session, and since when. */
  readonly #newest = new Map<string, { readonly session: number; readonly sinceMs: number; readonly epoch: string }>();

  readonly #inVainSinceMs = new Map<string, number>();

  constructor(history: PlaceHistory, doubted: ReadonlySet<number>, accuse: Accuse) {
    this.#history = history;
    this.#doubted = doubted;
    this.#accuse = accuse;
  }

  welcomed(connection: SimConnection, { session, epoch }: WelcomeFrame, atMs: number): void {
    this.#carried.set(connection, { session, epoch, welcomedMs: atMs, sent: new Map(), isComparing: false });
    this.#newest.set(connection.serial, { session, sinceMs: atMs, epoch: this.#history.epoch });
  }

  /** The epoch that the server of this connection has named; null before its welcome. */
  epochOf(connection: SimConnection): string | null {
    return this.#carried.get(connection)?.epoch ?? null;
  }

  /** A server lets a connection in. Nobody may be, while another machine's holds the place and answers. */
  letIn(connection: SimConnection, { session, connectedInstance }: ControllerRow): void {
    if (!connection.isFine || connectedInstance === null || this.#doubted.has(connectedInstance)) return;
    for (const rival of connection.rivals()) {
      const carried = this.#carried.get(rival);
      const holdsPlace = carried?.session === session && carried.welcomedMs < connection.calledMs;
      if (holdsPlace && rival.heldBy?.instanceId === connectedInstance)
        this.#accuse("one connection", `${connection.caller.machine} is let in while ${rival.caller.machine} is connected and answers`);
    }
  }

  stored(connection: SimConnection, atMs: number): void {
    const newest = this.#newest.get(connection.serial);
    const session = this.#carried.get(connection)?.session;
    if (newest === undefined || session === undefined || newest.epoch !== this.#history.epoch) return;
    if (session < newest.session && atMs - newest.sinceMs > UNDER_WAY_MS)
      this.#accuse(
        "stale session",
        `events of session ${session} of ${connection.caller.machine} were stored long after session ${newest.session} began`,
      );
  }

  roster(connection: SimConnection, frame: RosterFrame, moment: RosterMoment): void {
    const carried = this.#carried.get(connection);
    if (carried === undefined) return;
    if (frame.compare !== undefined) carried.isComparing = true;
    if (frame.replace === true) this.#judgeRepair(connection, frame, moment);
    else if (!carried.isComparing) this.#judgeLanes(connection, { frame, carried }, moment);
    for (const { key, revision } of frame.items) carried.sent.set(key, Math.max(revision, carried.sent.get(key) ?? 0));
  }

  ended(connection: SimConnection, atMs: number): void {
    const newcomer = connection.isWhole ? connection.newestRival() : null;
    if (newcomer !== null && newcomer.openedMs > connection.openedMs && atMs - newcomer.openedMs < RIVAL_MS)
      this.#accuse(
        "one connection",
        `a living connection of ${connection.caller.machine} was put out by one of ${newcomer.caller.machine}`,
      );
  }

  /** Another server would keep the door out for as long as this one lives. */
  marked(
    marked: readonly Marked[],
    connections: ReadonlySet<SimConnection>,
    { atMs, databaseSinceMs }: { atMs: number; databaseSinceMs: number },
  ): void {
    const bySerial = Map.groupBy(connections, ({ serial }) => serial);
    const inVain = marked.filter(({ serial, server }) => bySerial.get(serial)?.some((one) => one.heldBy?.life === server.life) !== true);
    for (const serial of this.#inVainSinceMs.keys()) if (!inVain.some((one) => one.serial === serial)) this.#inVainSinceMs.delete(serial);
    for (const { serial } of inVain) {
      const sinceMs = this.#inVainSinceMs.get(serial) ?? atMs;
      this.#inVainSinceMs.set(serial, sinceMs);
      if (atMs - sinceMs > MARKED_MS_MAX && databaseSinceMs < sinceMs - MARKED_MS_MAX)
        this.#accuse("marked connected", `${serial} is marked as connected and nobody has held its connection for ${atMs - sinceMs} ms`);
    }
  }

  /** Looks at all connections now and then. */
  look(connections: Iterable<SimConnection>, atMs: number): void {
    for (const [one, other] of SimConnection.rivals(connections)) {
      const bothMs = atMs - Math.max(one.openedMs, other.openedMs);
      if (bothMs > BOTH_MS_MAX)
        this.#accuse("one connection", `${one.caller.machine} and ${other.caller.machine} are both connected for ${bothMs} ms`);
    }
  }

  #judgeRepair({ caller }: SimConnection, { items }: RosterFrame, { held, atMs }: RosterMoment): void {
    for (const { key: text, item } of items) {
      // biome-ignore lint/nursery/noUnsafeTypeAssertion: the server wrote the key.
      const key = text as ItemKey;
      const now = this.#history.now(key);
      if (held.spoiled.has(key) || (now !== undefined && atMs - now.atMs < KNOWN_MS)) continue;
      // biome-ignore lint/nursery/noUnsafeTypeAssertion: the server wrote the item.
      const wanted = item === undefined ? undefined : textOf(item as Parameters<typeof textOf>[0]);
      if (held.text(key) === wanted) this.#accuse("repair", `${caller.machine} was sent ${key} in a repair although it held just that`);
    }
  }

  #judgeLanes(connection: SimConnection, { frame, carried }: { frame: RosterFrame; carried: Carried }, moment: RosterMoment): void {
    const { atMs, held, databaseSinceMs } = moment;
    const carriesAdditions = frame.items.some(({ key }) => this.#isAddition(key));
    if (!carriesAdditions || atMs - databaseSinceMs < KNOWN_MS) return;
    for (const key of this.#history.keys()) {
      const versions = this.#history.of(key);
      const last = versions.at(-1);
      if (last === undefined || versions.length < 2 || last.atMs < carried.welcomedMs || atMs - last.atMs < KNOWN_MS) continue;
      const text = held.text(key);
      if (text === undefined || text === (moment.isFor(last) ? last.text : undefined) || held.spoiled.has(key)) continue;
      if ((carried.sent.get(key) ?? 0) >= last.revision || frame.items.some((item) => item.key === key)) continue;
      this.#accuse(
        "lanes",
        `${connection.caller.machine} is sent additions while the change ${last.revision} of ${key} waits for ${Math.round(atMs - last.atMs)} ms`,
      );
      return;
    }
  }

  #isAddition(text: string): boolean {
    // biome-ignore lint/nursery/noUnsafeTypeAssertion: the server wrote the key.
    return text.startsWith("auth:") && this.#history.of(text as ItemKey).length === 1;
  }
}
