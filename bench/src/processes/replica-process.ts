import { join } from "node:path";
import { downFilter, downKindOf, type RosterFrame, readRoster, readWelcome, type UpKind, upTopic, type WireItem } from "@postern/contract";
import { assert, silentLog } from "@postern/core";
import { Replica } from "@postern/door/internal";
import { machineMs } from "../machine-time.ts";
import { serve } from "../serve.ts";
import { PacketLink } from "./packet-link.ts";
import { type ControllerSeat, linkToken } from "./scripted-controller.ts";

/** What it took until a replica held what it should. */
export interface Filled {
  readonly ms: number;
  readonly bytesDown: number;
  readonly bytesUp: number;
  /** Items that the server sent. */
  readonly itemCount: number;
}

interface Filling {
  readonly mqttUrl: string;
  readonly seat: ControllerSeat;
  readonly isDone: (replica: Replica, frame: RosterFrame) => boolean;
}

/** A controller's own replica, on its disk as it ships, over the bench's link. */
let replica: Replica | null = null;

function held(): Replica {
  assert(replica !== null, "the replica is opened before it is filled");
  return replica;
}

const replicaHandlers = {
  open: async ({ folder }: { folder: string }): Promise<void> => {
    replica = Replica.open(join(folder, "replica.db"), silentLog);
  },
  /** Connects, takes over so many items at least, and ends the connection. */
  fill: ({ mqttUrl, seat, items }: { mqttUrl: string; seat: ControllerSeat; items: number }): Promise<Filled> =>
    connected({ mqttUrl, seat, isDone: (now, frame) => frame.completeTo !== undefined && now.contents.itemCount >= items }),
  /** Lets so many items be others than the server sent, as on a disk that went bad; connects again, until the digest is what it was. */
  repair: ({ mqttUrl, seat, wrong }: { mqttUrl: string; seat: ControllerSeat; wrong: readonly WireItem[] }): Promise<Filled> => {
    const right = held().contents.digest();
    held().applyFrame({ batch: 1, items: [...wrong], replace: true });
    assert(held().contents.digest() !== right, "the items differ");
    return connected({ mqttUrl, seat, isDone: (now, frame) => frame.completeTo !== undefined && now.contents.digest() === right });
  },
};
export type ReplicaHandlers = typeof replicaHandlers;

async function connected({ mqttUrl, seat, isDone }: Filling): Promise<Filled> {
  const { serial } = seat;
  const done = Promise.withResolvers<void>();
  const address = { url: mqttUrl, clientId: serial, username: serial, password: Buffer.from(await linkToken(seat)) };
  const startMs = machineMs();
  let session = 0;
  let itemCount = 0;
  const link = await PacketLink.open(address, downFilter(serial), (topic, payload) => {
    const kind = downKindOf(topic, serial);
    if (kind === "welcome") {
      const welcome = readWelcome(payload);
      if (!welcome.ok) return done.reject(new TypeError(welcome.problem));
      ({ session } = welcome.frame);
      held().welcomed(welcome.frame);
    } else if (kind === "roster") {
      const read = readRoster(payload);
      if (!read.ok) return done.reject(new TypeError(read.problem));
      itemCount += read.frame.items.length;
      for (const answer of held().applyFrame(read.frame)) send("synced", { session, ...answer });
      if (isDone(held(), read.frame)) done.resolve();
    }
  });
  const send = (kind: UpKind, frame: object): void => void link.publish(upTopic(serial, kind), JSON.stringify(frame));
  send("hello", {
    protocol: 1,
    software: "bench",
    ...held().greeting(),
    log: { generations: [{ generation: 7, predecessor: null, first: 1, last: 1 }] },
    clock: { nowMs: Date.now() },
  });
  await done.promise;
  const ms = machineMs() - startMs;
  const { bytesDown, bytesUp } = link;
  await link.end();
  return { ms, bytesDown, bytesUp, itemCount };
}

serve(replicaHandlers, async () => replica?.close());
