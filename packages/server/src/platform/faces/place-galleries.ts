import type { Clock } from "@postern/core";
import { DEFAULT_PACK, matchThreshold, readTemplate, TemplateGallery } from "@postern/face";
import type { Queryable } from "../database.ts";
import type { PersonKey, PersonKeys } from "../person-keys/person-keys.ts";
import { DUPLICATES_COUNT_MAX, FACES_READ_AT_ONCE_MAX, GALLERIES_COUNT_MAX, GALLERY_KEPT_MS } from "./limits.ts";
import { type ChangedFaces, changedFaces, headRevision } from "./place-gallery-store.ts";

export interface PlaceGalleriesDeps {
  readonly clock: Clock;
  readonly personKeys: Pick<PersonKeys, "find">;
}

interface Held {
  readonly gallery: TemplateGallery;
  /** Of each auth's item as it was last read: two who read at once never put the older one in the place of the newer. */
  readonly revisions: Map<number, number>;
  knownTo: number;
  isWhole: boolean;
  usedAtMs: number;
}

/**
 * Whose face a face may be, among those of a place. Its templates are opened into memory while somebody asks, followed by the roster's revisions, and
 * forgotten when nobody has asked for a while: what is sealed stays sealed otherwise.
 */
export class PlaceGalleries {
  readonly #deps: PlaceGalleriesDeps;
  readonly #held = new Map<number, Held>();

  constructor(deps: PlaceGalleriesDeps) {
    this.#deps = deps;
  }

  /** Auths of the place with a template so near that a door might take one for the other, the nearest first, but for `exceptAuthId`. As of the caller's transaction. */
  async lookAlikes(
    queryable: Queryable,
    placeId: number,
    { templates, exceptAuthId }: { readonly templates: readonly Float32Array[]; readonly exceptAuthId: number | null },
  ): Promise<readonly number[]> {
    const { gallery } = await this.#followed(queryable, placeId);
    const distance = matchThreshold(DEFAULT_PACK, gallery.templateCount) ?? NEAREST_BOUND;
    const found = templates.flatMap((template) => gallery.within(template, distance ** 2, DUPLICATES_COUNT_MAX + 1));
    const authIds = found.toSorted((left, right) => left.distance - right.distance).map(({ ownerId }) => ownerId);
    return [...new Set(authIds)].filter((authId) => authId !== exceptAuthId).slice(0, DUPLICATES_COUNT_MAX);
  }

  /** Opens a place's templates, or what is new of them. */
  async follow(queryable: Queryable, placeId: number): Promise<void> {
    await this.#followed(queryable, placeId);
  }

  /** Takes what was erased meanwhile out of memory, and places that nobody asks about. Called now and then. */
  async tidy(queryable: Queryable): Promise<void> {
    const nowMs = this.#deps.clock.monotonicMs();
    for (const [placeId, held] of [...this.#held]) {
      if (nowMs - held.usedAtMs >= GALLERY_KEPT_MS) this.#held.delete(placeId);
      else await this.#follow(queryable, placeId, held);
    }
  }

  async #followed(queryable: Queryable, placeId: number): Promise<Held> {
    const held = this.#held.get(placeId) ?? this.#make();
    // Again last in the map: the one asked for longest ago goes first.
    this.#held.delete(placeId);
    this.#held.set(placeId, held);
    held.usedAtMs = this.#deps.clock.monotonicMs();
    const [oldest] = this.#held.keys();
    if (this.#held.size > GALLERIES_COUNT_MAX && oldest !== undefined) this.#held.delete(oldest);
    await this.#follow(queryable, placeId, held);
    return held;
  }

  #make(): Held {
    const gallery = new TemplateGallery(DEFAULT_PACK.dimensions);
    return { gallery, revisions: new Map(), knownTo: 0, isWhole: false, usedAtMs: 0 };
  }

  async #follow(queryable: Queryable, placeId: number, held: Held): Promise<void> {
    // Each who asks reads by itself, in its own transaction: nobody waits for a connection that somebody else holds.
    if (!held.isWhole) {
      const revision = await headRevision(queryable, placeId);
      await this.#read(queryable, placeId, { held, afterRevision: 0, isFirst: true });
      // What changed while all were read, faces that were taken away too, comes with what follows.
      held.isWhole = true;
      held.knownTo = Math.max(held.knownTo, revision);
    }
    const knownTo = await this.#read(queryable, placeId, { held, afterRevision: held.knownTo, isFirst: false });
    held.knownTo = Math.max(held.knownTo, knownTo);
  }

  async #read(queryable: Queryable, placeId: number, { held, isFirst, ...from }: Reading): Promise<number> {
    let { afterRevision } = from;
    for (;;) {
      const changed = await changedFaces(queryable, placeId, { afterRevision, isFirst, countMax: FACES_READ_AT_ONCE_MAX });
      await this.#take(queryable, held, changed);
      afterRevision = changed.at(-1)?.revision ?? afterRevision;
      if (changed.length < FACES_READ_AT_ONCE_MAX) return afterRevision;
    }
  }

  async #take(queryable: Queryable, held: Held, changed: readonly ChangedFaces[]): Promise<void> {
    const userIds = changed.flatMap(({ userId, facesSealed }) => (userId === null || facesSealed === null ? [] : [userId]));
    const keys = userIds.length === 0 ? new Map<number, PersonKey>() : await this.#deps.personKeys.find(queryable, userIds);
    for (const { authId, revision, userId, facesSealed } of changed) {
      if ((held.revisions.get(authId) ?? 0) > revision) continue;
      const key = userId === null ? undefined : keys.get(userId);
      const templates = key === undefined || facesSealed === null ? [] : templatesIn(key, facesSealed);
      held.gallery.put(authId, templates);
      held.revisions.set(authId, revision);
    }
  }
}

interface Reading {
  readonly held: Held;
  readonly afterRevision: number;
  readonly isFirst: boolean;
}

/** Beyond the largest gallery for which the pack's bound holds, its nearest distance still says who looks alike. */
const NEAREST_BOUND = Math.min(...DEFAULT_PACK.bound.falseMatches.map(({ distance }) => distance));

function templatesIn(key: PersonKey, sealed: Uint8Array): Float32Array[] {
  const texts: unknown = JSON.parse(Buffer.from(key.open("faces", sealed)).toString("utf8"));
  if (!Array.isArray(texts)) return [];
  return texts.flatMap((text) => (typeof text === "string" ? (readTemplate(DEFAULT_PACK, text) ?? []) : []));
}
