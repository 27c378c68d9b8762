/** The guide's literal create-user body; its photo is cut short there too. */
export const GUIDE_BODY = {
  user: { key: "1234567", name: "namehere" },
  auth: {
    startTime: 1718809200000,
    endTime: 1718895540000,
    doorAccessType: "SPECIFIC",
    doorIds: [234, 235, 236],
    scheduleType: "SPECIFIC",
    scheduleId: 333,
    credentials: { cards: [{ cardNumber: "12345", formatType: "CSN" }], faceImages: ["/9j/4AAQSkZJRgABAQAASABIAA..."] },
    activeStatus: "ACTIVE",
  },
};

type Fields = Readonly<Record<string, unknown>>;

export interface BodyParts {
  readonly user?: Fields;
  readonly auth?: Fields;
  readonly credentials?: Fields;
}

/** A body that is read without problems, with some fields replaced; `undefined` takes one away. */
export function bodyWith({ user, auth, credentials }: BodyParts): unknown {
  const base = {
    activeStatus: "ACTIVE",
    startTime: 1_000,
    endTime: 2_000,
    doorAccessType: "ALL_DOOR",
    scheduleType: "ALWAYS",
    credentials: { name: "Kim", ...credentials },
  };
  return { user: { key: "acme.42", ...user }, auth: { ...base, ...auth } };
}
