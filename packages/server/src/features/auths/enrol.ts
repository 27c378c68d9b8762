import { ClueError, cardKeysInOrder, type Problem } from "@postern/contract";
import { itemKey } from "@postern/core";
import { type AuditActor, writeAudit } from "../../platform/audit/audit-store.ts";
import type { Transaction } from "../../platform/database.ts";
import { violates } from "../../platform/database-error.ts";
import type { PlaceGalleries } from "../../platform/faces/place-galleries.ts";
import type { ProvenFace } from "../../platform/faces/prove-faces.ts";
import type { PersonKeys } from "../../platform/person-keys/person-keys.ts";
import { platformError } from "../../platform/platform-errors.ts";
import { deriveRoster } from "../../roster/derive-roster.ts";
import { findCrowdedGroup, findExcessOfGrants } from "../../roster/grant-limits.ts";
import { changeRoster, lockRoster } from "../../roster/roster-store.ts";
import type { AuthFields } from "./auth-fields.ts";
import { newAuthItem } from "./auth-item.ts";
import { type AuthDetails, authDetails, authRecord } from "./auth-record.ts";
import { type EnrolmentFacts, loadEnrolmentFacts, type NamedThings } from "./facts-store.ts";
import { type IdempotencyKey, rememberRequest } from "./idempotency-store.ts";
import { type JudgedFaces, judgeFaces, recordDuplicates } from "./judge-faces.ts";
import { refuseExcess, refuseTakenCards, refuseUniquePin, refuseUnknown } from "./judge-named.ts";
import type { PinProofs } from "./pin-proofs.ts";
import { type Joined, joinScanned, type RegistrationScans, useScans } from "./scanned.ts";
import { changedSecrets, NO_SECRETS, needsPersonKey, type Secrets } from "./secrets.ts";
import { type AuthIds, insertAuth, readAuth, replaceGroups, writeSecrets } from "./store.ts";
import { uniquePinTaken } from "./unique-pin-taken.ts";
import type { WantedAuth } from "./wanted-auth.ts";

export interface EnrolDeps {
  readonly personKeys: PersonKeys;
  readonly galleries: PlaceGalleries;
  readonly scans: RegistrationScans;
}

/** One request to give a person a right at a place, read and judged as far as it can be without the database. */
export interface Enrolment {
  readonly placeId: number;
  readonly placeGroupId: number;
  readonly wanted: WantedAuth;
  /** Made before the transaction: they take a while. */
  readonly proofs: PinProofs;
  readonly faces: readonly ProvenFace[];
  /** Where the request says what. */
  readonly fields: AuthFields;
  readonly bodyHmac: Uint8Array;
  readonly idempotencyKey: IdempotencyKey | null;
  readonly by: AuditActor;
  readonly nowMs: number;
}

/**
 * Makes the auth within the caller's transaction, with its way to the doors; a request that was carried out before finds the auth that it made
 * (CLUe §7). Fails with `e1006` when it contradicts what is there and with `e1007` when it names what is not; `database_conflict` means that
 * somebody else came first, and the transaction has to be run again.
 */
export async function enrol(transaction: Transaction, asked: Enrolment, deps: EnrolDeps): Promise<AuthDetails> {
  const { placeGroupId, idempotencyKey, proofs } = asked;
  const joined = await withScanned(transaction, asked, deps.scans);
  const { enrolment } = joined;
  const { wanted, fields } = enrolment;
  const named = namedThings(enrolment);
  const facts = await loadEnrolmentFacts(transaction, { ...named, placeGroupId, userKey: wanted.userKey, idempotencyKey });
  const made = earlierResult(facts, enrolment);
  if (made !== null) return repeat(transaction, enrolment, made);
  if (joined.refusal !== null) throw joined.refusal;
  refuseUnknown(named, facts, fields);
  refuseTakenCards(cardKeysInOrder(wanted.credentials), facts, fields, null);
  if (proofs.uniquePin && refuseUniquePin(proofs.uniquePin.digits, facts, fields, null) === "taken") throw uniquePinTaken(fields);
  return insert(transaction, enrolment, { facts, named, deps, scanIds: joined.scanIds });
}

interface WithScanned {
  readonly enrolment: Enrolment;
  readonly scanIds: readonly number[];
  /** Why a token cannot be taken: the request may have been carried out before, by that very token. */
  readonly refusal: unknown;
}

async function withScanned(transaction: Transaction, enrolment: Enrolment, scans: RegistrationScans): Promise<WithScanned> {
  const { placeId, wanted, fields } = enrolment;
  if (wanted.registrationTokens.length === 0) return { enrolment, scanIds: [], refusal: null };
  const meanings = await scans.scannedBy(transaction, placeId, wanted.registrationTokens);
  try {
    const { cards, fingerprints, scanIds, fields: allFields }: Joined = joinScanned({ meanings, ...wanted.credentials, fields });
    const credentials = { ...wanted.credentials, cards, fingerprints };
    return { enrolment: { ...enrolment, wanted: { ...wanted, credentials }, fields: allFields }, scanIds, refusal: null };
  } catch (refusal) {
    return { enrolment, scanIds: [], refusal };
  }
}

function namedThings({ placeId, wanted, proofs }: Enrolment): NamedThings {
  const { doors, scheduleId, groupIds, credentials } = wanted;
  return {
    placeId,
    doorIds: doors === "all" ? [] : doors,
    scheduleId,
    groupIds,
    // In the order in which every transaction takes them: two that want the same cards never wait in a circle.
    cardKeys: cardKeysInOrder(credentials).toSorted(),
    uniquePinHash: proofs.uniquePin?.hash ?? null,
  };
}

interface EarlierResult {
  readonly authId: number;
  readonly isRemembered: boolean;
}

/** The auth that the same request made before, or null when it was not made before. */
function earlierResult({ remembered, live }: EnrolmentFacts, { bodyHmac, fields }: Enrolment): EarlierResult | null {
  if (remembered !== null) {
    if (!isSame(remembered.bodyHmac, bodyHmac)) throw refuseIdempotencyKey("was used with another body within the last 24 hours");
    // Somebody has ended what the first request made: repeating that request must not undo it.
    if (!remembered.isLive) throw refuseIdempotencyKey("was used for an auth that has been deleted since");
    return { authId: remembered.authId, isRemembered: true };
  }
  if (live === null) return null;
  if (isSame(live.bodyHmac, bodyHmac)) return { authId: live.authId, isRemembered: false };
  const message = `has an auth at this place already, made by another request: ${live.authId}`;
  const problem: Problem = { field: fields.userKey, message, authId: live.authId };
  throw new ClueError("e1006", { details: [problem] });
}

function isSame(known: Uint8Array | null, asked: Uint8Array): boolean {
  return known !== null && Buffer.compare(known, asked) === 0;
}

function refuseIdempotencyKey(message: string): ClueError {
  return new ClueError("e1006", { details: [{ field: "Idempotency-Key", message }] });
}

async function repeat(transaction: Transaction, enrolment: Enrolment, { authId, isRemembered }: EarlierResult): Promise<AuthDetails> {
  const auth = await readAuth(transaction, authId);
  if (auth === null) throw platformError("database_conflict", { detail: "The auth was deleted meanwhile." });
  if (!isRemembered) await remember(transaction, enrolment, authId);
  return authDetails(auth.kept, auth.doors);
}

interface Known {
  readonly facts: EnrolmentFacts;
  readonly named: NamedThings;
  readonly deps: EnrolDeps;
  readonly scanIds: readonly number[];
}

async function insert(transaction: Transaction, enrolment: Enrolment, { facts, named, deps, scanIds }: Known): Promise<AuthDetails> {
  const { placeId, placeGroupId, wanted, bodyHmac, by, nowMs } = enrolment;
  const { userKey, groupIds } = wanted;
  const record = authRecord(wanted, enrolment.faces);
  const { ids, secrets, duplicates } = await unlessTaken(async () => {
    const base = { placeId, placeGroupId, userId: facts.userId, userKey, record, cardKeys: named.cardKeys, bodyHmac, madeAtMs: nowMs };
    const inserted = await insertAuth(transaction, base);
    const judged = await judge(transaction, enrolment, { authId: inserted.authId, galleries: deps.galleries });
    const ids = { ids: inserted, personKeys: deps.personKeys, faces: judged.faces };
    return { ids: inserted, duplicates: judged.duplicates, secrets: await sealSecrets(transaction, enrolment, ids) };
  });
  await useScans(deps.scans, transaction, { scanIds, authId: ids.authId });
  await remember(transaction, enrolment, ids.authId);
  if (groupIds.length > 0) await joinGroups(transaction, enrolment, ids.authId);
  await writeAudit(transaction, {
    by,
    placeGroupId,
    placeId,
    atMs: nowMs,
    action: "auth.create",
    target: { kind: "auth", id: ids.authId },
  });
  // Last before the commit: the head of the roster is what all enrolments of a place wait for.
  if (groupIds.length > 0) await deriveRoster(transaction, placeId, { touched: { auths: [ids.authId] }, nowMs });
  else {
    const item = newAuthItem(ids, record, { cardKeys: named.cardKeys, secrets });
    await changeRoster(transaction, placeId, { changes: [{ key: itemKey(item), item }], nowMs });
  }
  await recordDuplicates(transaction, { ...ids, placeId, nowMs }, duplicates);
  const made = authDetails({ ...ids, placeId, userKey, madeAtMs: nowMs, lastModifiedMs: nowMs, record }, facts.doors);
  return { ...made, faceDuplicates: duplicates };
}

interface Judging {
  readonly authId: number;
  readonly galleries: PlaceGalleries;
}

/** Under the roster's head, taken after the person and their cards as every enrolment takes it; one without faces does not wait for it here. */
async function judge(
  transaction: Transaction,
  { placeId, wanted, faces, fields, nowMs }: Enrolment,
  { authId, galleries }: Judging,
): Promise<JudgedFaces> {
  if (faces.length === 0) return { faces, duplicates: [] };
  await lockRoster(transaction, placeId);
  return judgeFaces(transaction, galleries, { placeId, authId, faces, consent: wanted.faceConsent, fields, nowMs });
}

/** Under the roster's head, so that no group changes until the doors have what it gives. One that was deleted since it was looked up is met here. */
async function joinGroups(transaction: Transaction, { placeId, wanted, fields }: Enrolment, authId: number): Promise<void> {
  await lockRoster(transaction, placeId);
  await unlessTaken(() => replaceGroups(transaction, placeId, authId, wanted.groupIds));
  refuseExcess(await findExcessOfGrants(transaction, placeId, [authId]), fields);
  refuseExcess(await findCrowdedGroup(transaction, placeId, wanted.groupIds), fields);
}

async function sealSecrets(
  transaction: Transaction,
  { wanted, proofs, nowMs }: Enrolment,
  { ids, personKeys, faces }: { readonly ids: AuthIds; readonly personKeys: PersonKeys; readonly faces: readonly ProvenFace[] },
): Promise<Secrets> {
  const brought = { ...proofs, fingerprints: wanted.credentials.fingerprints, faces };
  if (!needsPersonKey(brought)) return NO_SECRETS;
  const secrets = changedSecrets(NO_SECRETS, brought, await personKeys.ensure(transaction, ids.userId, nowMs));
  await writeSecrets(transaction, ids.authId, secrets);
  return secrets;
}

/** What two requests at once may both want; the second one finds it taken, and then has to look again. */
const CONTENDED = [
  "users_place_group_id_key_key",
  "auths_place_id_user_id_idx",
  "cards_pkey",
  "auths_user_id_fkey",
  "auths_schedule_id_fkey",
  "auths_unique_pin_idx",
  "access_group_members_group_id_fkey",
];

export async function unlessTaken<Result>(write: () => Promise<Result>): Promise<Result> {
  try {
    return await write();
  } catch (cause) {
    if (CONTENDED.some((constraint) => violates(cause, constraint))) throw platformError("database_conflict", { cause });
    throw cause;
  }
}

async function remember(transaction: Transaction, { idempotencyKey: key, bodyHmac, nowMs }: Enrolment, authId: number): Promise<void> {
  if (key === null || (await rememberRequest(transaction, key, { bodyHmac, authId, madeAtMs: nowMs }))) return;
  throw platformError("database_conflict", { detail: "Another request used the same Idempotency-Key meanwhile." });
}
