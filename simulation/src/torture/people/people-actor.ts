import type { Clock } from "@postern/core";
import type { PeopleAct } from "../plan/act.ts";
import type { Answer, Asking } from "./asking.ts";
import type { Change, Journal, WantedAuth } from "./journal.ts";

export interface PeopleActorParts {
  readonly asking: Asking;
  readonly journal: Journal;
  readonly clock: Clock;
  readonly placeId: number;
  readonly doorIds: readonly number[];
}

/** What the actor believes of a person; `unsure` after an answer that tells nothing. */
interface Known {
  authId: number | null;
  isUnsure: boolean;
}

const YESTERDAY_MS = 86_400_000;

/** A door that no place has. */
const NO_DOOR_ID = 999_999_999;

/** The name by which a version of an auth tells which change made it. */
export function nameOf(person: number, change: number): string {
  return `p${person} c${change}`;
}

/** The change that a name tells of; null: none. */
export function changeOfName(name: string): number | null {
  const [, change] = /^p\d+ c(\d+)$/.exec(name) ?? [];
  return change === undefined ? null : Number(change);
}

export function cardOf(person: number): string {
  return String(700_000 + person);
}

/** Asks for what the plan says of some people, one thing after the other, and writes down what was answered. */
export class PeopleActor {
  readonly #parts: PeopleActorParts;
  readonly #known = new Map<number, Known>();

  constructor(parts: PeopleActorParts) {
    this.#parts = parts;
  }

  async carryOut(act: PeopleAct): Promise<void> {
    const known = this.#knownOf(act.person);
    if (known.isUnsure && !(await this.#lookUp(act.person, known))) return;
    if (act.kind === "wrong_door") return this.#enrol(act, `wrong-${act.change}`, [NO_DOOR_ID]);
    if (act.kind === "take_card" && known.authId !== null) return this.#takeCard(act);
    if (known.authId === null) return this.#enrol(act, keyOf(act.person), this.#doorsOf(act));
    if (act.kind === "revoke") return this.#revoke(act, known.authId);
    return this.#change(act, known.authId);
  }

  #knownOf(person: number): Known {
    const known = this.#known.get(person) ?? { authId: null, isUnsure: false };
    this.#known.set(person, known);
    return known;
  }

  #doorsOf({ doors }: PeopleAct): "all" | readonly number[] {
    return doors === "all" ? "all" : doors.flatMap((door) => this.#parts.doorIds[door] ?? []).sort((left, right) => left - right);
  }

  /** Whether the person has an auth now, after an answer that did not tell. */
  async #lookUp(person: number, known: Known): Promise<boolean> {
    const { asking, placeId } = this.#parts;
    const answer = await asking.ask((client) => client.listAuths({ params: { placeId }, query: { q: keyOf(person), limit: 100 } }));
    if (answer.outcome !== "done") return false;
    const found = itemsOf(answer.body).find(({ userKey }) => userKey === keyOf(person));
    known.authId = found?.authId ?? null;
    known.isUnsure = false;
    return true;
  }

  async #enrol(act: PeopleAct, userKey: string, doors: "all" | readonly number[]): Promise<void> {
    const { asking, placeId, clock } = this.#parts;
    const nowMs = clock.nowMs();
    const [startMs, endMs, name, card] = [nowMs - YESTERDAY_MS, nowMs + act.lastsMs, nameOf(act.person, act.change), cardOf(act.person)];
    const change = this.#begin(act, null, { status: "ACTIVE", doors, endMs, card });
    const answer =
      act.api === "v1"
        ? await asking.askV1(
            "POST",
            `/v1/places/${placeId}/auths`,
            clueEnrolment({ userKey, name, startMs, endMs, doors, card }),
            act.waits,
          )
        : await asking.ask((client) => {
            const credentials = { cards: [{ cardNumber: card, formatType: "CSN" as const }] };
            const body = { userKey, name, startAt: startMs, endAt: endMs, doors: doors === "all" ? doors : [...doors], credentials };
            return client.createAuth({ params: { placeId }, body });
          }, act.waits);
    const authId = this.#end(change, answer);
    if (userKey === keyOf(act.person)) this.#learn(act.person, answer, authId);
    // Whoever got the card of somebody else gives it back, so that its owner can be enrolled again.
    else if (authId !== null) await this.#revoke({ ...act, change: -act.change }, authId);
  }

  #takeCard(act: PeopleAct): Promise<void> {
    return this.#enrol(act, `thief-${act.change}`, "all");
  }

  async #change(act: PeopleAct, authId: number): Promise<void> {
    const { asking, clock } = this.#parts;
    const wanted = this.#wanted(act, clock.nowMs());
    const name = nameOf(act.person, act.change);
    const change = this.#begin(act, authId, wanted);
    const { status, doors, endMs } = wanted;
    const answer =
      act.api === "v1"
        ? await asking.askV1("PATCH", `/v1/auths/${authId}`, { ...clueRight(wanted), credentials: { name } }, act.waits)
        : await asking.ask((client) => {
            const body = {
              name,
              ...(status === undefined ? {} : { status }),
              ...(doors === undefined ? {} : { doors: doors === "all" ? doors : [...doors] }),
              ...(endMs === undefined ? {} : { endAt: endMs }),
            };
            return client.changeAuth({ params: { authId }, body });
          }, act.waits);
    this.#end(change, answer);
    if (answer.outcome === "refused") this.#knownOf(act.person).isUnsure = true;
  }

  #wanted(act: PeopleAct, nowMs: number): WantedAuth {
    switch (act.kind) {
      case "suspend":
        return { status: "INACTIVE" };
      case "resume":
        return { status: "ACTIVE", endMs: nowMs + YESTERDAY_MS };
      case "shorten":
        return { endMs: nowMs + act.lastsMs };
      default:
        return { doors: this.#doorsOf(act) };
    }
  }

  async #revoke(act: PeopleAct, authId: number): Promise<void> {
    const { asking } = this.#parts;
    const change = this.#begin({ ...act, kind: "revoke" }, authId, "gone");
    const answer =
      act.api === "v1"
        ? await asking.askV1("DELETE", `/v1/places/auths/${authId}`, undefined, act.waits)
        : await asking.ask((client) => client.deleteAuth({ params: { authId } }), act.waits);
    this.#end(change, answer);
    const known = this.#knownOf(act.person);
    if (known.authId !== authId) return;
    if (answer.outcome === "done") known.authId = null;
    else known.isUnsure = true;
  }

  #begin({ change, kind, api, person }: PeopleAct, authId: number | null, wanted: Change["wanted"]): Change {
    const { journal, clock } = this.#parts;
    const begun: Change = {
      ...{ change, kind, api, person, authId, wanted, code: null, answeredMs: null },
      askedMs: clock.nowMs(),
      outcome: "unknown",
    };
    journal.changes.push(begun);
    return begun;
  }

  /** The auth that the answer names, else the one that was asked about. */
  #end(change: Change, answer: Answer): number | null {
    change.answeredMs = this.#parts.clock.nowMs();
    change.outcome = answer.outcome;
    if (answer.outcome === "done") change.authId ??= authIdOf(answer.body);
    else change.code = answer.code;
    return change.authId;
  }

  #learn(person: number, answer: Answer, authId: number | null): void {
    const known = this.#knownOf(person);
    if (answer.outcome === "done") known.authId = authId;
    // Refused as well: an enrolment whose answer was lost may stand there.
    else known.isUnsure = true;
  }
}

function keyOf(person: number): string {
  return `person-${person}`;
}

function clueEnrolment(given: {
  readonly userKey: string;
  readonly name: string;
  readonly startMs: number;
  readonly endMs: number;
  readonly doors: "all" | readonly number[];
  readonly card: string;
}): unknown {
  const { userKey, name, startMs, endMs, doors, card } = given;
  const credentials = { name, cards: [{ cardNumber: card, formatType: "CSN" }] };
  const right = { ...clueRight({ status: "ACTIVE", doors, endMs }), startTime: startMs, scheduleType: "ALWAYS" };
  return { user: { key: userKey }, auth: { ...right, credentials } };
}

function clueRight({ status, doors, endMs }: WantedAuth): Record<string, unknown> {
  return {
    ...(status === undefined ? {} : { activeStatus: status }),
    ...(endMs === undefined ? {} : { endTime: endMs }),
    ...(doors === undefined ? {} : doors === "all" ? { doorAccessType: "ALL_DOOR" } : { doorAccessType: "SPECIFIC", doorIds: doors }),
  };
}

interface Found {
  readonly authId: number;
  readonly userKey: string;
}

function itemsOf(body: unknown): readonly Found[] {
  // biome-ignore lint/nursery/noUnsafeTypeAssertion: the contract says what a list answers.
  return (body as { readonly items: readonly Found[] }).items;
}

/** v1 has it under `data`. */
function authIdOf(body: unknown): number | null {
  // biome-ignore lint/nursery/noUnsafeTypeAssertion: the contract says what an enrolment answers.
  const { authId, data } = body as { readonly authId?: number; readonly data?: { readonly authId?: number } };
  return authId ?? data?.authId ?? null;
}
