import type { FaultKind } from "../scenario/act.ts";

/** One place of the product's source, and how it reads without the guard. */
export interface SourceChange {
  readonly file: string;
  readonly from: string;
  readonly to: string;
}

/** A guard of the product, and what takes it out. */
export interface Guard {
  readonly name: string;
  readonly changes: readonly SourceChange[];
  /** The faults of the worlds in which its lack must show; absent: whatever is drawn. */
  readonly faults?: readonly FaultKind[];
  /** The checkers that must say so; absent: any. */
  readonly seenBy?: readonly string[];
  /** A guard that stands before it: this one must be missed in a world that the lack of the other alone does not break. */
  readonly behind?: string;
}

export const GUARDS: readonly Guard[] = [
  {
    name: "repeat check",
    changes: [
      {
        file: "packages/server/src/ledger/plan-append.ts",
        from: "if (localLogId > through) appendEvent(",
        to: "appendEvent(",
      },
    ],
    faults: ["weather", "cut_all", "lose_commit_answer"],
  },
  {
    name: "hole check",
    changes: [
      {
        file: "packages/server/src/ledger/plan-append.ts",
        from: "through === undefined || batch.first > through + 1",
        to: "through === undefined",
      },
    ],
    faults: ["lose_appends", "weather"],
  },
  {
    name: "predecessor",
    changes: [
      {
        file: "packages/server/src/ledger/plan-append.ts",
        from: "if (stored === undefined || stored < predecessor.last)",
        to: "if (stored === undefined)",
      },
    ],
    faults: ["lose_appends", "kill_controller"],
  },
  {
    name: "fork",
    changes: [
      {
        file: "packages/server/src/ledger/plan-append.ts",
        from: "if (stored > predecessor.last)",
        to: "if (stored < 0)",
      },
    ],
    faults: ["restore_disk", "kill_controller"],
  },
  {
    name: "mark",
    changes: [
      {
        file: "packages/server/src/ledger/plan-append.ts",
        from: "if (localLogId > through) appendEvent(draft, reach, event, localLogId);",
        to: "if (localLogId > through) { appendEvent(draft, reach, event, localLogId); draft.mark(batch.generation, localLogId + 1); }",
      },
    ],
    faults: ["cut_all", "kill_controller"],
  },
  {
    name: "answer after the commit",
    changes: [
      {
        file: "packages/server/src/gateway/step-session.ts",
        from: `return { state: { ...state, isAppending: true }, effects: [{ kind: "append", frame: input.frame }] };`,
        to: `return { state: { ...state, isAppending: true }, effects: [{ kind: "stored", frame: { generation: input.frame.generation, through: input.frame.first + input.frame.events.length - 1, refused: [] } }, { kind: "append", frame: input.frame }] };`,
      },
    ],
    faults: ["kill_server", "database_away"],
  },
  {
    name: "revision of each item",
    changes: [
      {
        file: "packages/door/src/replica/plan-replica.ts",
        from: "known === undefined || held.revision > known",
        to: "true",
      },
    ],
    faults: ["echo", "spoil_item", "restore_database"],
    behind: "roster frame that comes again",
  },
  {
    name: "replace",
    changes: [
      {
        file: "packages/door/src/replica/plan-replica.ts",
        from: "frame.replace === true || known",
        to: "known",
      },
    ],
    faults: ["restore_database"],
  },
  {
    name: "epoch at the door",
    changes: [
      {
        file: "packages/door/src/replica/plan-replica.ts",
        from: "filling: position.epoch === epoch ? null :",
        to: "filling: position.epoch !== null ? null :",
      },
    ],
    faults: ["restore_database"],
  },
  {
    name: "epoch at the server",
    changes: [
      {
        file: "packages/server/src/gateway/step-session.ts",
        from: "mustCompare: isForeign || completeTo > opened.head || urgentTo > opened.head",
        to: "mustCompare: false",
      },
    ],
    faults: ["restore_database"],
  },
  {
    name: "lanes",
    changes: [
      {
        file: "packages/server/src/roster/page.ts",
        from: "return row.revision > request.cursors.urgentTo ? 2 : null;",
        to: "return row.revision > request.cursors.additionsTo ? 3 : null;",
      },
      {
        file: "packages/server/src/roster/page.ts",
        from: "urgentDrainedTo: lastLane > 2 ? head : null",
        to: "urgentDrainedTo: last === undefined ? head : null",
      },
      {
        file: "simulation/src/database/roster-statements.ts",
        from: "row.lane === 2 && row.revision > Math.max(urgentTo, urgentFrom)",
        to: "row.lane === 2 && row.revision > Math.max(additionsTo, urgentFrom)",
      },
      {
        file: "simulation/src/database/roster-statements.ts",
        from: "return [...first.slice(0, countMax), ...second.slice(0, countMax), ...third.slice(0, countMax)].slice(0, countMax);",
        to: "return [...first, ...[...second, ...third].sort((left, right) => left.revision - right.revision)].slice(0, countMax);",
      },
    ],
    faults: ["weather", "cut_off", "enrol_many"],
    seenBy: ["lanes"],
  },
  {
    name: "what urgentTo may name",
    changes: [
      {
        file: "packages/server/src/roster/page.ts",
        from: "urgentDrainedTo: lastLane > 2 ? head : null",
        to: "urgentDrainedTo: head + 1",
      },
    ],
    faults: ["weather", "cut_all", "kill_controller"],
  },
  {
    name: "digest compare",
    changes: [
      {
        file: "packages/server/src/gateway/step-session.ts",
        from: `withPump(state, pumpDigest(state.pump, input.agrees))`,
        to: `withPump(state, pumpDigest(state.pump, true))`,
      },
    ],
    faults: ["spoil_item"],
  },
  {
    name: "repair of what differs alone",
    changes: [
      {
        file: "packages/server/src/gateway/gateway-session.ts",
        from: "ours.filter((item) => theirs.get(item.key) !== item.hash)",
        to: "ours",
      },
    ],
    faults: ["spoil_item"],
  },
  {
    name: "roster frame that comes again",
    changes: [
      {
        file: "packages/door/src/uplink/step-uplink.ts",
        from: "if (batch <= state.lastBatch) return { state, effects: [] };",
        to: "if (batch <= state.lastBatch) return { state, effects: [{ kind: 'apply_roster', frame: input.frame }] };",
      },
    ],
    faults: ["echo", "spoil_item", "restore_database"],
  },
  {
    name: "roster frame left out",
    changes: [
      {
        file: "packages/door/src/uplink/step-uplink.ts",
        from: "if (batch > state.lastBatch + 1) return wait(state, []);",
        to: "",
      },
    ],
    faults: ["weather"],
  },
  {
    name: "synced after the commit",
    changes: [
      {
        file: "packages/door/src/replica/replica.ts",
        from: "if (plan.writes.length > 0 || plan.position !== this.#position) this.#store.write(plan.writes, plan.position);",
        to: "if (plan.writes.length > 2) this.#store.write(plan.writes, plan.position);",
      },
    ],
    faults: ["kill_controller"],
  },
  {
    name: "recorded before the bolt moves",
    changes: [
      {
        file: "packages/door/src/controller/conclude.ts",
        from: '{ kind: "record_first", events, about }, { kind: "pulse", unlockMs },',
        to: '{ kind: "pulse", unlockMs }, { kind: "record_first", events, about },',
      },
    ],
    faults: ["cut_all"],
  },
  {
    name: "no disk, no opening",
    changes: [
      {
        file: "packages/door/src/controller/recorder.ts",
        from: "    return this.#append(events);\n  }\n\n  /** Records what",
        to: "    this.record(events);\n    return true;\n  }\n\n  /** Records what",
      },
    ],
    faults: ["disk_full"],
  },
  {
    name: "decision after the wait",
    changes: [
      {
        file: "packages/door/src/controller/judge.ts",
        from: "?? carryOut(state, attempt, decision, facts);",
        to: '?? carryOut(state, attempt, state.last?.outcome.outcome === "wait_factor" ? { kind: "granted", because: "auth" } : decision, facts);',
      },
    ],
    faults: ["cut_all"],
  },
  {
    name: "age of belief",
    changes: [
      {
        file: "packages/core/src/decide-access.ts",
        from: "return beliefAgeMs === null || !(beliefAgeMs <= beliefAgeMsMax);",
        to: "return false;",
      },
    ],
    faults: ["cut_off"],
  },
  {
    name: "end of a right",
    changes: [
      {
        file: "packages/door/src/controller/door-clock.ts",
        from: "Math.max(clock.nowMs(), newestMs ?? Number.NEGATIVE_INFINITY)",
        to: "clock.nowMs() < CLOCK_PLAUSIBLE_FROM_MS ? (newestMs ?? clock.nowMs()) : clock.nowMs()",
      },
    ],
    faults: ["kill_controller", "jump_door_clock"],
  },
  {
    name: "notAfter",
    changes: [
      {
        file: "packages/door/src/controller/open-once.ts",
        from: "if (facts.nowMs > notAfterMs) return end(",
        to: "if (facts.nowMs < 0) return end(",
      },
    ],
    faults: ["weather", "cut_off"],
  },
  {
    name: "a command once",
    changes: [
      {
        file: "packages/door/src/controller/obeyed-commands.ts",
        from: "if (known !== undefined) return known.result;",
        to: "",
      },
    ],
    faults: ["weather", "echo"],
  },
  {
    name: "session number of an append",
    changes: [
      {
        file: "packages/server/src/ledger/append.ts",
        from: "log.session !== batch.session",
        to: "false",
      },
    ],
    faults: ["clone", "taken_for_dead"],
  },
  {
    name: "end of stale sessions",
    changes: [
      {
        file: "packages/server/src/gateway/gateway.ts",
        from: `return session.opened !== null && holder.session > session.opened.session ? "session_ended" : null;`,
        to: "return session.opened !== null && holder.session < 0 ? 'session_ended' : null;",
      },
    ],
    faults: ["clone", "taken_for_dead"],
  },
  {
    name: "one connection of a serial",
    changes: [
      {
        file: "packages/server/src/gateway/gateway.ts",
        from: "if (await this.#isConnected(serial, controller)) {",
        to: "if (controller.connectedInstance === -1) {",
      },
    ],
    faults: ["clone", "cut_all"],
  },
  {
    name: "two let in at once",
    changes: [
      {
        file: "packages/server/src/gateway/gateway.ts",
        from: `      connection.close("session_taken");\n      this.#refuseOpened(connection);\n      return;`,
        to: `      this.#connected.get(connection.serial)?.connection.close("replaced");`,
      },
    ],
    faults: ["clone", "cut_all", "database_slow"],
  },
  {
    name: "parts of a comparison one after another",
    changes: [
      {
        file: "packages/server/src/gateway/gateway-session.ts",
        from: "this.#mending = this.#mending.then(() => this.#mend(effect.buckets, effect.isLast));",
        to: "this.#mending = this.#mend(effect.buckets, effect.isLast);",
      },
    ],
    faults: ["restore_database", "database_slow", "enrol_many"],
  },
  {
    name: "kept for a month",
    changes: [
      {
        file: "packages/door/src/outbox/outbox-store.ts",
        from: "select max(through) as through from stored_marks where stored_ms <= ?",
        to: "select max(through) as through from stored_marks where stored_ms > ?",
      },
    ],
    faults: ["cut_all"],
    seenBy: ["kept"],
  },
  {
    name: "decision after the answer",
    changes: [
      {
        file: "packages/door/src/controller/take-answer.ts",
        from: "const { decision, fault } = decideAgain(state, answered, facts);",
        to: 'const { decision, fault } = answered.given.verdict === "confirmed" ? { decision: { kind: "granted", because: "vendor" }, fault: undefined } : decideAgain(state, answered, facts);',
      },
    ],
    faults: ["vendor", "weather"],
    seenBy: ["passage"],
  },
  {
    name: "a no of the customer",
    changes: [
      {
        file: "packages/door/src/controller/take-answer.ts",
        from: 'if (verdict === "refused" && (',
        to: "if (facts.stampMs < 0 && (",
      },
      {
        file: "packages/door/src/controller/take-answer.ts",
        from: 'confirmation: isWhatWasAsked ? verdict : "silent"',
        to: 'confirmation: "confirmed"',
      },
    ],
    faults: ["vendor"],
    seenBy: ["confirmation"],
  },
  {
    name: "the customer is asked",
    changes: [
      {
        file: "packages/door/src/controller/judge.ts",
        from: '{ auth, evidence, confirmation: "not_asked" }',
        to: '{ auth, evidence, confirmation: "confirmed" }',
      },
    ],
    faults: ["vendor"],
    seenBy: ["passage"],
  },
  {
    name: "an answer in time",
    changes: [
      {
        file: "packages/door/src/controller/vendor-calls.ts",
        from: 'timers.after("vendor answer", budgetMs,',
        to: 'timers.after("vendor answer", 60_000,',
      },
    ],
    faults: ["vendor", "weather"],
    seenBy: ["in time"],
  },
  {
    name: "one call for one ask",
    changes: [
      {
        file: "packages/server/src/gateway/step-session.ts",
        from: "if (askId <= state.lastAskId) return { state, effects: [] };",
        to: "",
      },
    ],
    faults: ["vendor", "weather"],
    seenBy: ["one call"],
  },
  {
    name: "one ask at a time",
    changes: [
      {
        file: "packages/door/src/controller/ask-vendor.ts",
        from: "if (same !== undefined) return join(",
        to: "if (same !== undefined && facts.stampMs < 0) return join(",
      },
    ],
    faults: ["vendor"],
    seenBy: ["one ask"],
  },
  {
    name: "rest after a no",
    changes: [
      {
        file: "packages/door/src/controller/ask-vendor.ts",
        from: "if (rest !== null) return answer(",
        to: "if (rest !== null && facts.stampMs < 0) return answer(",
      },
    ],
    faults: ["vendor"],
    seenBy: ["one ask"],
  },
  {
    name: "poll behind the hints",
    changes: [
      {
        file: "packages/server/src/roster/roster-feeds.ts",
        from: "if (placeIds.length === 0) return;",
        to: "if (placeIds.length >= 0) return;",
      },
    ],
    faults: ["hints_off"],
  },
  {
    name: "server's own events are in the chain",
    changes: [
      {
        file: "packages/server/src/ledger/ledger-store.ts",
        from: "rolls.get(each.placeId)?.add(each);",
        to: "if (each.row.generation !== 0) rolls.get(each.placeId)?.add(each);",
      },
    ],
    faults: ["clone", "lose_appends"],
    seenBy: ["chain"],
  },
];
