import { Child } from "../child.ts";
import { type Figure, round } from "../figure.ts";
import { benchPerson } from "../processes/bench-place.ts";
import type { ReplicaHandlers } from "../processes/replica-process.ts";
import type { ServerHandlers } from "../processes/server-process.ts";
import { temporaryFolder } from "../temporary-folder.ts";

const PEOPLE_AT_ONCE = 10_000;

/** A replica in which some items differ: what finding and mending them costs, beside filling an empty one. */
export async function repair({ people = 100_000, wrong = 10 } = {}): Promise<Figure[]> {
  await using folder = await temporaryFolder("bench-replica");
  await using server = await Child.start<ServerHandlers>("server");
  const { mqttUrl } = await server.ask("start", { dataDir: null });
  const [seat] = await server.ask("addSeats", { count: 1 });
  if (seat === undefined) throw new TypeError("one seat was asked for");
  for (let first = 0; first < people; first += PEOPLE_AT_ONCE) {
    await server.ask("addPeople", { first, count: Math.min(PEOPLE_AT_ONCE, people - first) });
  }
  await using controller = await Child.start<ReplicaHandlers>("replica");
  await controller.ask("open", { folder: folder.path });
  const filled = await controller.ask("fill", { mqttUrl, seat, items: people });
  const revision = filled.itemCount;
  const items = Array.from({ length: wrong }, (_, index) => {
    const item = benchPerson(Math.floor((index * people) / wrong));
    return { key: `auth:${item.id}`, revision, item: { ...item, name: "Somebody Else" } };
  });
  const mended = await controller.ask("repair", { mqttUrl, seat, wrong: items });
  const bytes = mended.bytesDown + mended.bytesUp;
  const fillBytes = filled.bytesDown + filled.bytesUp;
  return [
    {
      job: `repair of ${wrong} items among ${people.toLocaleString("en-US")}`,
      ours: `${round(bytes / 1_000)} kB, ${round(mended.ms)} ms, ${mended.itemCount} items sent`,
      mustReach: "costs what differed",
      beside: `the same controller filled from empty: ${round(fillBytes / 1_000_000)} MB, ${round(filled.ms / 1_000)} s`,
      ratio: `${round(fillBytes / bytes)} × fewer bytes, ${round(filled.ms / mended.ms)} × sooner`,
      values: { bytes, ms: mended.ms, itemsSent: mended.itemCount, fillBytes, fillMs: filled.ms },
    },
  ];
}
