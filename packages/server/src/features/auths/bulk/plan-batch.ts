import {
  ClueError,
  GRANT_DOORS_PER_AUTH_MAX,
  GRANTS_PER_AUTH_MAX,
  GROUPS_PER_AUTH_MAX,
  type ImportResult,
  type ImportRowWanted,
  type Problem,
} from "@postern/contract";
import { GROUP_MEMBERS_MAX } from "../../../roster/limits.ts";
import { type AuthFields, nativeFields } from "../auth-fields.ts";
import { type AuthRecord, cardKeysOf, changedNamesOf, changedRecord, type KeptAuth } from "../auth-record.ts";
import { refuseExcess, refuseTakenCards, refuseUnknown } from "../judge-named.ts";
import { newRecord } from "./new-record.ts";
import { failedRow, problemsOf } from "./row-problems.ts";

/** One row of an import, read and judged as far as it can be by itself. */
export type ReadRow =
  | { readonly row: number; readonly wanted: ImportRowWanted }
  | { readonly row: number; readonly problems: readonly Problem[] };

export interface GroupSize {
  readonly memberCount: number;
  readonly grantCount: number;
  /** Doors that its grants name. */
  readonly doorCount: number;
}

/** Everything a batch of rows depends on, of one moment. */
export interface BatchFacts {
  /** Of the place group, by key. */
  readonly userIds: ReadonlyMap<string, number>;
  /** The auths that these people have at the place, by key. */
  readonly auths: ReadonlyMap<string, KeptAuth>;
  readonly doorIds: ReadonlySet<number>;
  readonly scheduleIds: ReadonlySet<number>;
  /** The place's groups among those that rows name and people belong to. */
  readonly groups: ReadonlyMap<number, GroupSize>;
  /** Who holds the cards that rows name. */
  readonly cardHolders: ReadonlyMap<string, number>;
}

/** Numbers for who is new. */
export interface DrawIds {
  userId(): number;
  authId(): number;
}

export interface PlannedAuth {
  readonly authId: number;
  readonly userId: number;
  readonly record: AuthRecord;
  readonly cardKeys: readonly string[];
}

export interface PlannedChange extends PlannedAuth {
  readonly before: AuthRecord;
  readonly changed: readonly string[];
}

export interface BatchPlan {
  readonly results: readonly ImportResult[];
  readonly newPeople: readonly { readonly userId: number; readonly userKey: string }[];
  readonly created: readonly PlannedAuth[];
  readonly changed: readonly PlannedChange[];
}

/** What earlier rows of the batch have done to the facts. */
interface Standing {
  readonly cardHolders: Map<string, number>;
  readonly memberCounts: Map<number, number>;
}

/**
 * What to write for a batch of rows that name each person once, as if they were carried out one after the other: a card that an earlier row gives
 * away may be taken by a later one. A row that cannot be carried out fails alone.
 */
export function planBatch(facts: BatchFacts, rows: readonly ReadRow[], ids: DrawIds): BatchPlan {
  const standing: Standing = {
    cardHolders: new Map(facts.cardHolders),
    memberCounts: new Map([...facts.groups].map(([groupId, { memberCount }]) => [groupId, memberCount])),
  };
  const plan: Draft = { results: [], newPeople: [], created: [], changed: [] };
  for (const read of rows) {
    const { row } = read;
    try {
      if ("problems" in read) plan.results.push(failedRow(row, read.problems));
      else plan.results.push({ row, ...carryOut(read.wanted, { facts, standing, ids, plan }) });
    } catch (failure) {
      if (!(failure instanceof ClueError)) throw failure;
      plan.results.push(failedRow(row, problemsOf(failure)));
    }
  }
  return plan;
}

interface Draft {
  readonly results: ImportResult[];
  readonly newPeople: { readonly userId: number; readonly userKey: string }[];
  readonly created: PlannedAuth[];
  readonly changed: PlannedChange[];
}

interface Around {
  readonly facts: BatchFacts;
  readonly standing: Standing;
  readonly ids: DrawIds;
  readonly plan: Draft;
}

function carryOut(wanted: ImportRowWanted, around: Around): Omit<ImportResult, "row"> {
  const { facts, standing, ids, plan } = around;
  const live = facts.auths.get(wanted.userKey);
  const before = live?.record ?? newRecord(wanted);
  const record = changedRecord(before, wanted, { userKey: wanted.userKey, faces: undefined });
  const changed = live === undefined ? [] : changedNamesOf(live.record, record);
  if (live !== undefined && changed.length === 0) return { outcome: "unchanged", authId: live.authId };
  const cardKeys = cardKeysOf(record);
  judge(wanted, { record, cardKeys, live }, around);
  const auth = { authId: live?.authId ?? ids.authId(), userId: live?.userId ?? userIdOf(wanted, around), record, cardKeys };
  if (live === undefined) plan.created.push(auth);
  else plan.changed.push({ ...auth, before: live.record, changed });
  note(standing, auth, live?.record);
  return live === undefined
    ? { outcome: "created", authId: auth.authId }
    : { outcome: "changed", authId: auth.authId, changed: [...changed] };
}

function userIdOf({ userKey }: ImportRowWanted, { facts, ids, plan }: Around): number {
  const known = facts.userIds.get(userKey);
  if (known !== undefined) return known;
  const userId = ids.userId();
  plan.newPeople.push({ userId, userKey });
  return userId;
}

interface Judged {
  readonly record: AuthRecord;
  readonly cardKeys: readonly string[];
  readonly live: KeptAuth | undefined;
}

/** What stays is not judged anew, as in a single change. */
function judge(wanted: ImportRowWanted, { record, cardKeys, live }: Judged, { facts, standing }: Around): void {
  const fields = nativeFields({
    ...(wanted.doors === undefined ? {} : { doors: wanted.doors }),
    ...(wanted.groupIds === undefined ? {} : { groupIds: wanted.groupIds }),
  });
  if (record.endMs <= record.startMs)
    throw new ClueError("e1005", { details: [{ field: fields.endTime, message: `must be after ${fields.startTime}` }] });
  const { doors = [], scheduleId = null, groupIds = [] } = wanted;
  const doorIds = doors === "all" ? [] : doors;
  const found = {
    doors: doorIds.filter((doorId) => facts.doorIds.has(doorId)).map((doorId) => ({ doorId, doorName: "" })),
    hasSchedule: scheduleId !== null && facts.scheduleIds.has(scheduleId),
    groupIds: groupIds.filter((groupId) => facts.groups.has(groupId)),
    takenCards: cardKeys.flatMap((key) => takenCard(key, standing)),
    uniquePinAuthId: null,
    uniquePinCount: 0,
  };
  refuseUnknown({ placeId: 0, doorIds, scheduleId, groupIds, cardKeys, uniquePinHash: null }, found, fields);
  refuseTakenCards(cardKeys, found, fields, live?.authId ?? null);
  if (wanted.groupIds !== undefined) judgeGroups(record, live?.record, { facts, standing, fields });
}

function takenCard(key: string, { cardHolders }: Standing): { readonly key: string; readonly authId: number }[] {
  const authId = cardHolders.get(key);
  return authId === undefined ? [] : [{ key, authId }];
}

function judgeGroups(
  record: AuthRecord,
  before: AuthRecord | undefined,
  { facts, standing, fields }: { readonly facts: BatchFacts; readonly standing: Standing; readonly fields: AuthFields },
): void {
  const sizes = record.groupIds.flatMap((groupId) => facts.groups.get(groupId) ?? []);
  const sumOf = (count: (size: GroupSize) => number): number => sizes.reduce((sum, size) => sum + count(size), 0);
  if (sizes.length > GROUPS_PER_AUTH_MAX) refuseExcess({ message: `are more than ${GROUPS_PER_AUTH_MAX}` }, fields);
  if (sumOf(({ grantCount }) => grantCount) > GRANTS_PER_AUTH_MAX)
    refuseExcess({ message: `give more than ${GRANTS_PER_AUTH_MAX} grants together` }, fields);
  if (sumOf(({ doorCount }) => doorCount) > GRANT_DOORS_PER_AUTH_MAX)
    refuseExcess({ message: `name more than ${GRANT_DOORS_PER_AUTH_MAX} doors together` }, fields);
  const crowded = record.groupIds.find(
    (groupId) => before?.groupIds.includes(groupId) !== true && (standing.memberCounts.get(groupId) ?? 0) >= GROUP_MEMBERS_MAX,
  );
  if (crowded !== undefined) refuseExcess({ message: `group ${crowded} would have more than ${GROUP_MEMBERS_MAX} members` }, fields);
}

/** For the rows behind this one. */
function note(standing: Standing, { authId, record, cardKeys }: PlannedAuth, before: AuthRecord | undefined): void {
  for (const key of before === undefined ? [] : cardKeysOf(before)) standing.cardHolders.delete(key);
  for (const key of cardKeys) standing.cardHolders.set(key, authId);
  const add = (groupId: number, count: number): void =>
    void standing.memberCounts.set(groupId, (standing.memberCounts.get(groupId) ?? 0) + count);
  for (const groupId of before?.groupIds ?? []) add(groupId, -1);
  for (const groupId of record.groupIds) add(groupId, 1);
}
