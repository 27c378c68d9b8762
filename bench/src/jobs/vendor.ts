import { Child } from "../child.ts";
import { type Figure, latency, round } from "../figure.ts";
import type { ControllersHandlers } from "../processes/controllers-process.ts";
import type { ControllerSeat } from "../processes/scripted-controller.ts";
import type { ServerHandlers } from "../processes/server-process.ts";
import type { VendorsHandlers } from "../processes/vendors-process.ts";

/** What the server is given of a door's three seconds. */
const BUDGET_MS = 2_700;
const WARM_SHARE = 0.1;

export interface VendorSizes {
  readonly customers?: number;
  readonly doorsEach?: number;
  readonly count?: number;
  readonly rounds?: number;
}

/** What a customer's confirmation adds to the bare call of the customer's server; and what all doors wait that ask at once while one customer's server hangs. */
export async function vendor({ customers = 10, doorsEach = 20, count = 1_000, rounds = 10 }: VendorSizes = {}): Promise<Figure[]> {
  await using vendors = await Child.start<VendorsHandlers>("vendors");
  const urls = await vendors.ask("listen", { count: customers });
  await using server = await Child.start<ServerHandlers>("server");
  const { mqttUrl } = await server.ask("start", { dataDir: null, outgoingHosts: "http://127.0.0.1" });
  const seats = await server.ask("addVendorCustomers", { urls, seatsEach: doorsEach });
  await using doors = await Child.start<ControllersHandlers>("controllers");
  await doors.ask("connect", { mqttUrl, seats: seats.flat() });
  const added = await addedFigure(doors, urls[0] ?? "", count);
  const quiet = await atOnce(doors, rounds);
  await vendors.ask("hang", { index: 0 });
  const hanging = await atOnce(doors, rounds);
  return [added, hangingFigure(seats, quiet, hanging)];
}

async function addedFigure(doors: Child<ControllersHandlers>, url: string, count: number): Promise<Figure> {
  const warm = Math.ceil(count * WARM_SHARE);
  const bareMs = await doors.ask("callBare", { url, count: warm + count });
  const asks = await doors.ask("askInTurn", { count: warm + count, budgetMs: BUDGET_MS });
  const unconfirmed = asks.filter(({ verdict }) => verdict !== "confirmed").length;
  if (unconfirmed > 0) throw new TypeError(`${unconfirmed} of ${asks.length} asks were not confirmed`);
  const [ours, bare] = [latency(asks.slice(warm).map(({ elapsedMs }) => elapsedMs)), latency(bareMs.slice(warm))];
  return {
    job: "a door asks → the customer's server has confirmed",
    ours: ours.text,
    mustReach: "–",
    beside: `the bare call on a kept connection: ${bare.text}; one after the other, without TLS both`,
    ratio: `+ ${round(ours.p50Ms - bare.p50Ms)} ms at p50, + ${round(ours.p99Ms - bare.p99Ms)} ms at p99`,
    values: { p50Ms: ours.p50Ms, p99Ms: ours.p99Ms, bareP50Ms: bare.p50Ms, bareP99Ms: bare.p99Ms },
  };
}

type Asked = Awaited<ReturnType<ControllersHandlers["askAtOnce"]>>;

async function atOnce(doors: Child<ControllersHandlers>, rounds: number): Promise<Asked> {
  const asked: Asked[number][] = [];
  for (let round = 0; round < rounds; round += 1) asked.push(...(await doors.ask("askAtOnce", { budgetMs: BUDGET_MS })));
  return asked;
}

function hangingFigure(seats: readonly (readonly ControllerSeat[])[], quiet: Asked, hanging: Asked): Figure {
  const [slow = []] = seats;
  const serials = new Set(slow.map(({ serial }) => serial));
  const of = (asked: Asked, isSlow: boolean): Asked => asked.filter(({ serial }) => serials.has(serial) === isSlow);
  const others = of(hanging, false);
  const unconfirmed = [...others, ...quiet].filter(({ verdict }) => verdict !== "confirmed").length;
  if (unconfirmed > 0) throw new TypeError(`${unconfirmed} doors of customers whose server answers were not confirmed`);
  const [ours, without] = [latency(others.map(({ elapsedMs }) => elapsedMs)), latency(of(quiet, false).map(({ elapsedMs }) => elapsedMs))];
  const slowMs = of(hanging, true).map(({ elapsedMs }) => elapsedMs);
  const slowestMs = Math.max(...slowMs);
  return {
    job: `${seats.flat().length} doors ask at once, the server of one of ${seats.length} customers hangs: the others' doors`,
    ours: ours.text,
    mustReach: "–",
    beside: `while nobody's hangs: ${without.text}; the doors of the one that hangs are told after ${round(slowestMs)} ms at most, of ${round(BUDGET_MS)}`,
    ratio: `p99 ${(ours.p99Ms / without.p99Ms).toFixed(2)} × of that`,
    values: { p50Ms: ours.p50Ms, p99Ms: ours.p99Ms, withoutP50Ms: without.p50Ms, withoutP99Ms: without.p99Ms, hangingMaxMs: slowestMs },
  };
}
