/** Where a request wrote what, so that a refusal points at it. Each surface has its own. */
export interface AuthFields {
  /** How the surface refuses what a body names and the place does not have. */
  readonly unknownCode: "e1005" | "e1007";
  readonly userKey: string;
  readonly startTime: string;
  readonly endTime: string;
  readonly scheduleId: string;
  readonly uniquePin: string;
  readonly groupIds: string;
  /** Where a consent is recorded, or would be. */
  readonly faceConsent: string;
  /** What was read has the ids in ascending order. */
  door(doorId: number): string;
  group(groupId: number): string;
  /** By its position among the cards that were read. */
  card(index: number): string;
  /** By its position among the photos. */
  faceImage(index: number): string;
  /** By its position among the tokens of scans. */
  token(index: number): string;
}

/** Fields as CLUe names them, in a body that has them within `auth` or at its top. */
export function clueFields(body: unknown, prefix: "auth." | ""): AuthFields {
  const auth = prefix === "" ? body : memberOf(body, "auth");
  const credentials = memberOf(auth, "credentials");
  return {
    unknownCode: "e1007",
    userKey: "user.key",
    startTime: `${prefix}startTime`,
    endTime: `${prefix}endTime`,
    scheduleId: `${prefix}scheduleId`,
    uniquePin: `${prefix}credentials.uniquePin`,
    door: (doorId) => `${prefix}doorIds${indexOf(memberOf(auth, "doorIds"), (each) => Number(each) === doorId)}`,
    // CLUe has no groups: an auth gets them through v2 alone.
    groupIds: `${prefix}groupIds`,
    group: () => `${prefix}groupIds`,
    // Nor has it a consent: what is refused is the photo.
    faceConsent: `${prefix}credentials.faceImages`,
    card: (index) => `${prefix}credentials.cards${Array.isArray(memberOf(credentials, "cards")) ? `[${index}]` : ""}`,
    faceImage: (index) => `${prefix}credentials.faceImages${Array.isArray(memberOf(credentials, "faceImages")) ? `[${index}]` : ""}`,
    token: (index) => `${prefix}registrationTokens${Array.isArray(memberOf(auth, "registrationTokens")) ? `[${index}]` : ""}`,
  };
}

/** Fields as v2 names them. */
export function nativeFields(body: { readonly doors?: "all" | readonly number[]; readonly groupIds?: readonly number[] }): AuthFields {
  return {
    unknownCode: "e1005",
    userKey: "userKey",
    startTime: "startAt",
    endTime: "endAt",
    scheduleId: "scheduleId",
    uniquePin: "credentials.uniquePin",
    groupIds: "groupIds",
    faceConsent: "faceConsent",
    door: (doorId) => `doors${indexOf(body.doors, (each) => each === doorId)}`,
    group: (groupId) => `groupIds${indexOf(body.groupIds, (each) => each === groupId)}`,
    card: (index) => `credentials.cards[${index}]`,
    faceImage: (index) => `credentials.faceImages[${index}]`,
    token: (index) => `registrationTokens[${index}]`,
  };
}

/** `[2]`, or nothing where one value stood for a list. */
function indexOf(list: unknown, isWanted: (item: unknown) => boolean): string {
  const index = Array.isArray(list) ? list.findIndex(isWanted) : -1;
  return index < 0 ? "" : `[${index}]`;
}

function memberOf(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null ? Reflect.get(value, name) : undefined;
}
