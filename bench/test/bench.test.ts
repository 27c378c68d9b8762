import assert from "node:assert/strict";
import { test } from "node:test";
import type { Figure } from "../src/figure.ts";
import { append } from "../src/jobs/append.ts";
import { bulk } from "../src/jobs/bulk.ts";
import { confirm } from "../src/jobs/confirm.ts";
import { decide } from "../src/jobs/decide.ts";
import { enrol } from "../src/jobs/enrol.ts";
import { faces } from "../src/jobs/faces.ts";
import { growth } from "../src/jobs/growth.ts";
import { link } from "../src/jobs/link.ts";
import { many } from "../src/jobs/many.ts";
import { pages } from "../src/jobs/pages.ts";
import { repair } from "../src/jobs/repair.ts";
import { retention } from "../src/jobs/retention.ts";
import { revoke } from "../src/jobs/revoke.ts";
import { start } from "../src/jobs/start.ts";
import { stream } from "../src/jobs/stream.ts";
import { vendor } from "../src/jobs/vendor.ts";
import { tableHead, tableRow } from "../src/table.ts";

/** What each job measures, at a size that takes seconds. Figures are read, never judged: this machine may be busy. */
const SMALL: Readonly<Record<string, { readonly run: () => Promise<Figure[]>; readonly figures: number }>> = {
  enrol: { run: () => enrol({ count: 20, insertCount: 20, controllerCount: 2, loadPerSecond: 1_000 }), figures: 4 },
  bulk: { run: () => bulk({ rowCount: 600, singleCount: 20, insertCount: 20 }), figures: 3 },
  confirm: { run: () => confirm({ controllerCount: 4, count: 10 }), figures: 1 },
  revoke: { run: () => revoke({ controllerCount: 2, queued: 300, fills: 2 }), figures: 1 },
  repair: { run: () => repair({ people: 600, wrong: 3 }), figures: 1 },
  append: { run: () => append({ count: 4_000, singleCount: 10, rounds: 1 }), figures: 2 },
  pages: { run: () => pages({ count: 3_000, calls: 6, peerCalls: 1 }), figures: 4 },
  growth: { run: () => growth({ sizes: [2_000, 4_000], calls: 3, appendCount: 500 }), figures: 2 },
  retention: { run: () => retention({ count: 2_000 }), figures: 1 },
  link: { run: () => link({ controllerCount: 2, count: 2_000 }), figures: 1 },
  stream: { run: () => stream({ perSecond: 500, seconds: 1, streamCount: 2 }), figures: 2 },
  many: { run: () => many({ places: 2, seatsEach: 5 }), figures: 2 },
  vendor: { run: () => vendor({ customers: 2, doorsEach: 2, count: 10, rounds: 1 }), figures: 2 },
  decide: { run: () => decide({ authCount: 100, rounds: 1_000 }), figures: 2 },
  faces: { run: () => faces({ photos: 5, enrolments: 4, galleries: [100], probes: 3, isStudied: false }), figures: 5 },
  start: { run: () => start({ count: 1, people: 100, events: 400 }), figures: 1 },
};

for (const [name, { run, figures: count }] of Object.entries(SMALL)) {
  test(`${name} measures what its row says, whatever the size`, async () => {
    const figures = await run();
    assert.equal(figures.length, count);
    const columns = tableHead().split("\n")[0]?.split(" | ").length;
    for (const figure of figures) {
      assert.match(figure.ours, /\d/);
      assert.equal(tableRow(figure).split(" | ").length, columns, `a cell holds a bar: ${tableRow(figure)}`);
      for (const [unit, value] of Object.entries(figure.values))
        assert.ok(Number.isFinite(value) && value >= 0, `${name}: ${unit} is ${value}`);
    }
  });
}
