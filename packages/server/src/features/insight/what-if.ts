import type { Problem, WhatIfAnswer, WhatIfBody } from "@postern/contract";
import {
  type AuthItem,
  assertNever,
  type Chain,
  cardKey,
  type Decision,
  explainAccess,
  parseCard,
  reasonText,
  sentence,
  wallClockText,
} from "@postern/core";
import type { Queryable } from "../../platform/database.ts";
import { NativeRefusal } from "../../platform/http/native-refusal.ts";
import { hidden } from "../../platform/operations/serve-operations.ts";
import { gmtOffsetSeconds } from "../../roster/place-items.ts";
import { factsOf, modeAt, readAuthItem, readDoorRoster } from "./roster-facts.ts";
import { findAuthOfCard, findAuthOfKey, findPerson, placeOfDoor } from "./store.ts";

export interface WhatIfPlace {
  readonly placeId: number;
  readonly timeZone: string;
}

export interface Question {
  readonly doorId: number;
  readonly atMs: number;
  readonly authId: number | null;
  /** Null: all that the first fitting chain of the auth asks for. */
  readonly proven: Chain | null;
  /** What stands first when the chain is chosen. */
  readonly begins: Chain[number] | null;
}

/** Reads who is meant. Fails with `not_found` for an auth, key or door that is not of this place; an unknown card is a question like any other. */
export async function readQuestion(queryable: Queryable, placeId: number, body: WhatIfBody, nowMs: number): Promise<Question> {
  const { doorId, card, authId, userKey, proven } = body;
  if ([card, authId, userKey].filter((one) => one !== undefined).length !== 1) {
    throw invalid({ field: "card", message: "is to be given alone, or authId, or userKey: exactly one says who" });
  }
  if ((await placeOfDoor(queryable, doorId)) !== placeId) throw hidden("doorId");
  const asked = { doorId, atMs: body.at ?? nowMs, proven: proven === undefined ? null : factorsOf(proven) };
  if (card !== undefined) return { ...asked, authId: await authOfCard(queryable, placeId, card), begins: "CARD" };
  const found = userKey === undefined ? (authId ?? null) : await findAuthOfKey(queryable, placeId, userKey);
  if (found === null || (await findPerson(queryable, placeId, found)) === null) throw hidden(userKey === undefined ? "authId" : "userKey");
  return { ...asked, authId: found, begins: null };
}

const FACTORS: readonly Chain[number][] = ["CARD", "CODE", "FACE", "FINGERPRINT", "PIN", "QR", "UNIQUE_PIN", "MOBILE"];

/** The factors among these words. */
export function factorsOf(words: readonly string[]): Chain {
  return words.flatMap((word) => FACTORS.find((factor) => factor === word) ?? []);
}

async function authOfCard(queryable: Queryable, placeId: number, card: NonNullable<WhatIfBody["card"]>): Promise<number | null> {
  const parsed = parseCard({ formatType: "CSN", ...card });
  if (parsed.kind === "problem") throw invalid({ field: `card.${parsed.field}`, message: parsed.message });
  return findAuthOfCard(queryable, placeId, cardKey(parsed.card));
}

function invalid(problem: Problem): NativeRefusal {
  return new NativeRefusal("argument_invalid", { problems: [problem] });
}

/** What the place's present roster says. */
export async function whatIf(queryable: Queryable, place: WhatIfPlace, question: Question): Promise<WhatIfAnswer> {
  const { placeId, timeZone } = place;
  const { doorId, atMs, authId } = question;
  const [auth, person] =
    authId === null ? [null, null] : await Promise.all([readAuthItem(queryable, placeId, authId), findPerson(queryable, placeId, authId)]);
  const roster = await readDoorRoster(queryable, { placeId, doorId }, auth === null ? [] : [auth]);
  const proven = question.proven ?? chainOf(auth, question.begins);
  const { decision, steps } = explainAccess(factsOf(roster, { auth, proven, atMs, mode: modeAt(roster, atMs) }));
  return {
    doorId,
    at: atMs,
    localTime: wallClockText(atMs, gmtOffsetSeconds(timeZone, atMs)),
    outcome: decision.kind,
    reason: decision.kind === "denied" || decision.kind === "unlocked" || decision.kind === "granted" ? decision.because : null,
    text: textOf(decision, person?.name || person?.userKey || "This person"),
    wanted: decision.kind === "wait_factor" ? [...decision.wanted] : [],
    person,
    steps: [...steps],
  };
}

function chainOf(auth: AuthItem | null, begins: Chain[number] | null): Chain {
  const chains = auth?.chains ?? [];
  const fitting = begins === null ? chains : chains.filter(([first]) => first === begins);
  return fitting[0] ?? (begins === null ? [] : [begins]);
}

function textOf(decision: Decision, who: string): string {
  switch (decision.kind) {
    case "granted":
      return `${who} may pass.`;
    case "unlocked":
      return "The door stands unlocked: everybody may pass.";
    case "wait_factor":
      return `${who} has to present more: ${decision.wanted.join(" or ")}.`;
    case "ask_vendor":
      return "The customer's server decides.";
    case "denied":
      return sentence(reasonText(decision.because));
    default:
      return assertNever(decision);
  }
}
