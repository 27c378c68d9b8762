import { type Clock, pause, type Timers } from "@postern/core";
import { breakSomething } from "./break-something.ts";
import type { Stage } from "./machines/stage.ts";
import { Asking } from "./people/asking.ts";
import type { Journal } from "./people/journal.ts";
import { PeopleActor } from "./people/people-actor.ts";
import { Presenter } from "./people/presenter.ts";
import type { DoorAct, TorturePlan } from "./plan/act.ts";
import type { Tally } from "./tally.ts";

export interface CarryOutParts {
  readonly stage: Stage;
  readonly plan: TorturePlan;
  readonly journal: Journal;
  readonly tally: Tally;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly signal: AbortSignal;
}

const CONFIRMED_EVERY_MS = 700;

/** Tries everything that the plan says, all at its time or as soon after it as what came before has ended. */
export async function carryOut(parts: CarryOutParts): Promise<void> {
  const { stage, plan, journal, tally, clock, timers } = parts;
  const { placeId, key, doorIds, seats } = stage.place;
  const asking = (): Asking => new Asking({ baseUrl: stage.baseUrl, key, clock, journal });
  const beganMs = clock.monotonicMs();
  const inTurn = async <Act extends { readonly atMs: number }>(acts: readonly Act[], act: (one: Act) => Promise<void>): Promise<void> => {
    for (const one of acts) {
      const waitMs = beganMs + one.atMs - clock.monotonicMs();
      if (waitMs > 0) await pause(timers, "the next act", waitMs, parts.signal);
      if (parts.signal.aborted || clock.monotonicMs() > beganMs + plan.durationMs) return;
      await act(one);
    }
  };
  const doorAsking = asking();
  await Promise.all([
    inTurn(plan.faults, (fault) => breakSomething(stage, fault, tally, timers)),
    ...plan.people.map((acts) => {
      const actor = new PeopleActor({ asking: asking(), journal, clock, placeId, doorIds });
      return inTurn(acts, (act) => actor.carryOut(act));
    }),
    ...plan.presents.map((acts, index) => {
      const seat = seats[index];
      if (seat === undefined) return Promise.resolve();
      const presenter = new Presenter({ folder: seat.folder, controllerId: seat.controllerId, doorIds, clock, journal });
      return inTurn(acts, (act) => presenter.carryOut(act));
    }),
    inTurn(plan.doors, (act) => operate(parts, doorAsking, act)),
    lookForConfirmations(parts, asking(), beganMs + plan.durationMs),
  ]);
}

async function operate({ stage, journal }: CarryOutParts, asking: Asking, { door, kind }: DoorAct): Promise<void> {
  const doorId = stage.place.doorIds[door] ?? 0;
  const answer = await asking.ask((client) =>
    kind === "open"
      ? client.openDoor({ params: { doorId }, body: { withinMs: 5_000 } })
      : client.setDoorMode({ params: { doorId }, body: { operator: kind === "lock" ? "locked" : "none" } }),
  );
  if (kind !== "open" || answer.outcome !== "done") return;
  // biome-ignore lint/nursery/noUnsafeTypeAssertion: the contract says what this operation answers.
  const { commandId, notAfter } = answer.body as { readonly commandId: number; readonly notAfter: number };
  journal.commands.set(commandId, notAfter);
}

/** What the server says that the controllers have confirmed; from then on they are held to it. */
async function lookForConfirmations(
  { stage, journal, clock, timers, signal }: CarryOutParts,
  asking: Asking,
  endMs: number,
): Promise<void> {
  const { placeId } = stage.place;
  while (!signal.aborted && clock.monotonicMs() < endMs) {
    await asking.ask(async (client) => {
      const { controllers } = await client.readPlaceSync({ params: { placeId } });
      for (const { controllerId, confirmedRevision } of controllers) journal.confirm(controllerId, confirmedRevision, clock.nowMs());
    });
    await pause(timers, "look for confirmations", CONFIRMED_EVERY_MS, signal);
  }
}
