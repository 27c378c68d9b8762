import { type LinkEvent, VENDOR_ASKS_PER_DOOR_MAX, VENDOR_BUDGET_MS, VENDOR_PRESENTED_LENGTH_MAX } from "@postern/contract";
import type { Decision } from "@postern/core";
import { VENDOR_JOINED_COUNT_MAX } from "../limits.ts";
import { type Attempt, chainOf, type Evidence, personOf, presentedAs, qrOf, withoutPresented } from "./attempt.ts";
import { after, answer, happeningAt, refuse } from "./conclude.ts";
import { failEvent, successEvent } from "./door-events.ts";
import type { DoorFacts } from "./door-facts.ts";
import type { DoorState } from "./door-state.ts";
import type { DoorStep, Unrecorded } from "./step-door.ts";
import { concludeAnswer } from "./take-answer.ts";
import { isSameAsker, restOf, silentBecause, type VendorAsk, type VendorWait, withoutWait } from "./vendor-wait.ts";

/**
 * Asks the customer's own server, once the success of the credential is written down. The same credential held up again while it is asked waits for the
 * same answer, and just after a refusal is answered alike: neither is a call, nor an event. Without a link nobody is asked, and nobody is kept waiting.
 */
export function askVendor(
  state: DoorState,
  attempt: Attempt,
  asked: Decision & { readonly kind: "ask_vendor" },
  facts: DoorFacts,
): DoorStep {
  const { presentation, auth, evidence } = attempt;
  const { presentationId, deviceId } = presentation;
  const asker = { deviceId, person: personOf(auth), evidence: withoutPresented(evidence) };
  const rest = restOf(state, asker, facts);
  if (rest !== null) return answer(state, [presentationId], rest, facts);
  const same = state.vendorWaits.find((wait) => isSameAsker(wait, asker));
  if (same !== undefined) return join(state, same, presentationId, facts);
  const presented = presentedAs(asked.credential, evidence);
  // Longer than anything that is issued or read: it is nobody's, and no server is sent it.
  if ((presented?.length ?? 0) > VENDOR_PRESENTED_LENGTH_MAX) return refuse(state, attempt, "unknown", facts);
  const wait: VendorWait = { ...asker, waitId: state.nextWaitId, credential: asked.credential, presentationIds: [presentationId] };
  const success = successEvent(happeningAt(state, deviceId, facts), asker.person, evidence);
  if (!facts.isServerReachable) {
    return concludeAnswer(state, { wait, holder: auth, given: silentBecause("link_down"), before: [success] }, facts);
  }
  if (state.vendorWaits.length >= VENDOR_ASKS_PER_DOOR_MAX) return refuse(state, attempt, "busy", facts);
  const { identify, credential } = asked;
  const ask = {
    doorId: state.wiring.doorId,
    deviceId,
    credential,
    identify,
    ...(asker.person ?? holderOf(evidence, facts)),
    ...(presented === undefined ? {} : { presented }),
  };
  return begin(state, { wait, ask, success }, facts);
}

/** Whom a code of ours was issued to who has no auth here: the customer's server is told who that is. */
function holderOf(evidence: readonly Evidence[], { roster }: DoorFacts): { readonly userId?: number } {
  const issued = evidence.find(({ qr }) => qr !== undefined);
  const item = issued?.key == null ? null : roster.qr(issued.key);
  return item === null ? {} : { userId: item.userId };
}

interface Beginning {
  readonly wait: VendorWait;
  readonly ask: VendorAsk;
  readonly success: LinkEvent;
}

function begin(state: DoorState, { wait, ask, success }: Beginning, facts: DoorFacts): DoorStep {
  const { waitId, deviceId, person, evidence } = wait;
  const budgetMs = facts.roster.door(state.wiring.doorId)?.vendorBudgetMs ?? VENDOR_BUDGET_MS;
  const failed = { person, chain: chainOf(evidence), reason: "not_recorded", qrId: qrOf(evidence)?.id } as const;
  const failure = failEvent(happeningAt(state, deviceId, facts), failed);
  return {
    state: { ...state, vendorWaits: [...state.vendorWaits, wait], nextWaitId: waitId + 1 },
    effects: [
      { kind: "record_first", events: [success], about: { kind: "ask", waitId, failure } },
      { kind: "ask_vendor", waitId, ask, budgetMs },
    ],
  };
}

function join(state: DoorState, wait: VendorWait, presentationId: number, facts: DoorFacts): DoorStep {
  if (wait.presentationIds.length >= VENDOR_JOINED_COUNT_MAX) {
    return answer(state, [presentationId], { outcome: "refused", reason: "busy", person: wait.person }, facts);
  }
  const joined = { ...wait, presentationIds: [...wait.presentationIds, presentationId] };
  return { state: { ...state, vendorWaits: state.vendorWaits.map((one) => (one === wait ? joined : one)) }, effects: [] };
}

/** Nobody is asked about what could not be written down: it would not open anyway. */
export function withdrawAsk(state: DoorState, { waitId, failure }: Unrecorded & { readonly kind: "ask" }, facts: DoorFacts): DoorStep {
  const wait = state.vendorWaits.find((one) => one.waitId === waitId);
  if (wait === undefined) return { state, effects: [] };
  const outcome = { outcome: "refused", reason: "not_recorded", person: wait.person } as const;
  return after(answer(withoutWait(state, wait), wait.presentationIds, outcome, facts), failure);
}
