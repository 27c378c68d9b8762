import type { Erasure } from "@postern/contract";
import { itemKey } from "@postern/core";
import { type AuditActor, writeAudit } from "../../platform/audit/audit-store.ts";
import type { Transaction } from "../../platform/database.ts";
import type { PersonKeys } from "../../platform/person-keys/person-keys.ts";
import { publishQrs } from "../../roster/publish-qrs.ts";

import { changeRoster, lockRoster, lockRostersOfGroup } from "../../roster/roster-store.ts";
import {
  deletePerson,
  type ErasedPerson,
  lockPerson,
  lockQrsOf,
  type PersonToErase,
  type RightsAtPlace,
  recordErasure,
  rightsByPlace,
} from "./erase-store.ts";

export interface ErasePerson {
  readonly userId: number;
  readonly by: AuditActor;
  readonly nowMs: number;
  /** Called with the person and the places where they have or had rights, under their lock; throws when they may not be erased. */
  readonly judge: (person: PersonToErase, placeIds: readonly number[]) => void;
}

export interface Erased {
  readonly person: ErasedPerson;
  readonly erasure: Erasure;
}

/**
 * Erases a person within the caller's transaction: rights, credentials, names and the person's key, so that what it protects is gone from backups too; the
 * key's text is free for somebody else. Events keep numbers that name nobody. Null: there is no such person.
 */
export async function erasePerson(
  transaction: Transaction,
  { userId, by, nowMs, judge }: ErasePerson,
  personKeys: Pick<PersonKeys, "destroy">,
): Promise<Erased | null> {
  // Before any roster: an enrolment under way holds the person and will want its place's roster.
  const person = await lockPerson(transaction, userId);
  if (person === null) return null;
  const rights = await rightsByPlace(transaction, userId);
  const placeIds = rights.map(({ placeId }) => placeId);
  judge(person, placeIds);
  const qrIds = await lockQrsOf(transaction, person);
  if (qrIds.length > 0) await lockRostersOfGroup(transaction, person.placeGroupId);
  for (const placeId of placeIds) await lockRoster(transaction, placeId);
  await personKeys.destroy(transaction, userId);
  await deletePerson(transaction, userId);
  const { placeGroupId } = person;
  const entry = { by, placeGroupId, placeId: null, atMs: nowMs, action: "person.erase" };
  await writeAudit(transaction, { ...entry, target: { kind: "person", id: userId }, detail: { placeIds } });
  const places: Erasure["places"] = [];
  for (const right of rights) places.push({ placeId: right.placeId, revision: await takeFromDoors(transaction, right, nowMs) });
  // They went with the person.
  await publishQrs(transaction, placeGroupId, qrIds);
  const erased = { ...person, erasedAt: nowMs };
  await recordErasure(transaction, { ...erased, places });
  return { person: erased, erasure: { userId, erasedAt: nowMs, places } };
}

/** The revision with which the doors of the place are without the person; rights that had ended before leave it where it is. */
function takeFromDoors(transaction: Transaction, { placeId, authIds }: RightsAtPlace, nowMs: number): Promise<number> {
  const changes = authIds.map((id) => ({ key: itemKey({ kind: "auth", id }), item: null, isErased: true as const }));
  return changeRoster(transaction, placeId, { changes, nowMs });
}
