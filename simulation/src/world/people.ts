import type { AuthItem, ItemKey, Random, RosterItem } from "@postern/core";
import { changeRoster } from "@postern/server/internal";
import type { DatabaseHost } from "../database/sim-database.ts";
import type { PeopleAct } from "../scenario/act.ts";
import { type ControllerLayout, modeItem, OFFICE_ID, PLACE_ID, scheduleItem } from "./layout.ts";
import type { RunningServer } from "./server-machine.ts";

/** Auths of `enrol_many` begin here; those of single persons have `PERSON_ID` plus their number. */
const MANY_ID = 100_000;
const PERSON_ID = 2_000;

const FOR_EVER_MS = Date.UTC(2036, 0, 1);

export interface Change {
  readonly key: ItemKey;
  readonly item: RosterItem | null;
}

export function authIdOf(person: number): number {
  return PERSON_ID + person;
}

/** The card a person was given first. */
export function cardOf(person: number): string {
  return String(7_000 + person);
}

/** The people who change what the doors must know, through whichever server answers. */
export class People {
  readonly #host: DatabaseHost;
  readonly #doors: readonly number[];
  readonly #random: Random;
  #nextOfMany = MANY_ID;

  constructor(host: DatabaseHost, controllers: readonly ControllerLayout[], random: Random) {
    this.#host = host;
    this.#doors = controllers.flatMap(({ doors }) => doors.map(({ doorId }) => doorId));
    this.#random = random;
  }

  doorId(door: number): number {
    return this.#doors[door % this.#doors.length] ?? 0;
  }

  /** Asks a server for a change. Whether it was done, only the database knows. */
  ask(server: RunningServer, act: PeopleAct): void {
    const change = (nowMs: number) => ({ changes: this.#changes(act, nowMs), nowMs });
    server.database.transaction((transaction) => changeRoster(transaction, PLACE_ID, change(server.clock.nowMs()))).catch(() => undefined);
  }

  #changes(act: PeopleAct, nowMs: number): Change[] {
    switch (act.kind) {
      case "enrol":
        return [put(this.#auth(act, nowMs))];
      case "enrol_many":
        return Array.from({ length: act.count }, () => put(this.#oneOfMany()));
      case "move_to_door":
        return this.#changed(act.person, (auth) => ({ ...auth, doors: [this.doorId(act.door)] }));
      case "suspend":
        return this.#changed(act.person, (auth) => ({ ...auth, status: act.isActive ? "ACTIVE" : "INACTIVE" }));
      case "move_card":
        return [
          ...this.#changed(act.person, (auth) => ({ ...auth, cards: [] })),
          ...this.#changed(act.to, (auth) => ({ ...auth, cards: [...new Set([...auth.cards, `CSN:${cardOf(act.person)}`])].sort() })),
        ];
      case "revoke":
        return [{ key: `auth:${authIdOf(act.person)}`, item: null }];
      case "set_mode":
        return [put(modeItem(this.doorId(act.door), act.mode))];
      case "set_office_hours":
        return [put(scheduleItem(OFFICE_ID, act.isOpen))];
      default:
        return [];
    }
  }

  #auth({ person, door, hasOfficeHours, needsFinger, lastsMs }: PeopleAct & { kind: "enrol" }, nowMs: number): AuthItem {
    return {
      ...this.#blank(authIdOf(person), door === null ? "all" : [this.doorId(door)]),
      scheduleId: hasOfficeHours ? OFFICE_ID : null,
      endMs: lastsMs === null ? FOR_EVER_MS : nowMs + lastsMs,
      chains: needsFinger ? [["CARD", "FINGERPRINT"]] : [["CARD"]],
      cards: [`CSN:${cardOf(person)}`],
    };
  }

  #oneOfMany(): AuthItem {
    this.#nextOfMany += 1;
    const doors = this.#random.int(2) === 0 ? "all" : [this.doorId(this.#random.int(100))];
    return { ...this.#blank(this.#nextOfMany, doors), cards: [`CSN:${this.#nextOfMany}`] };
  }

  #blank(id: number, doors: AuthItem["doors"]): AuthItem {
    return {
      kind: "auth",
      id,
      userId: id,
      name: `person ${id}`,
      doors,
      scheduleId: null,
      status: "ACTIVE",
      startMs: 0,
      endMs: FOR_EVER_MS,
      chains: [["CARD"]],
      grants: [],
      cards: [],
      pin: null,
      uniquePin: null,
      fingerprints: [],
    };
  }

  #changed(person: number, change: (auth: AuthItem) => AuthItem): Change[] {
    const item = this.#host.tables.items.get(`auth:${authIdOf(person)}`)?.item;
    // biome-ignore lint/nursery/noUnsafeTypeAssertion: the world writes roster items and nothing else.
    const auth = (item ?? null) as AuthItem | null;
    return auth === null ? [] : [put(change(auth))];
  }
}

function put(item: RosterItem): Change {
  return { key: `${item.kind}:${item.id}`, item };
}
