import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { ServerMetrics } from "../../../src/features/metrics/server-metrics.ts";

const read = (path: string): Promise<string> => readFile(fileURLToPath(new URL(`../../../../../docs/${path}`, import.meta.url)), "utf8");

/** Every measurement of a server that runs. */
function known(): ReadonlySet<string> {
  const metrics = new ServerMetrics("1");
  metrics.watchProcess();
  metrics.watchParts({
    connectedControllers: () => 0,
    facesWaiting: () => 0,
    followedPlaces: () => 0,
    openVendorBreakers: () => 0,
    vendorAsksInFlight: () => 0,
    databaseConnections: () => ({ total: 0, idle: 0, waiting: 0 }),
  });
  return new Set(metrics.names());
}

/** Names in a query, without what a histogram adds to its own. */
function namesIn(text: string): readonly string[] {
  return [...text.matchAll(/\b(?:postern|process|nodejs)_[a-z0-9_]+/g)].map(([name]) =>
    name.replace(/(?<=_seconds)_(bucket|sum|count)$/, ""),
  );
}

interface Panel {
  readonly title: string;
  readonly targets?: readonly { readonly expr: string }[];
}

test("every query of the dashboard and every alert asks for measurements that there are", async () => {
  const names = known();
  const { panels } = JSON.parse(await read("observability/grafana-dashboard.json")) as { panels: Panel[] };
  const queries = panels.flatMap(({ title, targets = [] }) => targets.map(({ expr }) => ({ title, expr })));
  const alerts = [...(await read("observability/alerts.yml")).matchAll(/^ +expr: (.*)$/gm)].map(([, expr = ""]) => ({
    title: "alerts",
    expr,
  }));
  assert.ok(queries.length > 25 && alerts.length > 5);
  for (const { title, expr } of [...queries, ...alerts]) {
    const asked = namesIn(expr);
    assert.ok(asked.length > 0, `${title}: ${expr}`);
    for (const name of asked) assert.ok(names.has(name), `${title} asks for ${name}, which nobody measures`);
  }
});

test("every measurement of ours is on the dashboard or in an alert, and explained in the guide", async () => {
  const shown = new Set(namesIn((await read("observability/grafana-dashboard.json")) + (await read("observability/alerts.yml"))));
  const explained = new Set(namesIn(await read("guides/observe.md")));
  const ours = [...known()].filter((name) => name.startsWith("postern_"));
  assert.deepEqual(
    ours.filter((name) => !shown.has(name) && !["postern_places", "postern_doors"].includes(name)),
    [],
  );
  assert.deepEqual(
    ours.filter((name) => !explained.has(name)),
    [],
  );
});
