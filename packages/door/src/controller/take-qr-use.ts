import type { AuthItem, QrItem } from "@postern/core";
import type { Attempt } from "./attempt.ts";
import { refuse } from "./conclude.ts";
import type { DoorFacts } from "./door-facts.ts";
import type { DoorState } from "./door-state.ts";
import { judge } from "./judge.ts";
import type { DoorStep } from "./step-door.ts";
import type { VendorAnswer } from "./vendor-wait.ts";

/** What the server said. Everything is decided again, by the door and the replica as they are now. Null: nobody's code was asked about. */
export function takeQrUse(state: DoorState, waitId: number, { verdict }: VendorAnswer, facts: DoorFacts): DoorStep | null {
  const use = state.qrUses.find((one) => one.waitId === waitId);
  if (use === undefined) return null;
  const rest = { ...state, qrUses: state.qrUses.filter((one) => one !== use) };
  const item = itemOf(use.attempt, facts);
  const auth = authNow(use.attempt, item, facts);
  const attempt: Attempt = { ...use.attempt, auth };
  if (verdict === "refused") return refuse(rest, attempt, "qr_used", facts);
  // Taken away meanwhile, or at its end: what the server said is about a code of a QR that was.
  if (item === null) return refuse(rest, attempt, "unknown", facts);
  if (facts.nowMs === null || facts.nowMs >= item.toMs) return refuse(rest, attempt, "ended", facts);
  return judge(rest, { ...attempt, isQrAskedAfter: true }, facts);
}

function itemOf({ evidence }: Attempt, { roster }: DoorFacts): QrItem | null {
  const issued = evidence.find(({ qr }) => qr !== undefined);
  return issued?.key == null ? null : roster.qr(issued.key);
}

function authNow({ auth }: Attempt, item: QrItem | null, { roster }: DoorFacts): AuthItem | null {
  if (auth !== null) return roster.auth(auth.id);
  return item === null ? null : roster.authByUser(item.userId);
}
