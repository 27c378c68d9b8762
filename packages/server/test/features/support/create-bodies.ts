/** The guide's create-user body, but for its photo. */
export const GUIDE_BODY = {
  user: { key: "1234567", name: "namehere" },
  auth: {
    startTime: 1718809200000,
    endTime: 1718895540000,
    doorAccessType: "SPECIFIC",
    doorIds: [234, 235, 236],
    scheduleType: "SPECIFIC",
    scheduleId: 333,
    credentials: { cards: [{ cardNumber: "12345", formatType: "CSN" }] },
    activeStatus: "ACTIVE",
  },
};

type Fields = Readonly<Record<string, unknown>>;

/** A body that every place takes, with some fields replaced; `undefined` takes one away. */
export function bodyOf(key: string, { auth, credentials, user }: { auth?: Fields; credentials?: Fields; user?: Fields } = {}): Fields {
  const base = { activeStatus: "ACTIVE", startTime: 1_000, endTime: 2_000, doorAccessType: "ALL_DOOR", scheduleType: "ALWAYS" };
  return { user: { key, ...user }, auth: { ...base, credentials: { ...credentials }, ...auth } };
}

export function csn(cardNumber: string): Fields {
  return { cardNumber, formatType: "CSN" };
}
