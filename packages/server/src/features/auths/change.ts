import { isDeepStrictEqual } from "node:util";
import { ClueError, type Fingerprint } from "@postern/contract";
import { type AuditActor, writeAudit } from "../../platform/audit/audit-store.ts";
import type { Transaction } from "../../platform/database.ts";
import { readFacePolicy } from "../../platform/faces/face-policy-store.ts";
import type { PlaceGalleries } from "../../platform/faces/place-galleries.ts";
import type { ProvenFace } from "../../platform/faces/prove-faces.ts";
import type { PersonKeys } from "../../platform/person-keys/person-keys.ts";
import { deriveRoster } from "../../roster/derive-roster.ts";
import { findCrowdedGroup, findExcessOfGrants } from "../../roster/grant-limits.ts";
import { lockRoster } from "../../roster/roster-store.ts";
import type { AuthFields } from "./auth-fields.ts";
import { type AuthDetails, type AuthRecord, authDetails, cardKeysOf, changedNamesOf, changedRecord } from "./auth-record.ts";
import { type EnrolDeps, unlessTaken } from "./enrol.ts";
import { findThings, type NamedThings } from "./facts-store.ts";
import { doesConsentHold, judgeFaces, recordDuplicates, withKeptCrops } from "./judge-faces.ts";
import { refuseExcess, refuseTakenCards, refuseUniquePin, refuseUnknown } from "./judge-named.ts";
import type { PinProofs } from "./pin-proofs.ts";
import { joinScanned, useScans } from "./scanned.ts";
import { changedSecrets, needsPersonKey, openTemplates, type Secrets } from "./secrets.ts";
import { type FoundAuth, lockAuth, replaceCards, replaceGroups, updateAuth, writeSecrets } from "./store.ts";
import { uniquePinTaken } from "./unique-pin-taken.ts";
import type { WantedChange } from "./wanted-auth.ts";

/** One request to change a right, read and judged as far as it can be without the database. */
export interface AuthChangeRequest {
  readonly placeId: number;
  readonly placeGroupId: number;
  readonly authId: number;
  readonly wanted: WantedChange;
  readonly proofs: PinProofs;
  /** undefined: they stay. */
  readonly faces: readonly ProvenFace[] | undefined;
  readonly fields: AuthFields;
  readonly by: AuditActor;
  readonly nowMs: number;
  /** Called with the auth as it is, under its lock; throws when the change was meant for another version. */
  readonly judgePresent?: ((present: AuthDetails) => void) | undefined;
  /** Told what becomes different, by name, before the commit; not called when nothing does. */
  readonly noteChanged?: ((names: readonly string[]) => void) | undefined;
}

/**
 * Changes an auth within the caller's transaction, with what its doors hold; null when there is none. What is asked to be as it is costs the doors
 * nothing. Fails as `enrol` does.
 */
export async function change(transaction: Transaction, asked: AuthChangeRequest, deps: EnrolDeps): Promise<AuthDetails | null> {
  const { placeId, authId, nowMs } = asked;
  await lockRoster(transaction, placeId);
  const found = await lockAuth(transaction, authId);
  if (found === null) return null;
  asked.judgePresent?.(authDetails(found.kept, found.doors));
  const joined = await withScanned(transaction, asked, { found, deps });
  const { faces, duplicates } = await judgedFaces(transaction, joined, { found, galleries: deps.galleries });
  const request = { ...joined, faces };
  const { wanted } = request;
  const record = changedRecord(found.kept.record, wanted, { userKey: found.kept.userKey, faces });
  const secrets = await sealedAnew(transaction, request, { found, personKeys: deps.personKeys });
  const doors = await judge(transaction, request, record);
  if (isDeepStrictEqual(record, found.kept.record) && isDeepStrictEqual(secrets, found.secrets)) return authDetails(found.kept, doors);
  await unlessTaken(async () => {
    await updateAuth(transaction, authId, record, nowMs);
    await replaceCards(transaction, placeId, authId, cardKeysOf(record));
    await writeSecrets(transaction, authId, secrets);
  });
  if (wanted.groupIds !== undefined) {
    await replaceGroups(transaction, placeId, authId, record.groupIds);
    refuseExcess(await findExcessOfGrants(transaction, placeId, [authId]), request.fields);
    const joined = record.groupIds.filter((groupId) => !found.kept.record.groupIds.includes(groupId));
    refuseExcess(await findCrowdedGroup(transaction, placeId, joined), request.fields);
  }
  const changed = changedNames(found, record, secrets);
  request.noteChanged?.(changed);
  await writeAudit(transaction, {
    by: request.by,
    placeGroupId: request.placeGroupId,
    placeId,
    atMs: nowMs,
    action: "auth.change",
    target: { kind: "auth", id: authId },
    detail: { changed },
  });
  await deriveRoster(transaction, placeId, { touched: { auths: [authId] }, nowMs });
  await recordDuplicates(transaction, { placeId, authId, userId: found.kept.userId, nowMs }, duplicates);
  return { ...authDetails({ ...found.kept, lastModifiedMs: nowMs, record }, doors), faceDuplicates: duplicates };
}

/** The change with what was scanned behind what stays or is named, given to the auth. */
async function withScanned(
  transaction: Transaction,
  asked: AuthChangeRequest,
  { found, deps }: { readonly found: Locked; readonly deps: EnrolDeps },
): Promise<AuthChangeRequest> {
  const { wanted, placeId, authId, fields } = asked;
  const { registrationTokens = [], credentials } = wanted;
  if (registrationTokens.length === 0) return asked;
  const meanings = await deps.scans.scannedBy(transaction, placeId, registrationTokens);
  const held = {
    cards: credentials.cards ?? found.kept.record.cards,
    fingerprints: credentials.fingerprints ?? (await heldFingerprints(transaction, asked, { found, personKeys: deps.personKeys })),
  };
  const joined = joinScanned({ meanings, ...held, fields });
  await useScans(deps.scans, transaction, { scanIds: joined.scanIds, authId });
  const { cards, fingerprints } = joined;
  return { ...asked, wanted: { ...wanted, credentials: { ...credentials, cards, fingerprints } }, fields: joined.fields };
}

async function heldFingerprints(
  transaction: Transaction,
  { nowMs }: AuthChangeRequest,
  { found, personKeys }: { readonly found: Locked; readonly personKeys: PersonKeys },
): Promise<readonly Fingerprint[]> {
  const { fingerprintsSealed } = found.secrets;
  if (fingerprintsSealed === null) return [];
  const key = await personKeys.ensure(transaction, found.kept.userId, nowMs);
  const templates = openTemplates(fingerprintsSealed, key);
  return found.kept.record.fingerprints.flatMap(({ fingerFormat, fingerFlag }, index) => {
    const fingerData = templates[index];
    return fingerData === undefined ? [] : [{ fingerFormat, fingerFlag, fingerData }];
  });
}

/** The faces as they shall be; undefined: they stay. The same ones again are not judged anew, and a consent that ends takes them with it. */
async function judgedFaces(
  transaction: Transaction,
  { placeId, authId, faces, wanted, fields, nowMs }: AuthChangeRequest,
  { found, galleries }: { readonly found: Locked; readonly galleries: PlaceGalleries },
): Promise<{ readonly faces: readonly ProvenFace[] | undefined; readonly duplicates: readonly number[] }> {
  const { record } = found.kept;
  const consent = wanted.faceConsent === undefined ? record.faceConsent : wanted.faceConsent;
  if (faces === undefined) {
    const isEnded = wanted.faceConsent !== undefined && record.faceConsent !== null && !doesConsentHold(consent, nowMs);
    return { faces: isEnded ? [] : undefined, duplicates: [] };
  }
  const isSame = faces.length === record.faces.length && faces.every(({ mark }, index) => mark === record.faces[index]?.mark);
  if (faces.length === 0) return { faces, duplicates: [] };
  if (isSame && wanted.faceConsent === undefined)
    return { faces: withKeptCrops(await readFacePolicy(transaction, placeId), faces), duplicates: [] };
  return judgeFaces(transaction, galleries, { placeId, authId, faces, consent, fields, nowMs });
}

type Locked = FoundAuth & { readonly secrets: Secrets };

async function sealedAnew(
  transaction: Transaction,
  { wanted, proofs, faces, nowMs }: AuthChangeRequest,
  { found, personKeys }: { readonly found: Locked; readonly personKeys: PersonKeys },
): Promise<Secrets> {
  const brought = { ...proofs, fingerprints: wanted.credentials.fingerprints, faces };
  const key = needsPersonKey(brought) ? await personKeys.ensure(transaction, found.kept.userId, nowMs) : null;
  return changedSecrets(found.secrets, brought, key);
}

/** Judges the auth as it shall be, and returns the names of its doors. */
async function judge(
  transaction: Transaction,
  { placeId, authId, wanted, proofs, fields }: AuthChangeRequest,
  record: AuthRecord,
): Promise<FoundAuth["doors"]> {
  if (record.endMs <= record.startMs)
    throw new ClueError("e1005", { details: [{ field: fields.endTime, message: `must be after ${fields.startTime}` }] });
  const cardKeys = cardKeysOf(record);
  const named = {
    placeId,
    doorIds: record.doors === "all" ? [] : record.doors,
    scheduleId: record.scheduleId,
    groupIds: record.groupIds,
    cardKeys,
    uniquePinHash: proofs.uniquePin?.hash ?? null,
  };
  const things = await findThings(transaction, named);
  // What stays is not judged anew: a door that is gone must not keep anybody from being locked out.
  refuseUnknown({ ...named, ...namedBy(wanted) }, things, fields);
  refuseTakenCards(cardKeys, things, fields, authId);
  if (proofs.uniquePin && refuseUniquePin(proofs.uniquePin.digits, things, fields, authId) === "taken") throw uniquePinTaken(fields);
  return things.doors;
}

function namedBy({ doors, scheduleId, groupIds }: WantedChange): Pick<NamedThings, "doorIds" | "scheduleId" | "groupIds"> {
  return { doorIds: doors === undefined || doors === "all" ? [] : doors, scheduleId: scheduleId ?? null, groupIds: groupIds ?? [] };
}

/** What is different now, by name alone: no audit row holds a credential. */
function changedNames({ kept, secrets: before }: Locked, record: AuthRecord, secrets: Secrets): readonly string[] {
  const names = [...changedNamesOf(kept.record, record)];
  if (!isDeepStrictEqual(before.pin, secrets.pin)) names.push("pin");
  if (!isDeepStrictEqual(before.uniquePin, secrets.uniquePin)) names.push("uniquePin");
  return names;
}
