import { type Group, type GroupGrant, type GroupWrite, PROBLEMS_COUNT_MAX, type Problem } from "@postern/contract";

/** An access group as it is kept: of each grant, doors once and in ascending order. */
export interface GroupRecord {
  readonly name: string;
  readonly grants: readonly GroupGrant[];
}

export interface KeptGroup {
  readonly groupId: number;
  readonly placeId: number;
  readonly record: GroupRecord;
  readonly memberCount: number;
}

export type GroupChange = Partial<GroupWrite>;

/** What a group is once `change` is carried out on it. What is absent stays. */
export function changedGroup(present: GroupRecord, { name, grants }: GroupChange): GroupRecord {
  return { name: name ?? present.name, grants: grants?.map(keptGrant) ?? present.grants };
}

function keptGrant({ doors, scheduleId }: GroupGrant): GroupGrant {
  return { doors: doors === "all" ? doors : doors.toSorted((left, right) => left - right), scheduleId };
}

/** The things that grants name. */
export interface NamedInGrants {
  readonly doorIds: ReadonlySet<number>;
  readonly scheduleIds: ReadonlySet<number>;
}

export function namedIn(grants: readonly GroupGrant[]): NamedInGrants {
  return {
    doorIds: new Set(grants.flatMap(({ doors }) => (doors === "all" ? [] : doors))),
    scheduleIds: new Set(grants.flatMap(({ scheduleId }) => scheduleId ?? [])),
  };
}

/** Everything that grants name and the place does not have, where the client wrote it. */
export function unknownInGrants(grants: readonly GroupGrant[], known: NamedInGrants): readonly Problem[] {
  const problems = grants.flatMap(({ doors, scheduleId }, index): Problem[] => {
    const wrong = (doors === "all" ? [] : [...doors.entries()])
      .filter(([, doorId]) => !known.doorIds.has(doorId))
      .map(([at, doorId]) => ({ field: `grants[${index}].doors[${at}]`, message: "is no door of this place", rejectedValue: doorId }));
    if (scheduleId === null || known.scheduleIds.has(scheduleId)) return wrong;
    return [...wrong, { field: `grants[${index}].scheduleId`, message: "is no schedule of this place", rejectedValue: scheduleId }];
  });
  return problems.slice(0, PROBLEMS_COUNT_MAX);
}

export function groupResource({ groupId, placeId, record, memberCount }: KeptGroup): Group {
  const grants = record.grants.map(({ doors, scheduleId }) => ({ doors: doors === "all" ? doors : [...doors], scheduleId }));
  return { groupId, placeId, name: record.name, grants, memberCount };
}
