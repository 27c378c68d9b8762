import { type Auth, type Erasure, eventName, type Person, type PersonExport } from "@postern/contract";
import { assert, type Clock, type Log } from "@postern/core";
import { encodeLogId } from "../../ledger/log-id.ts";
import type { AuditActor } from "../../platform/audit/audit-store.ts";
import type { Database } from "../../platform/database.ts";
import { NativeRefusal } from "../../platform/http/native-refusal.ts";
import { type PageWanted, pageOfRows } from "../../platform/operations/page-cursor.ts";
import { hidden } from "../../platform/operations/serve-operations.ts";
import type { PersonKeys } from "../../platform/person-keys/person-keys.ts";
import { erasePerson } from "./erase.ts";
import { type ErasedPerson, findErasure } from "./erase-store.ts";
import { EXPORT_EVENTS_MAX } from "./limits.ts";
import type { Reach } from "./reach.ts";
import { eventsOf, findPerson, type KeptPerson, listPeople, type PeopleFilter, type PersonEvent, qrsOf, rightsOf } from "./store.ts";

/** An auth as it is exported; null: it has not ended. */
export type ExportedAuth = Auth & { readonly deletedAt: number | null };

export interface PeopleDeps {
  readonly database: Database;
  readonly clock: Clock;
  readonly log: Log;
  readonly personKeys: PersonKeys;
  /** Every auth that a person has or had, at these places; null: everywhere. */
  readonly authsOfPerson: (userId: number, placeIds: readonly number[] | null) => Promise<readonly ExportedAuth[]>;
  /** Keeps an erasure apart from the database, so that no backup brings the person back. */
  readonly keepErasure: (person: ErasedPerson) => Promise<void>;
}

export interface PeoplePage {
  readonly items: readonly Person[];
  readonly next?: string;
}

export interface PeopleService {
  list(reach: Reach, filter: PeopleFilter, page: PageWanted): Promise<PeoplePage>;
  /** Fails with `not_found` beyond reach; all others too. */
  read(reach: Reach, userId: number): Promise<Person>;
  export(reach: Reach, userId: number): Promise<PersonExport>;
  /** Again answers what the first time answered. Fails with `not_permitted` when the person has, or had, rights beyond reach. */
  erase(reach: Reach, userId: number, by: AuditActor): Promise<Erasure>;
}

export function peopleService(deps: PeopleDeps): PeopleService {
  return {
    async list(reach, filter, page) {
      const people = await listPeople(deps.database, reach, { ...filter, ...page });
      const rights = await rightsOf(
        deps.database,
        reach,
        people.slice(0, page.limit).map(({ userId }) => userId),
      );
      return pageOfRows(people, page, {
        idOf: ({ userId }) => userId,
        item: (person) => ({ ...person, auths: rights.get(person.userId) ?? [] }),
      });
    },
    async read(reach, userId) {
      const person = await presentPerson(deps, reach, userId);
      const rights = await rightsOf(deps.database, reach, [userId]);
      return { ...person, auths: rights.get(userId) ?? [] };
    },
    export: (reach, userId) => exportPerson(deps, reach, userId),
    erase: (reach, userId, by) => erase(deps, reach, { userId, by }),
  };
}

async function presentPerson({ database }: PeopleDeps, reach: Reach, userId: number): Promise<KeptPerson> {
  const person = await findPerson(database, reach, userId);
  if (person === null) throw hidden("userId");
  return person;
}

async function exportPerson(deps: PeopleDeps, reach: Reach, userId: number): Promise<PersonExport> {
  const person = await presentPerson(deps, reach, userId);
  const auths = await deps.authsOfPerson(userId, reach.placeIds);
  const events = await eventsOf(deps.database, reach, { userId, limit: EXPORT_EVENTS_MAX + 1 });
  const areEventsWhole = events.length <= EXPORT_EVENTS_MAX;
  const shown = events.slice(0, EXPORT_EVENTS_MAX).map(exportedEvent);
  const dynamicQrs = await qrsOf(deps.database, userId);
  return { exportedAt: deps.clock.nowMs(), ...person, auths: [...auths], events: shown, dynamicQrs, areEventsWhole };
}

function exportedEvent({ placeId, sequence, eventAt, eventType, deviceId, doorId, authId }: PersonEvent): PersonExport["events"][number] {
  const name = eventName(eventType);
  assert(name !== null, "every event of the ledger has a code of the catalogue");
  return {
    logId: encodeLogId({ placeId, sequence }),
    placeId,
    eventAt,
    eventType: name,
    doorId,
    deviceId: deviceId === 0 ? null : deviceId,
    authId,
  };
}

async function erase(
  deps: PeopleDeps,
  reach: Reach,
  { userId, by }: { readonly userId: number; readonly by: AuditActor },
): Promise<Erasure> {
  const { database, clock, log, personKeys, keepErasure } = deps;
  const judge = (person: { readonly placeGroupId: number }, placeIds: readonly number[]): void => {
    const reached = placeIds.filter((placeId) => isReached(reach, placeId));
    if (person.placeGroupId !== reach.placeGroupId || (reach.placeIds !== null && reached.length === 0)) throw hidden("userId");
    if (reached.length === placeIds.length) return;
    throw new NativeRefusal("not_permitted", { detail: "The person has, or had, rights at places beyond this key's reach." });
  };
  const erased = await database.transaction((tx) => erasePerson(tx, { userId, by, nowMs: clock.nowMs(), judge }, personKeys));
  if (erased === null) return earlierErasure(deps, reach, userId);
  // The person is erased. What could not be kept apart now is kept with the next one, or at the next start.
  await keepErasure(erased.person).catch((cause: unknown) => log.error("people.erasure_not_kept_apart", { userId, cause }));
  return erased.erasure;
}

async function earlierErasure({ database }: PeopleDeps, reach: Reach, userId: number): Promise<Erasure> {
  const erasure = await findErasure(database, reach.placeGroupId, userId);
  const isWithin = erasure?.places.every(({ placeId }) => isReached(reach, placeId)) === true;
  if (erasure === null || !isWithin || (reach.placeIds !== null && erasure.places.length === 0)) throw hidden("userId");
  return erasure;
}

function isReached({ placeIds }: Reach, placeId: number): boolean {
  return placeIds === null || placeIds.includes(placeId);
}
