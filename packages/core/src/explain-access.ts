import type { AccessFacts } from "./access-facts.ts";
import { assertNever } from "./assert.ts";
import { decideAccess } from "./decide-access.ts";
import type { Decision, DenialReason } from "./decision.ts";
import { reasonText } from "./reason-text.ts";
import { offsetSecondsAt, wallClockText } from "./time-zone.ts";

/** The rules of a decision in the order in which they are judged (see `decideAccess`). */
export const ACCESS_RULES = [
  "door",
  "credential",
  "mode",
  "belief",
  "status",
  "period",
  "doors",
  "schedule",
  "factors",
  "confirmation",
] as const;
export type AccessRule = (typeof ACCESS_RULES)[number];

/** One rule that was judged, and what it said in a sentence for a person. */
export interface AccessStep {
  readonly rule: AccessRule;
  /** False for the one rule that ended the decision with a denial or a wait. */
  readonly passed: boolean;
  readonly text: string;
}

export interface ExplainedAccess {
  readonly decision: Decision;
  /** From the first rule to the one that decided; what comes after it was not asked. */
  readonly steps: readonly AccessStep[];
}

/** What `decideAccess` says of these facts, and by which rules. Rules that do not concern somebody whom only a vendor can name are left out. */
export function explainAccess(facts: AccessFacts): ExplainedAccess {
  const decision = decideAccess(facts);
  const deciding = decidingRule(decision, facts);
  const judged = ACCESS_RULES.slice(0, ACCESS_RULES.indexOf(deciding) + 1).filter((rule) => concerns(rule, facts));
  const hasPassed = decision.kind === "granted" || decision.kind === "unlocked";
  const steps = judged.map((rule): AccessStep => {
    if (rule !== deciding || hasPassed) return { rule, passed: true, text: passedText(rule, facts) };
    return { rule, passed: false, text: refusedText(decision, facts) };
  });
  return { decision, steps };
}

const OF_THE_AUTH: ReadonlySet<AccessRule> = new Set(["status", "period", "doors", "schedule"]);

function concerns(rule: AccessRule, { auth, door }: AccessFacts): boolean {
  if (auth === null && OF_THE_AUTH.has(rule)) return false;
  if (rule === "belief") return door?.beliefAgeMsMax != null;
  return true;
}

function decidingRule(decision: Decision, facts: AccessFacts): AccessRule {
  switch (decision.kind) {
    case "granted":
      return decision.because === "vendor" || (facts.door?.confirmations.length ?? 0) > 0 ? "confirmation" : "factors";
    case "unlocked":
      return "mode";
    case "wait_factor":
      return "factors";
    case "ask_vendor":
      return "confirmation";
    case "denied":
      // Two rules want a clock: without one the period cannot be judged; with one it is the place's offsets that the schedule lacks.
      return decision.because === "no_clock" && facts.nowMs !== null ? "schedule" : RULE_OF_REASON[decision.because];
    default:
      return assertNever(decision);
  }
}

const RULE_OF_REASON: Readonly<Record<DenialReason, AccessRule>> = {
  door_unknown: "door",
  unknown: "credential",
  lockdown: "mode",
  locked_by_operator: "mode",
  locked_by_schedule: "mode",
  belief_too_old: "belief",
  inactive: "status",
  no_clock: "period",
  not_started: "period",
  ended: "period",
  wrong_door: "doors",
  schedule_missing: "schedule",
  outside_schedule: "schedule",
  qr_forged: "credential",
  qr_stale: "credential",
  qr_used: "credential",
  factor_not_allowed: "factors",
  factor_failed: "factors",
  factor_timeout: "factors",
  factor_delayed: "factors",
  busy: "factors",
  vendor_refused: "confirmation",
  vendor_silent: "confirmation",
  not_recorded: "confirmation",
  error: "confirmation",
};

function passedText(rule: AccessRule, facts: AccessFacts): string {
  const { auth, mode } = facts;
  switch (rule) {
    case "door":
      return `The door is ${facts.door?.name ?? "unknown"}.`;
    case "credential":
      return auth === null
        ? "Nobody here is known by it; the customer's server may name the person."
        : `It belongs to ${auth.name || `auth ${auth.id}`}.`;
    case "mode":
      return mode.kind === "unlocked"
        ? `The door stands unlocked by ${mode.by}: nobody needs a credential.`
        : "Nothing holds the door; credentials decide.";
    case "belief":
      return "The controller has heard from the server lately enough.";
    case "status":
      return "The right is active.";
    case "period":
      return auth === null ? "" : `The right holds from ${timeText(facts, auth.startMs)} until ${timeText(facts, auth.endMs)}.`;
    case "doors":
      return "The right covers this door, by itself or through a group.";
    case "schedule":
      return `It covers this time, ${timeText(facts, facts.nowMs)}.`;
    case "factors":
      return `What was presented is enough: ${facts.proven.join(", then ")}.`;
    case "confirmation":
      return facts.confirmation === "confirmed" ? "The customer's server agreed." : "The customer's server need not agree.";
    default:
      return assertNever(rule);
  }
}

function refusedText(decision: Decision, facts: AccessFacts): string {
  if (decision.kind === "wait_factor") return `Another factor must follow: ${decision.wanted.join(" or ")}.`;
  if (decision.kind === "ask_vendor") return "The customer's server is asked before the door opens.";
  if (decision.kind !== "denied") return "";
  const { auth } = facts;
  const because = decision.because;
  if (auth !== null && because === "not_started") return `The right begins only at ${timeText(facts, auth.startMs)}.`;
  if (auth !== null && because === "ended") return `The right ended at ${timeText(facts, auth.endMs)}.`;
  if (because === "outside_schedule") return `The right covers this door, but not at this time, ${timeText(facts, facts.nowMs)}.`;
  return sentence(reasonText(because));
}

/** A clause as a sentence. */
export function sentence(clause: string): string {
  return `${clause.charAt(0).toUpperCase()}${clause.slice(1)}.`;
}

/** On the place's wall clock, as far as it is known. */
function timeText({ utcTransitions }: AccessFacts, ms: number | null): string {
  if (ms === null) return "an unknown time";
  return wallClockText(ms, utcTransitions.length === 0 ? 0 : offsetSecondsAt(utcTransitions, ms));
}
