import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { type LinkEvent, readLinkEvent } from "@postern/contract";
import { OutboxStore, ReplicaStore } from "@postern/door/internal";
import type { DoorDisk, LoggedEvent } from "./evidence.ts";

/** Reads what a controller that does not run any more has on its disk. */
export function readDoorDisk(
  folder: string,
  { name, controllerId, doorIds }: Pick<DoorDisk, "name" | "controllerId" | "doorIds">,
): DoorDisk {
  const replicaStore = new ReplicaStore(join(folder, "replica.db"));
  const replica = replicaStore.load();
  replicaStore.close();
  const outbox = new OutboxStore(join(folder, "outbox.db"));
  const { next, firstKept } = outbox.ends();
  const generations = outbox.generations(next);
  const events = generations.flatMap(({ generation, first, last }) =>
    outbox
      .read(Math.max(first, firstKept), last, Number.MAX_SAFE_INTEGER)
      .map(({ number, body }): LoggedEvent => ({ number, generation, event: eventOf(body) })),
  );
  outbox.close();
  return { name, controllerId, doorIds, generations, events, storedThrough: storedThrough(folder), replica };
}

function eventOf(body: string): LinkEvent {
  const event = readLinkEvent(JSON.parse(body));
  if (event === null) throw new TypeError("what a controller has written down is an event");
  return event;
}

function storedThrough(folder: string): number {
  const database = new DatabaseSync(join(folder, "outbox.db"), { readOnly: true });
  const row = database.prepare("select coalesce(max(through), 0) as through from stored_marks").get();
  database.close();
  return Number(row?.["through"] ?? 0);
}
