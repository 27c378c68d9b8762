import type { LinkEvent } from "@postern/contract";
import {
  type AuthItem,
  type Chain,
  type ConfirmationState,
  type DoorItem,
  type DoorModeItem,
  decideAccess,
  doorMode,
  type Factor,
  type ItemKey,
  type RosterItem,
  type ScheduleItem,
} from "@postern/core";
import type { PlaceHistory } from "./place-history.ts";
import type { Claim } from "./roster-checker.ts";
import type { Accuse } from "./violation.ts";

/** Beside its policy, how old a door's belief may be: a keepalive that has to run out, and what a server may need to say the news. */
const BELIEF_MS_AROUND = 75_000;

export interface Passage {
  readonly machine: { readonly name: string };
  readonly doorId: number;
  /** The last event that was durable before the bolt moved. */
  readonly event: LinkEvent | undefined;
  /** The success of the credential that it goes back to; absent: that event itself, since the customer's own server was not asked between. */
  readonly shown?: LinkEvent | undefined;
  readonly atMs: number;
  /** By the controller's own clock; null: it has none. */
  readonly doorMs: number | null;
  /** What the machine has confirmed that it holds; null: nothing since its disk was exchanged. */
  readonly confirmed: Claim | null;
  /** When the server was last heard by the machine, or by the one its disk comes from. */
  readonly heardMs: number;
}

/** Nobody passes whom the place's own history would have refused, beyond what the door's policy allows it to believe. */
export class PassageChecker {
  readonly #history: PlaceHistory;
  readonly #accuse: Accuse;
  readonly #obeyed = new Set<string>();
  count = 0;

  constructor(history: PlaceHistory, accuse: Accuse) {
    this.#history = history;
    this.#accuse = accuse;
  }

  passed(passage: Passage): void {
    const { machine, doorId, event, shown = event } = passage;
    const confirmation = event === undefined ? undefined : CONFIRMATIONS.get(event.eventType);
    this.count += 1;
    if (event?.eventType === "DOOR_OPENED_BY_COMMAND" && event.doorId === doorId) this.#judgeCommand(passage, event);
    else if (event?.doorId === doorId && shown !== undefined && isSuccess(event, confirmation)) {
      this.#judgeBelief(passage);
      this.#judgeRight(passage, { authId: event.authId ?? null, proven: chainOf(shown), confirmation: confirmation ?? "not_asked" });
    } else
      this.#accuse(
        "recorded first",
        `the bolt of door ${doorId} moved at ${machine.name} after ${event?.eventType ?? "nothing"} was written down`,
      );
  }

  /** The command's own numbers stand in the world's table. */
  notAfter: (commandId: number) => number | undefined = () => undefined;

  /** Whether the customer's own server has ever confirmed somebody. */
  isKnown: (authId: number) => boolean = () => false;

  #judgeCommand({ machine, doorId, doorMs }: Passage, { detail }: LinkEvent): void {
    const commandId = Number(detail?.["commandId"]);
    const key = `${machine.name}:${commandId}`;
    if (this.#obeyed.has(key)) this.#accuse("commands", `command ${commandId} opened door ${doorId} twice`);
    this.#obeyed.add(key);
    const notAfterMs = this.notAfter(commandId);
    if (notAfterMs === undefined) return;
    if (doorMs === null || doorMs > notAfterMs) this.#accuse("commands", `command ${commandId} opened door ${doorId} after its time`);
  }

  #judgeBelief({ machine, doorId, atMs, heardMs }: Passage): void {
    const door = this.#history.now(`door:${doorId}`)?.item;
    if (door?.kind !== "door" || door.beliefAgeMsMax === null) return;
    const ageMs = atMs - heardMs;
    if (ageMs > door.beliefAgeMsMax * 1.02 + 1_000)
      this.#accuse(
        "belief",
        `${machine.name} let somebody pass at door ${doorId} ${Math.round(ageMs / 1_000)} s after it last heard a server`,
      );
  }

  #judgeRight(passage: Passage, { authId, proven, confirmation }: Claimed): void {
    const { machine, doorId } = passage;
    const isKnown = authId !== null && this.isKnown(authId);
    const question = { proven, confirmation, isKnown, nowMs: passage.doorMs };
    const auths = authId === null ? [null] : this.#believable(`auth:${authId}`, passage).filter((auth) => auth?.kind === "auth");
    const isAllowed = auths.some((auth) => this.#facts(auth, passage).some((facts) => isGranted({ ...question, auth, ...facts })));
    if (!isAllowed) {
      const claim = passage.confirmed === null ? "nothing" : `revision ${passage.confirmed.urgentTo} of ${passage.confirmed.epoch}`;
      this.#accuse(
        "passage",
        `auth ${authId ?? "of nobody"} passed door ${doorId} at ${machine.name}, which had confirmed ${claim}: nothing it may believe allows it`,
      );
    }
  }

  /** Each mixture of what the door may believe of everything but the person. */
  #facts(auth: AuthItem | null, passage: Passage): RosterFacts[] {
    const doors = this.#believable(`door:${passage.doorId}`, passage);
    const modes = this.#believable(`mode:${passage.doorId}`, passage);
    const schedules = auth === null || auth.scheduleId === null ? [null] : this.#believable(`schedule:${auth.scheduleId}`, passage);
    return doors.flatMap((door) =>
      modes.flatMap((mode) =>
        schedules.map((schedule) => ({
          door: door?.kind === "door" ? door : null,
          mode: mode?.kind === "mode" ? mode : null,
          schedule: schedule?.kind === "schedule" ? schedule : null,
        })),
      ),
    );
  }

  /**
   * The versions of an item that a door may go by then: none that were not yet made, none older than what it confirmed, none that ended longer ago than
   * its policy allows.
   */
  #believable(key: ItemKey, { atMs, confirmed, doorId }: Passage): (RosterItem | null)[] {
    const versions = this.#history.of(key);
    const door = this.#history.now(`door:${doorId}`)?.item;
    const beliefMs = door?.kind === "door" ? (door.beliefAgeMsMax ?? Number.POSITIVE_INFINITY) : 0;
    const oldest = this.#history.indexAtTime(key, atMs - beliefMs - BELIEF_MS_AROUND);
    const confirmedFrom = confirmed === null ? -1 : this.#history.indexAt(key, confirmed.epoch, confirmed.urgentTo);
    const made = this.#history.indexAtTime(key, atMs) + 1;
    return versions.slice(Math.max(0, oldest, confirmedFrom), made).map((version) => version.item);
  }
}

interface RosterFacts {
  readonly door: DoorItem | null;
  readonly mode: DoorModeItem | null;
  readonly schedule: ScheduleItem | null;
}

/** Who passed, by what, and what the customer's own server had said of it. */
interface Claimed {
  readonly authId: number | null;
  readonly proven: Chain;
  readonly confirmation: ConfirmationState;
}

const CONFIRMATIONS: ReadonlyMap<string, ConfirmationState> = new Map([
  ["VENDOR_AUTH_SUCCESS", "confirmed"],
  ["VENDOR_AUTH_WAIVED", "silent"],
]);

/** Nobody but the customer knows somebody who has no auth. */
function isSuccess({ eventType, authId }: LinkEvent, confirmation: ConfirmationState | undefined): boolean {
  if (confirmation !== undefined) return authId !== undefined || confirmation === "confirmed";
  return authId !== undefined && eventType.startsWith("DEV_") && eventType.endsWith("_AUTH_SUCCESS");
}

interface GrantQuestion extends RosterFacts, Omit<Claimed, "authId"> {
  readonly auth: AuthItem | null;
  readonly isKnown: boolean;
  readonly nowMs: number | null;
}

function isGranted({ auth, proven, confirmation, isKnown, nowMs, door, mode, schedule }: GrantQuestion): boolean {
  const utcTransitions = [{ fromMs: 0, offsetSeconds: 7_200 }];
  const held = doorMode({
    isFireSignalled: false,
    mode,
    scheduledLock: null,
    scheduledUnlock: null,
    firstIn: "not_needed",
    utcTransitions,
    nowMs,
  });
  const decision = decideAccess({
    nowMs,
    door,
    mode: held,
    auth,
    schedules: new Map(schedule === null ? [] : [[schedule.id, schedule.schedule]]),
    utcTransitions,
    proven,
    confirmation,
    vendorConfirmedAgoMs: isKnown ? 0 : null,
    beliefAgeMs: 0,
  });
  return decision.kind === "granted";
}

function chainOf({ eventType, detail }: LinkEvent): Chain {
  const chain = detail?.["chain"];
  // biome-ignore lint/nursery/noUnsafeTypeAssertion: the door wrote the factors' own names.
  if (typeof chain === "string") return chain.split(",") as Factor[];
  return eventType === "DEV_FINGERPRINT_AUTH_SUCCESS" ? ["FINGERPRINT"] : ["CARD"];
}
