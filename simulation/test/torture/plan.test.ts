import assert from "node:assert/strict";
import { test } from "node:test";
import type { Shape } from "../../src/torture/plan/act.ts";
import { drawPlan } from "../../src/torture/plan/draw-plan.ts";

const SHAPE: Shape = { controllerCount: 4, doorsPerController: 2, serverCount: 2 };
const LONG_MS = 20 * 60_000;

test("one seed has one plan, and another seed another", () => {
  assert.deepEqual(drawPlan(7, LONG_MS, SHAPE), drawPlan(7, LONG_MS, SHAPE));
  assert.notDeepEqual(drawPlan(7, LONG_MS, SHAPE), drawPlan(8, LONG_MS, SHAPE));
});

test("a long plan has every fault, and faults on every line", () => {
  const { faults } = drawPlan(1, LONG_MS, SHAPE);
  const kinds = new Set(faults.map((fault) => (fault.kind === "line" ? fault.fault.kind : `${fault.kind} ${fault.what}`)));
  for (const what of ["server", "door", "postmaster", "backend"])
    for (const kind of ["kill", "stop"]) assert.ok(kinds.has(`${kind} ${what}`), `${kind} ${what}`);
  for (const kind of ["delay", "throttle", "cut", "swallow", "hold", "reset", "refuse"]) assert.ok(kinds.has(kind), kind);
  assert.equal(new Set(faults.flatMap((fault) => (fault.kind === "line" ? [fault.line] : []))).size, SHAPE.controllerCount + 1);
});

test("nobody is changed by two who ask at once, and every change has a number of its own", () => {
  const { people } = drawPlan(1, LONG_MS, SHAPE);
  const persons = people.flatMap((acts) => [...new Set(acts.map(({ person }) => person))]);
  assert.equal(new Set(persons).size, persons.length);
  const numbers = people.flatMap((acts) => acts.map(({ change }) => change));
  assert.equal(new Set(numbers).size, numbers.length);
});

test("everything is tried within the time, in its order", () => {
  const { faults, people, doors, presents } = drawPlan(3, 60_000, SHAPE);
  for (const acts of [faults, ...people, doors, ...presents]) {
    const times = acts.map(({ atMs }) => atMs);
    assert.deepEqual(
      times,
      times.toSorted((left, right) => left - right),
    );
    assert.ok(times.length > 5 && times.every((atMs) => atMs >= 0 && atMs < 60_000));
  }
});
