import { pause, reasonText, systemClock, systemRandom, systemTimers } from "@postern/core";
import { askVirtualDriver } from "@postern/door/ask-virtual-driver";
import { type ApiTarget, callApi, member, text } from "../api.ts";
import { type DemoFile, requireDemoFile } from "../demo-file.ts";
import { failure } from "../failure.ts";
import { controllerOf } from "../local-door.ts";
import type { Output } from "../output.ts";
import { trustCertificate } from "../own-certificate.ts";
import { controllersOf } from "../place-controllers.ts";
import { dataDir } from "../settings.ts";

const CONFIRM_MS_MAX = 10_000;
const LOOK_MS = 20;
const DAY_MS = 86_400_000;
const ANSWER_MS_MAX = 10_000;

/** One step of the story, as programs get it. */
interface Step {
  readonly step: string;
  readonly ms: number;
  readonly [fact: string]: unknown;
}

interface Stage {
  readonly target: ApiTarget;
  readonly demo: DemoFile;
  readonly doorId: number;
  readonly socketPath: string;
  readonly tell: (step: Step, words: string) => void;
}

/** Plays the story against a running server, with a person and a card of its own each time. Fails at the first step that is not as it should be. */
export async function playDemo(options: { readonly json?: boolean }, output: Output): Promise<void> {
  const demo = await requireDemoFile(dataDir());
  await trustCertificate(demo.certFile);
  const doorId = demo.doors[0]?.doorId ?? 0;
  const { socketPath } = await controllerOf(dataDir(), doorId);
  const tell: Stage["tell"] = (step, words) =>
    options.json === true ? output.json(step) : output.line(`${output.paint.dim(`${step.ms.toFixed(0).padStart(6)} ms`)}  ${words}`);
  const stage: Stage = { target: demo, demo, doorId, socketPath, tell };
  const card = String(1_000_000_000 + systemRandom.int(1_000_000_000));
  const key = `demo-${card}`;

  await untilRelay(stage, "off");
  const authId = await enrol(stage, { key, card });
  await confirmed(stage, "The door has it, and has proven so by its digest.");
  await present(stage, { card, expected: "opened", words: "The card opens the door." });
  await bolt(stage, "on", "The bolt is released.");
  await present(stage, { card: `9${card}`, expected: "refused", words: "An unknown card does not." });
  await bolt(stage, "off", "The bolt has fallen again.");
  await readLog(stage, key);
  await revoke(stage, authId);
  await confirmed(stage, "The door has that too.");
  await present(stage, { card, expected: "refused", words: "The same card opens nothing any more." });
  if (options.json !== true) output.line("The story is told.");
}

async function timed<Result>(work: () => Promise<Result>): Promise<{ readonly result: Result; readonly ms: number }> {
  const startMs = systemClock.monotonicMs();
  const result = await work();
  return { result, ms: systemClock.monotonicMs() - startMs };
}

async function enrol({ target, demo, doorId, tell }: Stage, { key, card }: { key: string; card: string }): Promise<number> {
  const nowMs = systemClock.nowMs();
  const credentials = { name: "Demo Person", cards: [{ cardNumber: card, formatType: "CSN" }] };
  const auth = {
    startTime: nowMs - DAY_MS,
    endTime: nowMs + DAY_MS,
    doorAccessType: "SPECIFIC",
    doorIds: [doorId],
    scheduleType: "ALWAYS",
    credentials,
    activeStatus: "ACTIVE",
  };
  const { result, ms } = await timed(() =>
    callApi(target, { method: "POST", path: `/v1/places/${demo.placeId}/auths`, body: { user: { key }, auth } }),
  );
  const authId = Number(member(member(result, "data"), "authId"));
  tell({ step: "enrol", ms, authId, userKey: key }, `Registered ${key} with a card: authId ${authId}.`);
  return authId;
}

/** Waits until the door's controller has confirmed everything that the server wants it to have. */
async function confirmed({ target, demo, tell }: Stage, words: string): Promise<void> {
  const { result, ms } = await timed(async () => {
    const endMs = systemClock.monotonicMs() + CONFIRM_MS_MAX;
    for (;;) {
      const controllers = await controllersOf(target, demo.placeId);
      const revisions = controllers.find((controller) => controller.serial === demo.controllerSerial);
      if (revisions !== undefined && revisions.confirmedRevision >= revisions.wantedRevision) return revisions.confirmedRevision;
      if (systemClock.monotonicMs() > endMs)
        throw failure("not_confirmed", `The door did not confirm within ${CONFIRM_MS_MAX / 1_000} s. Look at \`postern controller list\`.`);
      await pause(systemTimers, "look again", LOOK_MS);
    }
  });
  tell({ step: "confirmed", ms, revision: result }, `${words} Revision ${result}.`);
}

async function present(
  { socketPath, doorId, tell }: Stage,
  { card, expected, words }: { card: string; expected: "opened" | "refused"; words: string },
): Promise<void> {
  const { result, ms } = await timed(() =>
    askVirtualDriver(socketPath, { op: "present", doorId, card: { cardNumber: card, formatType: "CSN" } }, { timeoutMs: ANSWER_MS_MAX }),
  );
  if (result.outcome !== expected)
    throw failure(
      "story_broken",
      `Door ${doorId} should have been ${expected} and was ${result.outcome}${result.reason === undefined ? "" : ` (${reasonText(result.reason)})`}.`,
    );
  const why = result.reason === undefined ? "" : ` Reason: ${reasonText(result.reason)}.`;
  tell(
    { step: "present", ms, outcome: result.outcome, ...(result.reason === undefined ? {} : { reason: result.reason }) },
    `${words}${why}`,
  );
}

async function bolt(stage: Stage, wanted: "on" | "off", words: string): Promise<void> {
  const { ms } = await timed(() => untilRelay(stage, wanted));
  stage.tell({ step: "bolt", ms, relay: wanted }, words);
}

/** Before the story too: a passage through a door that is still open only prolongs it, and would tell another story. */
async function untilRelay({ socketPath, doorId }: Stage, wanted: "on" | "off"): Promise<void> {
  const endMs = systemClock.monotonicMs() + ANSWER_MS_MAX;
  for (;;) {
    const state = await askVirtualDriver(socketPath, { op: "state", doorId }, { timeoutMs: ANSWER_MS_MAX });
    const door = state.doors.find((each) => each.doorId === doorId);
    if (door?.relay === wanted) return;
    if (systemClock.monotonicMs() > endMs) {
      const held = door === undefined || door.mode.kind === "credentials" ? "" : ` It is held ${door.mode.kind}: ${door.mode.by}.`;
      throw failure("story_broken", `The relay of door ${doorId} should be ${wanted}.${held} Look at \`postern door state\`.`);
    }
    await pause(systemTimers, "look again", LOOK_MS);
  }
}

const PASSAGE = ["DEV_CARD_AUTH_SUCCESS", "DEV_DOOR_RELAY_ON", "DEV_DOOR_RELAY_OFF"];

/** Waits until the passage stands in the ledger whole and in order. */
async function readLog({ target, demo, tell }: Stage, key: string): Promise<void> {
  const { result, ms } = await timed(async () => {
    const endMs = systemClock.monotonicMs() + ANSWER_MS_MAX;
    for (;;) {
      const types = await passageOf(target, demo, key);
      if (PASSAGE.every((type) => types.includes(type))) return types;
      if (systemClock.monotonicMs() > endMs)
        throw failure("story_broken", `The ledger should hold ${PASSAGE.join(", ")}, and holds ${types.join(", ") || "nothing"}.`);
      await pause(systemTimers, "look again", LOOK_MS);
    }
  });
  tell({ step: "log", ms, events: result }, `The ledger has it in order: ${result.join(", ")}.`);
}

/** The types of the events from this person's passage on. */
async function passageOf(target: ApiTarget, demo: DemoFile, key: string): Promise<string[]> {
  const query = new URLSearchParams({ placeId: String(demo.placeId), page: "0", size: "50", sort: "id,desc" });
  const answer = await callApi(target, { path: `/v1/be/events?${query.toString()}` });
  const data = member(answer, "data");
  const events: unknown[] = Array.isArray(data) ? [...data].reverse() : [];
  const start = events.findIndex((event) => member(event, "userId") === key);
  return start < 0 ? [] : events.slice(start).flatMap((event) => text(member(event, "eventType")) ?? []);
}

async function revoke({ target, tell }: Stage, authId: number): Promise<void> {
  const { ms } = await timed(() => callApi(target, { method: "DELETE", path: `/v1/places/auths/${authId}` }));
  tell({ step: "revoke", ms, authId }, "Took the right away.");
}
