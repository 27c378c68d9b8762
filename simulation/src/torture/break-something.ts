import { assertNever, type Timers } from "@postern/core";
import type { KeptProcess } from "./machines/kept-process.ts";
import type { Stage } from "./machines/stage.ts";
import type { FaultAct, Killable, LineFault } from "./plan/act.ts";
import type { Tally } from "./tally.ts";

/** Injects one fault, and says which. One that finds nobody, because what it is meant for is down already, is not told. */
export async function breakSomething(stage: Stage, act: FaultAct, tally: Tally, timers: Timers): Promise<void> {
  if (act.kind === "line") {
    stage.lines[act.line]?.apply(act.fault);
    const name = act.line === stage.doors.length ? "the API's line" : `the line of controller ${act.line}`;
    tally.fault(act.atMs, act.fault.kind, `${describeLineFault(act.fault)} on ${name}`);
  } else if (act.kind === "kill") {
    const met = await kill(stage, act);
    if (met !== null) tally.fault(act.atMs, `kill ${act.what}`, `kill -9 ${met}`);
  } else {
    const met = await stop(stage, act, timers);
    if (met !== null) tally.fault(act.atMs, `stop ${act.what}`, `SIGSTOP ${met} for ${seconds(act.forMs)}`);
  }
}

function processOf({ servers, doors }: Stage, what: Killable, which: number): KeptProcess | undefined {
  return what === "server" ? servers[which]?.process : what === "door" ? doors[which] : undefined;
}

/** Who was killed; null: nobody. */
async function kill(stage: Stage, { what, which, downMs }: FaultAct & { readonly kind: "kill" }): Promise<string | null> {
  const kept = processOf(stage, what, which);
  if (kept !== undefined) return kept.kill(downMs) ? kept.name : null;
  if (what === "postmaster") return stage.database.killPostmaster() ? "the postmaster" : null;
  return stage.database.killBackend(which);
}

async function stop(stage: Stage, { what, which, forMs }: FaultAct & { readonly kind: "stop" }, timers: Timers): Promise<string | null> {
  const kept = processOf(stage, what, which);
  if (kept !== undefined) {
    if (!kept.stop()) return null;
    timers.after("a stopped process goes on", forMs, () => kept.goOn());
    return kept.name;
  }
  if (what === "postmaster") return stage.database.stopPostmaster(forMs) ? "the postmaster" : null;
  return stage.database.stopBackend(which, forMs);
}

function describeLineFault(fault: LineFault): string {
  switch (fault.kind) {
    case "delay":
      return `delay of ${fault.delayMs} ms for ${seconds(fault.forMs)}`;
    case "throttle":
      return `${fault.bytesPerSecond} bytes/s for ${seconds(fault.forMs)}`;
    case "cut":
      return `cut ${fault.direction} after ${fault.afterBytes} bytes`;
    case "swallow":
      return `half-open: swallows ${fault.directions.join(" and ")} for ${seconds(fault.forMs)}`;
    case "hold":
      return `holds everything for ${seconds(fault.forMs)}`;
    case "reset":
      return "reset";
    case "refuse":
      return `refuses connections for ${seconds(fault.forMs)}`;
    default:
      return assertNever(fault);
  }
}

function seconds(ms: number): string {
  return `${(ms / 1_000).toFixed(1)} s`;
}
