import { type PinVerifier, provesPin, uniquePinKey } from "@postern/core";
import type { CheckedCredential, TypedPin } from "../drivers/driver.ts";
import type { DoorFacts } from "./door-facts.ts";
import type { DoorState } from "./door-state.ts";
import { guessDelayMs, guesserKey } from "./guesses.ts";

/** What a PIN is checked against where nobody is meant: it takes as long, so that the wait tells nobody whether a person exists. */
const NOBODYS: PinVerifier = { salt: "AAAAAAAAAAAAAAAAAAAAAA==", hash: "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=" };

/**
 * Checks a typed PIN, off the event loop. What it proves is judged afterwards, on the door and the replica as they are then. One that has to wait for
 * wrong ones before it is not looked at.
 */
export async function checkTyped(typed: TypedPin, deviceId: number, state: DoorState, facts: DoorFacts): Promise<CheckedCredential> {
  const factor = typed.kind === "pin" ? "PIN" : "UNIQUE_PIN";
  const person = typed.kind === "pin" ? (state.waits.find((wait) => wait.deviceId === deviceId)?.person ?? null) : null;
  const authId = person?.authId ?? null;
  if (guessDelayMs(state.guessers, guesserKey(deviceId, authId), facts.stampMs) > 0) {
    return { kind: "withheld", factor, because: "factor_delayed" };
  }
  if (typed.kind === "unique_pin") {
    const salt = facts.roster.uniquePinSalt ?? NOBODYS.salt;
    const { digits } = typed;
    return { kind: "unique_pin_checked", factor: "UNIQUE_PIN", key: await uniquePinKey(digits, salt), digits };
  }
  const held = authId === null ? null : facts.roster.auth(authId);
  const verifier = held?.pin ?? NOBODYS;
  const isRight = await provesPin(typed.digits, verifier);
  return { kind: "pin_checked", factor: "PIN", authId, verifierHash: verifier.hash, isRight };
}
