import { EVENT_CATALOGUE, type Explanation, eventName } from "@postern/contract";
import { assert, type Chain, reasonText, sentence } from "@postern/core";
import { encodeLogId, type LedgerPosition } from "../../ledger/log-id.ts";
import type { Queryable } from "../../platform/database.ts";
import { findCommandState, findEvent, findPerson, type LedgerEvent, placeOfDoor } from "./store.ts";
import { vendorTexts } from "./vendor-trace.ts";
import { factorsOf, type WhatIfPlace, whatIf } from "./what-if.ts";

/** Why an event happened, and what the present roster says of the same; null: there is no such event. */
export async function explainEvent(queryable: Queryable, place: WhatIfPlace, position: LedgerPosition): Promise<Explanation | null> {
  const event = await findEvent(queryable, place.placeId, position.sequence);
  if (event === null) return null;
  const eventType = eventName(event.eventType);
  assert(eventType !== null, "every event of the ledger has a code of the catalogue");
  const { meaning } = EVENT_CATALOGUE[eventType];
  const detail = event.detail ?? {};
  const reason = typeof detail["reason"] === "string" ? detail["reason"] : null;
  return {
    logId: encodeLogId(position),
    eventAt: event.eventAt,
    eventType,
    meaning,
    doorId: event.doorId,
    deviceId: event.deviceId === 0 ? null : event.deviceId,
    authId: event.authId,
    userKey: event.userKey,
    reason,
    text: [meaning, ...(reason === null ? [] : [sentence(reasonText(reason))]), ...(await causes(queryable, place.placeId, detail))].join(
      " ",
    ),
    detail,
    now: await presentAnswer(queryable, place, event),
  };
}

/** What else the detail names: the factors presented, what the customer's own server answered, the command behind it. */
async function causes(queryable: Queryable, placeId: number, detail: NonNullable<LedgerEvent["detail"]>): Promise<string[]> {
  const { chain, commandId } = detail;
  const texts: string[] = [];
  if (typeof chain === "string") texts.push(`Presented: ${chain.split(",").join(", then ")}.`);
  texts.push(...vendorTexts(detail));
  if (typeof commandId === "number") {
    const command = await findCommandState(queryable, placeId, commandId);
    texts.push(command === null ? `By command ${commandId}.` : `By command ${commandId} (${command}).`);
  }
  return texts;
}

async function presentAnswer(queryable: Queryable, place: WhatIfPlace, { authId, doorId, eventAt, detail }: LedgerEvent) {
  if (authId === null || doorId === null) return null;
  const [person, placeId] = await Promise.all([findPerson(queryable, place.placeId, authId), placeOfDoor(queryable, doorId)]);
  if (person === null || placeId !== place.placeId) return null;
  return whatIf(queryable, place, { doorId, atMs: eventAt, authId, proven: chainOf(detail?.["chain"]), begins: null });
}

function chainOf(text: unknown): Chain | null {
  const chain = typeof text === "string" ? factorsOf(text.split(",")) : [];
  return chain.length === 0 ? null : chain;
}
