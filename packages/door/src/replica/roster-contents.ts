import {
  type AuthItem,
  assertNever,
  bucketOf,
  COMMON_SCOPE,
  type DisplayItem,
  type DoorItem,
  type DoorModeItem,
  type ItemKey,
  itemHash,
  itemScopes,
  type PlaceItem,
  type QrItem,
  type RosterItem,
  type Schedule,
  type UtcTransition,
} from "@postern/core";
import { Fingers, type FingerWatcher } from "./fingers.ts";
import type { HeldItem } from "./held-item.ts";
import { HolderIndex } from "./holder-index.ts";
import { ScopeSums } from "./scope-sums.ts";

type Held = HeldItem & { readonly kind: "item" } & { readonly hash: string };

/** Told what a device shows now; null: nothing of the server's any more. */
export type DisplayWatcher = (deviceId: number, item: DisplayItem | null) => void;

/** What a controller holds, in memory, with the indexes its decisions ask and the sums its digest is made of. Hashes are of the contents, always. */
export class RosterContents {
  readonly #revisions = new Map<ItemKey, number>();
  readonly #items = new Map<ItemKey, Held>();
  readonly #failures = new Map<ItemKey, HeldItem & { readonly kind: "failed" }>();
  readonly #auths = new Map<number, AuthItem>();
  readonly #doors = new Map<number, DoorItem>();
  readonly #modes = new Map<number, DoorModeItem>();
  readonly #schedules = new Map<number, Schedule>();
  readonly #qrs = new Map<string, QrItem>();
  readonly #displays = new Map<number, DisplayItem>();
  #displayWatcher: DisplayWatcher = () => undefined;
  readonly #cards = new HolderIndex<string>();
  readonly #users = new HolderIndex<number>();
  readonly #uniquePins = new HolderIndex<string>();
  readonly #fingers = new Fingers("templates");
  readonly #faces = new Fingers("faceTemplates");
  #place: PlaceItem | null = null;
  #sums: ScopeSums;
  #doorIds: readonly number[];

  constructor(doorIds: readonly number[]) {
    this.#doorIds = doorIds;
    this.#sums = new ScopeSums([COMMON_SCOPE, ...doorIds]);
  }

  get itemCount(): number {
    return this.#items.size;
  }

  /** Empty while the place itself is not held. */
  get utcTransitions(): readonly UtcTransition[] {
    return this.#place?.utcTransitions ?? [];
  }

  get failures(): IterableIterator<HeldItem & { readonly kind: "failed" }> {
    return this.#failures.values();
  }

  get failureCount(): number {
    return this.#failures.size;
  }

  digest(): string {
    return this.#sums.digest();
  }

  revisionOf(key: ItemKey): number | undefined {
    return this.#revisions.get(key);
  }

  auth(id: number): AuthItem | null {
    return this.#auths.get(id) ?? null;
  }

  door(id: number): DoorItem | null {
    return this.#doors.get(id) ?? null;
  }

  mode(doorId: number): DoorModeItem | null {
    return this.#modes.get(doorId) ?? null;
  }

  get schedules(): ReadonlyMap<number, Schedule> {
    return this.#schedules;
  }

  schedule(id: number | null): Schedule | null {
    return id === null ? null : (this.#schedules.get(id) ?? null);
  }

  /** Whose card it is. While a card moves between two people, the newer assignment says so; likewise below. */
  authByCard(card: string): AuthItem | null {
    return this.#held(this.#cards.newest(card, this.#revisionOfAuth));
  }

  authByUser(userId: number): AuthItem | null {
    return this.#held(this.#users.newest(userId, this.#revisionOfAuth));
  }

  authByUniquePin(key: string): AuthItem | null {
    return this.#held(this.#uniquePins.newest(key, this.#revisionOfAuth));
  }

  /** By the id that its codes carry. */
  qr(qid: string): QrItem | null {
    return this.#qrs.get(qid) ?? null;
  }

  get uniquePinSalt(): string | null {
    return this.#place?.uniquePinSalt ?? null;
  }

  /** Hands every finger that is held to a reader that compares them, and each change from now on. */
  watchFingers(watcher: FingerWatcher): void {
    this.#fingers.watch(watcher);
  }

  /** The same of faces, for whoever compares those. */
  watchFaces(watcher: FingerWatcher): void {
    this.#faces.watch(watcher);
  }

  /** Hands every display that is held to whoever shows them, and each change from now on. */
  watchDisplays(watcher: DisplayWatcher): void {
    this.#displayWatcher = watcher;
    for (const [deviceId, item] of this.#displays) watcher(deviceId, item);
  }

  apply(write: HeldItem): void {
    this.#fingers.follow(write);
    this.#faces.follow(write);
    this.#release(write.key);
    this.#failures.delete(write.key);
    this.#revisions.set(write.key, write.revision);
    switch (write.kind) {
      case "item":
        this.#hold(write);
        break;
      case "failed":
        this.#failures.set(write.key, write);
        break;
      case "gone":
        break;
      default:
        assertNever(write);
    }
  }

  /** Forgets a key with its revision. */
  forget(key: ItemKey): void {
    this.#fingers.forget(key);
    this.#faces.forget(key);
    this.#release(key);
    this.#failures.delete(key);
    this.#revisions.delete(key);
  }

  /** Makes every revision count as older than any other: those of another epoch say nothing about this one's. Tombstones and failures go. */
  forgetRevisions(): void {
    this.#failures.clear();
    this.#revisions.clear();
    for (const [key, held] of this.#items) {
      this.#items.set(key, { ...held, revision: 0 });
      this.#revisions.set(key, 0);
    }
  }

  /** Serves other doors from now on. Returns the keys that concern none of them, which are no longer held. */
  serve(doorIds: readonly number[]): ItemKey[] {
    this.#doorIds = doorIds;
    const foreign: ItemKey[] = [];
    for (const [key, { item }] of this.#items) if (!this.concerns(item)) foreign.push(key);
    for (const key of foreign) this.forget(key);
    this.#sums = new ScopeSums([COMMON_SCOPE, ...doorIds]);
    for (const { key, item, hash } of this.#items.values()) this.#sums.add(key, itemScopes(item), hash);
    return foreign;
  }

  concerns(item: RosterItem): boolean {
    return itemScopes(item).some((scope) => scope === COMMON_SCOPE || this.#doorIds.includes(scope));
  }

  differingBuckets(scope: number, theirsBase64: string): number[] {
    return this.#sums.differingBuckets(scope, theirsBase64);
  }

  /** Keys and hashes of what a scope holds in these buckets. */
  hashesIn(scope: number, buckets: ReadonlySet<number>): Map<number, [string, string][]> {
    const found = new Map<number, [string, string][]>([...buckets].map((bucket) => [bucket, []]));
    for (const { key, item, hash } of this.#items.values()) {
      if (itemScopes(item).includes(scope)) found.get(bucketOf(key))?.push([key, hash]);
    }
    return found;
  }

  #hold(write: HeldItem & { readonly kind: "item" }): void {
    const { key, item } = write;
    const hash = itemHash(item);
    this.#items.set(key, { ...write, hash });
    this.#sums.add(key, itemScopes(item), hash);
    switch (item.kind) {
      case "place":
        this.#place = item;
        break;
      case "schedule":
        this.#schedules.set(item.id, item.schedule);
        break;
      case "door":
        this.#doors.set(item.id, item);
        break;
      case "mode":
        this.#modes.set(item.id, item);
        break;
      case "auth":
        this.#auths.set(item.id, item);
        this.#users.add(item.userId, item.id);
        for (const card of item.cards) this.#cards.add(card, item.id);
        if (item.uniquePin !== null) this.#uniquePins.add(item.uniquePin, item.id);
        break;
      case "qr":
        this.#qrs.set(item.qid, item);
        break;
      case "display":
        this.#displays.set(item.id, item);
        this.#displayWatcher(item.id, item);
        break;
      default:
        assertNever(item);
    }
  }

  #release(key: ItemKey): void {
    const held = this.#items.get(key);
    if (held === undefined) return;
    const { item, hash } = held;
    this.#items.delete(key);
    this.#sums.remove(key, itemScopes(item), hash);
    switch (item.kind) {
      case "place":
        if (this.#place?.id === item.id) this.#place = null;
        break;
      case "schedule":
        this.#schedules.delete(item.id);
        break;
      case "door":
        this.#doors.delete(item.id);
        break;
      case "mode":
        this.#modes.delete(item.id);
        break;
      case "auth":
        this.#auths.delete(item.id);
        this.#users.remove(item.userId, item.id);
        for (const card of item.cards) this.#cards.remove(card, item.id);
        if (item.uniquePin !== null) this.#uniquePins.remove(item.uniquePin, item.id);
        break;
      case "qr":
        if (this.#qrs.get(item.qid)?.id === item.id) this.#qrs.delete(item.qid);
        break;
      case "display":
        this.#displays.delete(item.id);
        this.#displayWatcher(item.id, null);
        break;
      default:
        assertNever(item);
    }
  }

  readonly #revisionOfAuth = (id: number): number => this.#items.get(`auth:${id}`)?.revision ?? 0;

  #held(id: number | null): AuthItem | null {
    return id === null ? null : (this.#auths.get(id) ?? null);
  }
}
