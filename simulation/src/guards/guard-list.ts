/** A guard of the product, and the change of its source that takes it out. */
export interface Guard {
  readonly name: string;
  readonly file: string;
  readonly from: string;
  readonly to: string;
}

export const GUARDS: readonly Guard[] = [
  {
    name: "repeat check",
    file: "packages/server/src/ledger/plan-append.ts",
    from: "if (localLogId > through) appendEvent(",
    to: "appendEvent(",
  },
  {
    name: "hole check",
    file: "packages/server/src/ledger/plan-append.ts",
    from: "through === undefined || batch.first > through + 1",
    to: "through === undefined",
  },
  {
    name: "predecessor",
    file: "packages/server/src/ledger/plan-append.ts",
    from: "if (stored === undefined || stored < predecessor.last)",
    to: "if (stored === undefined)",
  },
  {
    name: "fork",
    file: "packages/server/src/ledger/plan-append.ts",
    from: "if (stored > predecessor.last)",
    to: "if (stored < 0)",
  },
  {
    name: "mark",
    file: "packages/server/src/ledger/plan-append.ts",
    from: "if (localLogId > through) appendEvent(draft, reach, event, localLogId);",
    to: "if (localLogId > through) { appendEvent(draft, reach, event, localLogId); draft.mark(batch.generation, localLogId + 1); }",
  },
  {
    name: "answer after the commit",
    file: "packages/server/src/gateway/step-session.ts",
    from: `return { state: { ...state, isAppending: true }, effects: [{ kind: "append", frame: input.frame }] };`,
    to: `return { state: { ...state, isAppending: true }, effects: [{ kind: "stored", frame: { generation: input.frame.generation, through: input.frame.first + input.frame.events.length - 1, refused: [] } }, { kind: "append", frame: input.frame }] };`,
  },
  {
    name: "per-item revision",
    file: "packages/door/src/replica/plan-replica.ts",
    from: "known === undefined || held.revision > known",
    to: "true",
  },
  {
    name: "replace",
    file: "packages/door/src/replica/plan-replica.ts",
    from: "frame.replace === true || known",
    to: "known",
  },
  {
    name: "epoch at the door",
    file: "packages/door/src/replica/plan-replica.ts",
    from: "filling: position.epoch === epoch ? null :",
    to: "filling: position.epoch !== null ? null :",
  },
  {
    name: "epoch at the server",
    file: "packages/server/src/gateway/step-session.ts",
    from: "mustCompare: isForeign || completeTo > opened.head || urgentTo > opened.head",
    to: "mustCompare: false",
  },
  {
    name: "lanes",
    file: "packages/server/src/roster/page.ts",
    from: "wanted.sort((left, right) => left.lane - right.lane || left.row.revision - right.row.revision);",
    to: "wanted.sort((left, right) => left.row.revision - right.row.revision);",
  },
  {
    name: "what urgentTo may name",
    file: "packages/server/src/roster/page.ts",
    from: "urgentDrainedTo: lastLane > 2 ? head : null",
    to: "urgentDrainedTo: head + 1",
  },
  {
    name: "digest compare",
    file: "packages/server/src/gateway/step-session.ts",
    from: `withPump(state, pumpDigest(state.pump, input.agrees))`,
    to: `withPump(state, pumpDigest(state.pump, true))`,
  },
  {
    name: "repair of what differs alone",
    file: "packages/server/src/gateway/gateway-session.ts",
    from: "ours.filter((item) => theirs.get(item.key) !== item.hash)",
    to: "ours",
  },
  {
    name: "roster frame that comes again",
    file: "packages/door/src/uplink/step-uplink.ts",
    from: "if (batch <= state.lastBatch) return { state, effects: [] };",
    to: "if (batch <= state.lastBatch) return { state, effects: [{ kind: 'apply_roster', frame: input.frame }] };",
  },
  {
    name: "roster frame left out",
    file: "packages/door/src/uplink/step-uplink.ts",
    from: "if (batch > state.lastBatch + 1) return wait(state, []);",
    to: "",
  },
  {
    name: "synced after the commit",
    file: "packages/door/src/replica/replica.ts",
    from: "if (plan.writes.length > 0 || plan.position !== this.#position) this.#store.write(plan.writes, plan.position);",
    to: "if (plan.writes.length > 2) this.#store.write(plan.writes, plan.position);",
  },
  {
    name: "recorded before the bolt moves",
    file: "packages/door/src/controller/present.ts",
    from: 'effects: [recorded, { kind: "pulse", unlockMs }',
    to: 'effects: [{ kind: "pulse", unlockMs }, recorded',
  },
  {
    name: "no disk, no opening",
    file: "packages/door/src/controller/recorder.ts",
    from: "    return this.#append(events);\n  }\n\n  /** Records what",
    to: "    this.record(events);\n    return true;\n  }\n\n  /** Records what",
  },
  {
    name: "decision after the wait",
    file: "packages/door/src/controller/present.ts",
    from: "    return judge({ state: rest, effects: [] }, { presentation, auth, proven }, facts);\n  }\n  const failed",
    to: "    return grant(rest, { presentation, auth, proven }, facts);\n  }\n  const failed",
  },
  {
    name: "age of belief",
    file: "packages/core/src/decide-access.ts",
    from: "return beliefAgeMs === null || !(beliefAgeMs <= beliefAgeMsMax);",
    to: "return false;",
  },
  {
    name: "end of a right",
    file: "packages/door/src/controller/door-clock.ts",
    from: "Math.max(clock.nowMs(), newestMs ?? Number.NEGATIVE_INFINITY)",
    to: "clock.nowMs()",
  },
  {
    name: "notAfter",
    file: "packages/door/src/controller/open-once.ts",
    from: "if (facts.nowMs > notAfterMs) return end(",
    to: "if (facts.nowMs < 0) return end(",
  },
  {
    name: "a command once",
    file: "packages/door/src/controller/obeyed-commands.ts",
    from: "if (known !== undefined) return known.result;",
    to: "",
  },
  {
    name: "session number of an append",
    file: "packages/server/src/ledger/append.ts",
    from: "log.session !== batch.session",
    to: "false",
  },
  {
    name: "end of stale sessions",
    file: "packages/server/src/gateway/gateway.ts",
    from: `return session.opened !== null && holder.session > session.opened.session ? "session_ended" : null;`,
    to: "return session.opened !== null && holder.session < 0 ? 'session_ended' : null;",
  },
  {
    name: "one connection of a serial",
    file: "packages/server/src/gateway/gateway.ts",
    from: "if (await this.#isConnected(serial, controller)) {",
    to: "if (this.#connected.get(serial)?.connection.close('out of my way') === null) {",
  },
  {
    name: "two let in at once",
    file: "packages/server/src/gateway/gateway.ts",
    from: `      connection.close("session_taken");\n      this.#refuseOpened(connection);\n      return;`,
    to: `      this.#connected.get(connection.serial)?.connection.close("replaced");`,
  },
  {
    name: "parts of a comparison one after another",
    file: "packages/server/src/gateway/gateway-session.ts",
    from: "this.#mending = this.#mending.then(() => this.#mend(effect.buckets, effect.isLast));",
    to: "this.#mending = this.#mend(effect.buckets, effect.isLast);",
  },
  {
    name: "poll behind the hints",
    file: "packages/server/src/roster/roster-feeds.ts",
    from: "if (placeIds.length === 0) return;",
    to: "if (placeIds.length >= 0) return;",
  },
];
