import { eventCode, type Place, type PlaceWrite } from "@postern/contract";
import { type Clock, isTimeZone } from "@postern/core";
import { appendServerEvents } from "../../ledger/append.ts";
import { createLedger, ensurePeriod } from "../../ledger/ledger-store.ts";
import type { Actor, ReachedPlace } from "../../platform/access/actor.ts";
import { type AuditActor, writeAudit } from "../../platform/audit/audit-store.ts";
import type { Database } from "../../platform/database.ts";
import { NativeRefusal } from "../../platform/http/native-refusal.ts";
import { deletedSince, makeOnce } from "../../platform/operations/make-once.ts";
import { type PageWanted, pageOfRows } from "../../platform/operations/page-cursor.ts";
import type { RequestName } from "../../platform/operations/request-store.ts";
import { hidden } from "../../platform/operations/serve-operations.ts";
import { refuseStale } from "../../platform/operations/version-tag.ts";
import { deriveRoster } from "../../roster/derive-roster.ts";
import { createRoster, dropRoster, lockRoster } from "../../roster/roster-store.ts";
import { PLACES_PER_GROUP_MAX } from "./limits.ts";
import {
  deletePlace,
  dropFaceCrops,
  findPlace,
  insertPlace,
  listPlaces,
  lockAndCountContents,
  lockAndCountPlaces,
  type PlaceContents,
  updatePlace,
} from "./store.ts";

export interface PlacesDeps {
  readonly database: Database;
  readonly clock: Clock;
}

export interface PlaceCreation {
  readonly actor: Actor;
  readonly by: AuditActor;
  readonly once: RequestName | null;
}

/** Who changes what, at a place the actor was let into. */
export interface ExistingPlace {
  readonly place: ReachedPlace;
  readonly by: AuditActor;
}

export type PlaceChange = { readonly [Name in keyof PlaceWrite]?: PlaceWrite[Name] | undefined };

export interface PlacesService {
  /** Those within the actor's reach. */
  list(actor: Actor, page: PageWanted): Promise<{ readonly items: readonly Place[]; readonly next?: string }>;
  /** Fails as `not_found` when it was deleted meanwhile; `change` and `remove` too. */
  read(placeId: number): Promise<Place>;
  create(creation: PlaceCreation, body: PlaceWrite): Promise<Place>;
  change(existing: ExistingPlace & { readonly ifMatch: string | null }, body: PlaceChange): Promise<Place>;
  /** Fails with `conflict` while doors, controllers or people are there. */
  remove(existing: ExistingPlace): Promise<void>;
}

export function placesService(deps: PlacesDeps): PlacesService {
  return {
    async list(actor, page) {
      const rows = await listPlaces(deps.database, actor, page);
      return pageOfRows(rows, page, { idOf: (row) => row.placeId, item: (row) => row });
    },
    async read(placeId) {
      const place = await findPlace(deps.database, placeId);
      if (place === null) throw hidden("placeId");
      return place;
    },
    create: (creation, body) => create(deps, creation, body),
    change: (existing, body) => change(deps, existing, body),
    remove: (existing) => remove(deps, existing),
  };
}

async function create({ database, clock }: PlacesDeps, { actor, by, once }: PlaceCreation, body: PlaceWrite): Promise<Place> {
  if (actor.placeIds !== null) {
    throw new NativeRefusal("not_permitted", { detail: "Making a place needs a key that reaches every place of its group." });
  }
  refuseUnknownZone(body.timeZone);
  const nowMs = clock.nowMs();
  await ensurePeriod(database, nowMs);
  const { placeGroupId } = actor;
  return database.transaction(async (tx) => {
    const placeId = await makeOnce(tx, once, async () => {
      const count = await lockAndCountPlaces(tx, placeGroupId);
      // The group was deleted, and its keys with it.
      if (count === null) throw new NativeRefusal("key_refused");
      if (count >= PLACES_PER_GROUP_MAX) {
        throw new NativeRefusal("conflict", { detail: `A place group has at most ${PLACES_PER_GROUP_MAX} places.` });
      }
      const id = await insertPlace(tx, { ...FACE_POLICY, ...body, placeGroupId, madeAt: nowMs });
      await createRoster(tx, id);
      await createLedger(tx, id);
      await deriveRoster(tx, id, { touched: { place: true, qrs: "all" }, nowMs });
      await writeAudit(tx, { by, placeGroupId, placeId: id, atMs: nowMs, action: "place.create", target: { kind: "place", id } });
      await appendServerEvents(tx, id, [{ eventAt: nowMs, eventType: eventCode("PLACE_SERVICE_START") }]);
      return id;
    });
    const made = await findPlace(tx, placeId);
    if (made === null) throw deletedSince();
    return made;
  });
}

async function change(
  { database, clock }: PlacesDeps,
  { place, by, ifMatch }: ExistingPlace & { readonly ifMatch: string | null },
  body: PlaceChange,
): Promise<Place> {
  refuseUnknownZone(body.timeZone);
  const { placeId, placeGroupId } = place;
  const nowMs = clock.nowMs();
  await ensurePeriod(database, nowMs);
  return database.transaction(async (tx) => {
    await lockRoster(tx, placeId);
    const present = await findPlace(tx, placeId);
    if (present === null) throw hidden("placeId");
    refuseStale(ifMatch, present);
    const wanted = changedPlace(present, body);
    const changed = CHANGEABLE.filter((name) => wanted[name] !== present[name]);
    if (changed.length === 0) return present;
    await updatePlace(tx, wanted);
    if (wanted.faceCrops === "dropped" && changed.includes("faceCrops")) await dropFaceCrops(tx, placeId);
    const target = { kind: "place", id: placeId };
    await writeAudit(tx, { by, placeGroupId, placeId, atMs: nowMs, action: "place.change", target, detail: { changed } });
    if (changed.includes("timeZone")) await deriveRoster(tx, placeId, { touched: { place: true }, nowMs });
    const event = { eventAt: nowMs, eventType: eventCode("PLACE_MODIFY"), detail: { changed: changed.join(" ") } };
    await appendServerEvents(tx, placeId, [event]);
    return wanted;
  });
}

/** As CLUe's clients expect a place to be: nothing of theirs is refused, and nothing is kept that nobody asked for. */
const FACE_POLICY = { faceDuplicates: "report", faceCrops: "dropped", faceConsent: "elsewhere" } as const;

const CHANGEABLE = ["name", "timeZone", "faceDuplicates", "faceCrops", "faceConsent"] as const;

function changedPlace(present: Place, body: PlaceChange): Place {
  const {
    name = present.name,
    timeZone = present.timeZone,
    faceDuplicates = present.faceDuplicates,
    faceCrops = present.faceCrops,
    faceConsent = present.faceConsent,
  } = body;
  return { ...present, name, timeZone, faceDuplicates, faceCrops, faceConsent };
}

async function remove({ database, clock }: PlacesDeps, { place, by }: ExistingPlace): Promise<void> {
  const { placeId, placeGroupId } = place;
  await database.transaction(async (tx) => {
    // First, as everybody who changes what doors must know locks it first. A large roster takes seconds to go: it does when nothing is in the way.
    await lockRoster(tx, placeId);
    refuseInhabited(await lockAndCountContents(tx, placeId));
    await dropRoster(tx, placeId);
    await deletePlace(tx, placeId);
    const entry = { by, placeGroupId, placeId, atMs: clock.nowMs(), action: "place.delete" };
    await writeAudit(tx, { ...entry, target: { kind: "place", id: placeId } });
  });
}

function refuseUnknownZone(timeZone: string | undefined): void {
  if (timeZone === undefined || isTimeZone(timeZone)) return;
  const problem = { field: "timeZone", message: "must be an IANA time zone such as Europe/Berlin", rejectedValue: timeZone };
  throw new NativeRefusal("argument_invalid", { problems: [problem] });
}

function refuseInhabited(contents: PlaceContents): void {
  const { doors, controllers, people } = contents;
  const parts = [counted(doors, "door", "doors"), counted(controllers, "controller", "controllers"), counted(people, "person", "people")];
  const present = parts.filter((part) => part !== null);
  if (present.length === 0) return;
  throw new NativeRefusal("conflict", { problems: [{ field: "placeId", message: `still has ${present.join(", ")}` }] });
}

function counted(count: number, one: string, many: string): string | null {
  return count === 0 ? null : `${count} ${count === 1 ? one : many}`;
}
