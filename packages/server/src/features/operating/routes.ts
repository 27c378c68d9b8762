import { ClueError, type CommandStage, readPathId, readPublishDoor, writeBare } from "@postern/contract";
import type { FastifyInstance } from "fastify";
import type { Access, Actor } from "../../platform/access/actor.ts";
import { accepted } from "../../platform/http/accepted.ts";
import { pageWanted } from "../../platform/operations/page-cursor.ts";
import { hidden, type Serve } from "../../platform/operations/serve-operations.ts";
import { COMMAND_ANSWER_MS_MAX } from "./limits.ts";
import type { Operating, Watch } from "./service.ts";

interface DoorParams {
  readonly Params: { readonly doorId: string };
}

/** CLUe §1.5: remote door, under every prefix of v1. `eventTime` and `command` stand beside the envelope and under `data`, as both generations want them. */
export function addOperatingRoutes(routes: FastifyInstance, operating: Operating, access: Access): void {
  routes.post<DoorParams>("/doors/:doorId/shadow/publish", async (request) => {
    const doorId = accepted(readPathId("doorId", request.params.doorId));
    const door = await operating.findDoor(doorId);
    const place = door === null ? null : await reach(access, request.actor, door.placeId);
    if (door === null || place === null) throw noSuchDoor();
    const wish = accepted(readPublishDoor(request.body));
    await operating.publish({ place, by: { keyId: request.actor.keyId, source: "API_TOKEN" } }, door, wish);
    const said = { eventTime: wish.eventTimeMs, command: wish.command };
    return { ...writeBare(), ...said, data: said };
  });
}

/** null: out of reach, which answers like a door that does not exist. */
function reach(access: Access, actor: Actor, placeId: number): Promise<Awaited<ReturnType<Access["place"]>> | null> {
  return access.place(actor, "doors:operate", placeId).catch((failure: unknown) => {
    if (failure instanceof ClueError && failure.code === "e1007") return null;
    throw failure;
  });
}

function noSuchDoor(): ClueError {
  return new ClueError("e1007", { details: [{ field: "doorId", message: "is no door, or it is hidden from you" }] });
}

function watchOf(query: { readonly wait?: number | undefined; readonly past?: CommandStage | undefined }): Watch {
  return { waitS: query.wait ?? 0, past: query.past };
}

/** Under v2. */
export function serveOperating(serve: Serve, operating: Operating): void {
  serve("setDoorMode", async ({ params, body, by, placeOf }) => {
    const place = await placeOf("doorId", (await operating.findDoor(params.doorId))?.placeId ?? null);
    return operating.setMode({ place, by }, params.doorId, body);
  });
  serve(
    "openDoor",
    async ({ params, query, body, by, once, placeOf, signal }) => {
      const door = await operating.findDoor(params.doorId);
      const place = await placeOf("doorId", door?.placeId ?? null);
      if (door === null) throw hidden("doorId");
      const wish = { command: "ONCE_OPEN" as const, actAtMs: body?.actAt, withinMs: body?.withinMs, once };
      return operating.whenFurther(await operating.order({ place, by }, door, wish), watchOf(query), signal);
    },
    { answerMsMax: COMMAND_ANSWER_MS_MAX },
  );
  serve(
    "orderDoor",
    async ({ params, query, body, by, once, placeOf, signal }) => {
      const door = await operating.findDoor(params.doorId);
      const place = await placeOf("doorId", door?.placeId ?? null);
      if (door === null) throw hidden("doorId");
      const wish = { command: body.command, actAtMs: body.actAt, withinMs: body.withinMs, once };
      return operating.whenFurther(await operating.order({ place, by }, door, wish), watchOf(query), signal);
    },
    { answerMsMax: COMMAND_ANSWER_MS_MAX },
  );
  serve("listCommands", async ({ params, query, placeOf }) => {
    const door = await operating.findDoor(params.doorId);
    await placeOf("doorId", door?.placeId ?? null);
    if (door === null) throw hidden("doorId");
    const { items, next } = await operating.commandsOf(door, { ...pageWanted(query), isOpen: query.open === true });
    // Whose card it is is told by the command itself, to those who may see people.
    const told = items.map(({ card: _, ...command }) => command);
    return { items: told, ...(next === undefined ? {} : { next }) };
  });
  serve("cancelCommand", async ({ params, by, placeOf }) => {
    const command = await operating.readCommand(params.commandId);
    const place = await placeOf("commandId", command?.placeId ?? null);
    if (command === null) throw hidden("commandId");
    return operating.cancel({ place, by }, command);
  });
  serve(
    "learnCard",
    async ({ params, query, body, by, placeOf, signal }) => {
      const device = await operating.findDevice(params.deviceId);
      const place = await placeOf("deviceId", device?.placeId ?? null);
      if (device === null) throw hidden("deviceId");
      const command = await operating.learn({ place, by }, device, body?.withinMs);
      return operating.whenFurther(command, watchOf(query), signal);
    },
    { answerMsMax: COMMAND_ANSWER_MS_MAX },
  );
  serve(
    "readCommand",
    async ({ actor, params, query, placeOf, signal }) => {
      const command = await operating.readCommand(params.commandId);
      await placeOf("commandId", command?.placeId ?? null);
      if (command === null) throw hidden("commandId");
      const { card, ...seen } = await operating.whenFurther(command, watchOf(query), signal);
      // Whose card it is is known to those who may see people alone.
      return card !== undefined && actor.scopes.has("people") ? { ...seen, card } : seen;
    },
    { answerMsMax: COMMAND_ANSWER_MS_MAX },
  );
  serve("readLockdown", async ({ params, place }) => operating.readLockdown(await place(params.placeId)));
  serve("beginLockdown", async ({ params, body, by, place }) =>
    operating.lockdown({ place: await place(params.placeId), by }, body.doors, true),
  );
  serve("endLockdown", async ({ params, by, place }) => operating.lockdown({ place: await place(params.placeId), by }, "all", false));
}
