import {
  type AuthReceipts,
  type AuthSync,
  type DoorCommand,
  type Explanation,
  LINK_CODES,
  type NativeOperationId,
  type PlaceSync,
  type Receipt,
  type Scan,
  type SyncOfController,
  type WhatIfAnswer,
} from "@postern/contract";
import { reasonText } from "@postern/core";
import { cardText } from "../card-text.ts";
import { type Paint, table } from "../output.ts";
import type { ShowTime } from "./shown-value.ts";

/** An answer told in sentences, and whether it says no. */
interface AnswerText {
  readonly lines: readonly string[];
  readonly isRefusal?: boolean;
}

type Write = (answer: unknown, paint: Paint, showTime: ShowTime) => AnswerText;

/** Answers that a table would not tell. */
export const ANSWER_TEXTS: Partial<Readonly<Record<NativeOperationId, Write>>> = {
  // biome-ignore lint/nursery/noUnsafeTypeAssertion: the contract says what this operation answers.
  whatIf: (answer, paint) => whatIfText(answer as WhatIfAnswer, paint),
  // biome-ignore lint/nursery/noUnsafeTypeAssertion: as above.
  explainEvent: (answer, paint) => explanationText(answer as Explanation, paint),
  // biome-ignore lint/nursery/noUnsafeTypeAssertion: as above.
  readPlaceSync: (answer, _paint, showTime) => placeSyncText(answer as PlaceSync, showTime),
  // biome-ignore lint/nursery/noUnsafeTypeAssertion: as above.
  readAuthSync: (answer, _paint, showTime) => authSyncText(answer as AuthSync, showTime),
  // biome-ignore lint/nursery/noUnsafeTypeAssertion: as above.
  readAuthReceipts: (answer, _paint, showTime) => receiptsText(answer as AuthReceipts, showTime),
  // biome-ignore lint/nursery/noUnsafeTypeAssertion: as above.
  learnCard: (answer, paint) => learntText(answer as DoorCommand, paint),
  // biome-ignore lint/nursery/noUnsafeTypeAssertion: as above.
  requestScan: (answer, paint) => scanText(answer as Scan, paint),
};

function scanText({ token, deviceId, state, card, score, duplicateAuthIds, reason }: Scan, paint: Paint): AnswerText {
  if (state === "waiting" || state === "scanning")
    return { lines: [`Device ${deviceId} waits; scan show ${token} tells what came of it.`] };
  if (state === "failed") return { lines: [`${paint.bad("Nothing was scanned.")}  ${whyNot(reason, state)}`], isRefusal: true };
  const what = card === undefined ? `A finger, read with ${score ?? 0} of a hundred` : `${cardText(card)}  ${formatOf(card)}`;
  const held = duplicateAuthIds.length === 0 ? [] : [paint.bad(`Held already by auth ${duplicateAuthIds.join(", ")}.`)];
  return { lines: [paint.good(what), ...held, paint.dim(`Give it to somebody with --registration-tokens ${token}`)] };
}

function formatOf({ formatType, formatData }: NonNullable<Scan["card"]>): string {
  return formatData === undefined ? formatType : `${formatType} ${formatData}`;
}

function whyNot(reason: string | null, state: string): string {
  const code = Object.entries(LINK_CODES).find(([known]) => known === reason);
  const why = code === undefined ? `${reasonText(reason ?? undefined)}.` : code[1].summary;
  return `${why} (${reason ?? state})`;
}

function learntText({ commandId, deviceId, state, card, reason, endedAt }: DoorCommand, paint: Paint): AnswerText {
  if (endedAt === null) return { lines: [`Device ${deviceId} waits for the card; command show ${commandId} tells which it was.`] };
  if (state === "done" && card !== undefined) {
    return { lines: [`${paint.good(cardText(card))}  ${formatOf(card)}`, paint.dim(`Give it to somebody with --cards ${cardText(card)}`)] };
  }
  return { lines: [`${paint.bad("No card was learnt.")}  ${whyNot(reason, state)}`], isRefusal: true };
}

function placeSyncText(answer: PlaceSync, showTime: ShowTime): AnswerText {
  const { revision, confirmedBy, controllerCount, waiting, failed, away, controllers } = answer;
  const late = [
    [waiting, "on their way"],
    [failed, "with an item that failed"],
    [away, "away"],
  ].flatMap(([count, text]) => (count === 0 ? [] : [`${count} ${text}`]));
  const head = `Revision ${revision}: ${confirmedBy} of ${controllerCount} controllers have it${late.map((one) => `, ${one}`).join("")}.`;
  return { lines: [head, ...controllerLines(controllers, showTime)] };
}

function authSyncText({ authId, revision, isGone, controllers }: AuthSync, showTime: ShowTime): AnswerText {
  const late = controllers.filter(({ state }) => state !== "confirmed").length;
  const what = isGone ? `The end of auth ${authId}` : `Auth ${authId}`;
  const head = `${what}, revision ${revision}: ${controllers.length - late} of ${controllers.length} controllers have it.`;
  return { lines: [head, ...controllerLines(controllers, showTime)] };
}

function controllerLines(controllers: readonly SyncOfController[], showTime: ShowTime): string[] {
  if (controllers.length === 0) return [];
  const rows = controllers.map(({ controllerId, serial, connected, state, wantedRevision, confirmedRevision, since, error }) => [
    ...[String(controllerId), serial, connected ? "yes" : "no", state, String(wantedRevision), String(confirmedRevision)],
    ...[since === null ? "–" : showTime(since), error ?? "–"],
  ]);
  return table([["CONTROLLER ID", "SERIAL", "CONNECTED", "STATE", "WANTED", "CONFIRMED", "SINCE", "ERROR"], ...rows]);
}

function receiptsText({ authId, revocations }: AuthReceipts, showTime: ShowTime): AnswerText {
  if (revocations.length === 0) return { lines: [`Nothing was taken away from auth ${authId} within the last year.`] };
  const lines = revocations.flatMap(({ revision, because, askedAt, receipts }, index) => {
    const late = receipts.filter(({ state }) => state === "owed").length;
    const still = receipts.length === 0 ? "no door held it" : late === 0 ? "no door holds it" : `${late} may still hold it`;
    const head = `${because.replace("_", " ")} at ${showTime(askedAt)}, revision ${revision}: ${still}.`;
    return [...(index === 0 ? [] : [""]), head, ...receiptLines(receipts, showTime)];
  });
  return { lines };
}

/** Digests by their first digits, which tell two of them apart; whole with `--json`. */
function receiptLines(receipts: readonly Receipt[], showTime: ShowTime): string[] {
  if (receipts.length === 0) return [];
  const digest = (text: string | null): string => text?.slice(0, 12) ?? "–";
  const rows = receipts.map((one) => [
    ...[String(one.controllerId), one.serial ?? "–", one.doorIds.join(",") || "none", one.connected ? "yes" : "no"],
    ...[one.state.replace("_", " "), one.confirmedAt === null ? "not yet" : showTime(one.confirmedAt)],
    ...[digest(one.digestBefore), String(one.revisionAfter ?? "–"), digest(one.digestAfter)],
  ]);
  return table([["CONTROLLER ID", "SERIAL", "DOORS", "CONNECTED", "STATE", "CONFIRMED", "BEFORE", "AT REVISION", "AFTER"], ...rows]);
}

function whatIfText(answer: WhatIfAnswer, paint: Paint): AnswerText {
  const isOpen = answer.outcome === "granted" || answer.outcome === "unlocked";
  const who = answer.person === null ? "somebody unknown" : `${answer.person.name} / ${answer.person.userKey}`;
  const head = `${(isOpen ? paint.good : paint.bad)(answer.outcome)}  door ${answer.doorId}, ${answer.localTime}, ${who}`;
  return { lines: [head, answer.text, ...stepLines(answer, paint)], isRefusal: !isOpen };
}

function stepLines({ steps }: WhatIfAnswer, paint: Paint): string[] {
  const width = Math.max(0, ...steps.map(({ rule }) => rule.length));
  return steps.map(({ rule, passed, text }) => `  ${passed ? paint.good("✓") : paint.bad("✗")} ${rule.padEnd(width)}  ${paint.dim(text)}`);
}

function explanationText({ eventType, meaning, text, now }: Explanation, paint: Paint): AnswerText {
  const lines = [`${paint.strong(eventType)}  ${meaning}`, text];
  if (now === null) return { lines };
  return { lines: [...lines, "", "With what the doors hold now:", ...whatIfText(now, paint).lines.map((line) => `  ${line}`)] };
}
