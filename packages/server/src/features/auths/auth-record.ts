import { type AuthView, type ClueCard, type CreateAuth, defaultModes, modeToChain } from "@postern/contract";
import { type AuthItem, assert } from "@postern/core";

/** An auth as the database keeps it, but for its ids and times. */
export interface AuthRecord {
  readonly name: string;
  readonly status: "ACTIVE" | "INACTIVE";
  readonly startMs: number;
  readonly endMs: number;
  readonly doors: "all" | readonly number[];
  readonly scheduleId: number | null;
  readonly modes: readonly string[];
  readonly phone: string | null;
  /** As the client wrote them, in order. */
  readonly cards: readonly ClueCard[];
}

export interface DoorName {
  readonly doorId: number;
  readonly doorName: string;
}

export function authRecord(create: CreateAuth): AuthRecord {
  const { name, status, startMs, endMs, doors, scheduleId, credentials } = create;
  const cards = credentials.cards.map(({ cardNumber, formatType, formatData }) => ({ cardNumber, formatType, formatData }));
  const modes = credentials.modes ?? defaultModes(credentials);
  return { name, status, startMs, endMs, doors, scheduleId, modes, phone: credentials.phone, cards };
}

/** The canonical keys of the cards, in the order in which every transaction takes them: two that want the same cards never wait in a circle. */
export function cardKeys(create: CreateAuth): readonly string[] {
  return create.credentials.cards.map((card) => card.key).sort();
}

/** What the doors hold of an auth. `keys` are those of its cards, in ascending order. */
export function authItem(ids: { readonly authId: number; readonly userId: number }, record: AuthRecord, keys: readonly string[]): AuthItem {
  const { name, status, startMs, endMs, doors, scheduleId, modes } = record;
  const chains = modes.map((mode) => {
    const chain = modeToChain(mode);
    assert(chain !== null, "modes were checked when they were read");
    return chain;
  });
  return {
    kind: "auth",
    id: ids.authId,
    userId: ids.userId,
    name,
    status,
    startMs,
    endMs,
    doors,
    scheduleId,
    grants: [],
    chains,
    cards: keys,
    pin: null,
    uniquePin: null,
    fingerprints: [],
  };
}

export interface KeptAuth {
  readonly authId: number;
  readonly userId: number;
  readonly userKey: string;
  readonly lastModifiedMs: number;
  readonly record: AuthRecord;
}

/** An auth as its answer needs it. `doorNames` are those of its doors; none when it opens all of them. */
export function authView({ record, ...kept }: KeptAuth, doorNames: readonly DoorName[]): AuthView {
  const { name, status, startMs, endMs, scheduleId, modes, phone, cards } = record;
  const doors = record.doors === "all" ? record.doors : doorNames;
  return { ...kept, name, status, startMs, endMs, doors, scheduleId, modes, faceImages: [], cards, phone };
}
