import { downFilter } from "@postern/contract";
import { pause, systemTimers } from "@postern/core";
import { machineMs } from "../machine-time.ts";
import { serve } from "../serve.ts";
import { bareCall, endBareCalls } from "./bare-call.ts";
import { PacketLink } from "./packet-link.ts";
import { type ControllerSeat, ScriptedController } from "./scripted-controller.ts";

/** Some of the controllers of a place, in a process of their own. */
const controllers: ScriptedController[] = [];
const held: PacketLink[] = [];
let stopping = new AbortController();
let sending: Promise<number> = Promise.resolve(0);

interface Staying {
  readonly mqttUrl: string;
  readonly seats: readonly ControllerSeat[];
  readonly addresses: readonly string[];
}

const controllersHandlers = {
  /** Connects each; from then on they take over what the server sends. */
  connect: async ({ mqttUrl, seats }: { mqttUrl: string; seats: readonly ControllerSeat[] }): Promise<void> => {
    for (const seat of seats) {
      const controller = new ScriptedController(seat);
      await controller.connect(mqttUrl);
      controllers.push(controller);
    }
  },
  /** As many controllers that come back by themselves after every loss, each from the address named beside it. */
  stayConnected: async ({ mqttUrl, seats, addresses }: Staying): Promise<void> => {
    for (const [index, seat] of seats.entries()) {
      const controller = new ScriptedController(seat);
      controllers.push(controller);
      void controller.stayConnected(mqttUrl, addresses[index] ?? "127.0.0.1");
    }
  },
  /** Resolves, with the machine's time, once every controller is connected and holds what it should. */
  allComplete: async ({ withinMs }: { withinMs: number }): Promise<number> => {
    const endMs = machineMs() + withinMs;
    for (;;) {
      const missing = controllers.filter((controller) => !controller.isComplete).length;
      if (missing === 0) return machineMs();
      if (machineMs() > endMs)
        throw new TypeError(`${missing} of ${controllers.length} controllers are not back after ${withinMs / 1_000} s`);
      await pause(systemTimers, "look again", 20);
    }
  },
  /** As many idle connections to any broker, each subscribed to a topic of its own. */
  holdOpen: async ({ url, clientIds, addresses }: { url: string; clientIds: readonly string[]; addresses: readonly string[] }) => {
    for (const [index, clientId] of clientIds.entries()) {
      const localAddress = addresses[index] ?? "127.0.0.1";
      held.push(await PacketLink.open({ url, clientId, username: clientId, localAddress }, downFilter(clientId), () => undefined));
    }
  },
  /** Sends so many events from each as fast as they are stored; resolves when all are. */
  sendEvents: async ({ countEach, frameEvents }: { countEach: number; frameEvents: number }): Promise<void> => {
    await Promise.all(
      controllers.map(async (controller) => {
        for (let done = 0; done < countEach; done += frameEvents) await controller.sendEvents(Math.min(frameEvents, countEach - done));
      }),
    );
  },
  /** Begins to send so many events a second from all together, until `stopEvents`. */
  beginEvents: async ({ perSecond, frameEvents }: { perSecond: number; frameEvents: number }): Promise<void> => {
    stopping = new AbortController();
    sending = sendPaced(perSecond, frameEvents, stopping.signal);
  },
  /** How many of the paced events were stored. */
  stopEvents: (_: null): Promise<number> => {
    stopping.abort();
    return sending;
  },
  /** The first controller asks the customer's own server, again and again. */
  askInTurn: async ({ count, budgetMs }: { count: number; budgetMs: number }): Promise<readonly Asked[]> => {
    const [controller] = controllers;
    const asked: Asked[] = [];
    for (let index = 0; index < count && controller !== undefined; index += 1) asked.push(await asking(controller, budgetMs));
    return asked;
  },
  /** Every controller asks once, all at the same moment. */
  askAtOnce: ({ budgetMs }: { budgetMs: number }): Promise<readonly Asked[]> =>
    Promise.all(controllers.map((controller) => asking(controller, budgetMs))),
  /** How long each of so many calls takes that ask the same without a door. */
  callBare: async ({ url, count }: { url: string; count: number }): Promise<readonly number[]> => {
    const elapsedMs: number[] = [];
    for (let index = 0; index < count; index += 1) {
      const beginMs = machineMs();
      await bareCall(url);
      elapsedMs.push(machineMs() - beginMs);
    }
    endBareCalls();
    return elapsedMs;
  },
  /** The same frames to any broker, from as many publishers, each with one message unacknowledged; resolves when all are acknowledged. */
  publishFrames: async ({ url, publishers, frames, payload }: { url: string; publishers: number; frames: number; payload: string }) => {
    await Promise.all(
      Array.from({ length: publishers }, async (_, index) => {
        const link = await PacketLink.open({ url, clientId: `bench-${index}` }, null, () => undefined);
        for (let frame = 0; frame < frames; frame += 1) await link.publish(`postern/1/${index}/up/events`, payload);
        await link.end();
      }),
    );
  },
};
export type ControllersHandlers = typeof controllersHandlers;

interface Asked {
  readonly serial: string;
  readonly verdict: string;
  readonly elapsedMs: number;
}

async function asking(controller: ScriptedController, budgetMs: number): Promise<Asked> {
  return { serial: controller.seat.serial, ...(await controller.ask(budgetMs)) };
}

/** Each controller has its turn after an equal part of the time, so that the load is even. */
async function sendPaced(perSecond: number, frameEvents: number, stop: AbortSignal): Promise<number> {
  const everyMs = (controllers.length * frameEvents * 1_000) / perSecond;
  const startMs = machineMs();
  let stored = 0;
  await Promise.all(
    controllers.map(async (controller, index) => {
      for (let turn = index / controllers.length; !stop.aborted; turn += 1) {
        const waitMs = startMs + turn * everyMs - machineMs();
        if (waitMs > 0) await pause(systemTimers, "pace", waitMs, stop);
        if (stop.aborted) return;
        await controller.sendEvents(frameEvents);
        stored += frameEvents;
      }
    }),
  );
  return stored;
}

serve(controllersHandlers, async () => {
  stopping.abort();
  for (const open of [...controllers, ...held]) await open.end();
});
