import { type AuthView, ClueError, type CreateAuth, PROBLEMS_COUNT_MAX, type Problem } from "@postern/contract";
import { itemKey } from "@postern/core";
import type { Transaction } from "../../platform/database.ts";
import { violates } from "../../platform/database-error.ts";
import { platformError } from "../../platform/platform-errors.ts";
import { changeRoster } from "../../roster/roster-store.ts";
import { authItem, authRecord, authView, cardKeys } from "./auth-record.ts";
import { type IdempotencyKey, rememberRequest } from "./idempotency-store.ts";
import { type AuthIds, type EnrolmentFacts, insertAuth, loadEnrolmentFacts, type NewAuth, readAuth } from "./store.ts";

/** One request to give a person a right at a place, read and judged as far as it can be without the database. */
export interface Enrolment {
  readonly placeId: number;
  readonly placeGroupId: number;
  readonly create: CreateAuth;
  /** Where the request names a door. */
  readonly doorField: (doorId: number) => string;
  readonly bodyHmac: Uint8Array;
  readonly idempotencyKey: IdempotencyKey | null;
  readonly nowMs: number;
}

/**
 * Makes the auth within the caller's transaction, with its way to the doors; a request that was carried out before finds the auth that it made
 * (CLUe §7). Fails with `e1006` when it contradicts what is there and with `e1007` when it names what is not; `database_conflict` means that
 * somebody else came first, and the transaction has to be run again.
 */
export async function enrol(transaction: Transaction, enrolment: Enrolment): Promise<AuthView> {
  const { placeId, placeGroupId, create, idempotencyKey } = enrolment;
  const keys = cardKeys(create);
  const doorIds = create.doors === "all" ? [] : create.doors;
  const { userKey, scheduleId } = create;
  const facts = await loadEnrolmentFacts(transaction, {
    placeId,
    placeGroupId,
    userKey,
    doorIds,
    scheduleId,
    cardKeys: keys,
    idempotencyKey,
  });
  const made = earlierResult(facts, enrolment);
  if (made !== null) return repeat(transaction, enrolment, made);
  refuseUnknown(facts, enrolment);
  refuseTakenCards(facts, create);
  return insert(transaction, enrolment, { facts, keys });
}

interface EarlierResult {
  readonly authId: number;
  readonly isRemembered: boolean;
}

/** The auth that the same request made before, or null when it was not made before. */
function earlierResult({ remembered, live }: EnrolmentFacts, { bodyHmac }: Enrolment): EarlierResult | null {
  if (remembered !== null) {
    if (!isSame(remembered.bodyHmac, bodyHmac)) throw refuseIdempotencyKey("was used with another body within the last 24 hours");
    // Somebody has ended what the first request made: repeating that request must not undo it.
    if (!remembered.isLive) throw refuseIdempotencyKey("was used for an auth that has been deleted since");
    return { authId: remembered.authId, isRemembered: true };
  }
  if (live === null) return null;
  if (isSame(live.bodyHmac, bodyHmac)) return { authId: live.authId, isRemembered: false };
  const message = `has an auth at this place already, made by another request: ${live.authId}`;
  throw new ClueError("e1006", { details: [{ field: "user.key", message, authId: live.authId }] });
}

function isSame(known: Uint8Array | null, asked: Uint8Array): boolean {
  return known !== null && Buffer.compare(known, asked) === 0;
}

function refuseIdempotencyKey(message: string): ClueError {
  return new ClueError("e1006", { details: [{ field: "Idempotency-Key", message }] });
}

async function repeat(transaction: Transaction, enrolment: Enrolment, { authId, isRemembered }: EarlierResult): Promise<AuthView> {
  const auth = await readAuth(transaction, authId);
  if (auth === null) throw platformError("database_conflict", { detail: "The auth was deleted meanwhile." });
  if (!isRemembered) await remember(transaction, enrolment, authId);
  return authView(auth.kept, auth.doors);
}

/** Names every door and the schedule that the place does not have; nobody learns whether another place has them. */
function refuseUnknown(facts: EnrolmentFacts, { create: { doors, scheduleId }, doorField }: Enrolment): void {
  const known = new Set(facts.doors.map((door) => door.doorId));
  const unknown = doors === "all" ? [] : doors.filter((doorId) => !known.has(doorId));
  const problems: Problem[] = unknown
    .slice(0, PROBLEMS_COUNT_MAX)
    .map((doorId) => ({ field: doorField(doorId), message: "is no door of this place", rejectedValue: doorId }));
  if (scheduleId !== null && !facts.hasSchedule) {
    problems.push({ field: "auth.scheduleId", message: "is no schedule of this place", rejectedValue: scheduleId });
  }
  if (problems.length > 0) throw new ClueError("e1007", { details: problems });
}

function refuseTakenCards(facts: EnrolmentFacts, { credentials }: CreateAuth): void {
  const holders = new Map(facts.takenCards.map((card) => [card.key, card.authId]));
  const problems = credentials.cards.flatMap((card, index): Problem[] => {
    const authId = holders.get(card.key);
    const field = `auth.credentials.cards[${index}]`;
    return authId === undefined ? [] : [{ field, message: "belongs to another auth at this place", authId }];
  });
  if (problems.length > 0) throw new ClueError("e1006", { details: problems });
}

async function insert(
  transaction: Transaction,
  enrolment: Enrolment,
  known: { facts: EnrolmentFacts; keys: readonly string[] },
): Promise<AuthView> {
  const { placeId, placeGroupId, create, bodyHmac, nowMs } = enrolment;
  const { facts, keys } = known;
  const { userKey } = create;
  const record = authRecord(create);
  const ids = await insertUnlessTaken(transaction, {
    placeId,
    placeGroupId,
    userId: facts.userId,
    userKey,
    record,
    cardKeys: keys,
    bodyHmac,
    madeAtMs: nowMs,
  });
  await remember(transaction, enrolment, ids.authId);
  const item = authItem(ids, record, keys);
  // Last before the commit: the head of the roster is what all enrolments of a place wait for.
  await changeRoster(transaction, placeId, [{ key: itemKey(item), item }]);
  return authView({ ...ids, userKey, lastModifiedMs: nowMs, record }, facts.doors);
}

/** What two enrolments at once may both want; the second one finds it taken, and then has to look again. */
const CONTENDED = ["users_place_group_id_key_key", "auths_place_id_user_id_idx", "cards_pkey", "auths_schedule_id_fkey"];

async function insertUnlessTaken(transaction: Transaction, auth: NewAuth): Promise<AuthIds> {
  try {
    return await insertAuth(transaction, auth);
  } catch (cause) {
    if (CONTENDED.some((constraint) => violates(cause, constraint))) throw platformError("database_conflict", { cause });
    throw cause;
  }
}

async function remember(transaction: Transaction, { idempotencyKey: key, bodyHmac, nowMs }: Enrolment, authId: number): Promise<void> {
  if (key === null || (await rememberRequest(transaction, key, { bodyHmac, authId, madeAtMs: nowMs }))) return;
  throw platformError("database_conflict", { detail: "Another request used the same Idempotency-Key meanwhile." });
}
