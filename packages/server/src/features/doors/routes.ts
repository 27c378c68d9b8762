import { readPathId, writeList } from "@postern/contract";
import type { FastifyInstance } from "fastify";
import { accepted } from "../../platform/http/accepted.ts";
import { pageWanted } from "../../platform/operations/page-cursor.ts";
import type { Serve } from "../../platform/operations/serve-operations.ts";
import type { DevicesService } from "./devices.ts";
import type { NativeDoorsService } from "./native-service.ts";
import type { SearchedPage } from "./native-store.ts";
import type { DoorsService } from "./service.ts";

interface PlaceParams {
  readonly Params: { readonly placeId: string };
}

/** CLUe §1.5, under every prefix of v1. */
export function addDoorRoutes(routes: FastifyInstance, doors: DoorsService): void {
  routes.get<PlaceParams>("/places/:placeId/doors", async (request) => {
    const placeId = accepted(readPathId("placeId", request.params.placeId));
    const page = await doors.list(request.actor, placeId, request.query);
    return writeList(page.doors, page.total);
  });
}

/** Under v2. */
export function serveDoors(serve: Serve, doors: NativeDoorsService): void {
  serve("listDoors", async ({ params, query, place }) => {
    const { placeId } = await place(params.placeId);
    return doors.list(placeId, searchedPage(query));
  });

  serve("createDoor", async ({ params, body, by, once, place }) => doors.create({ place: await place(params.placeId), by, once }, body));

  serve("readDoor", async ({ params: { doorId }, placeOf }) => {
    await placeOf("doorId", await doors.placeOf(doorId));
    return doors.read(doorId);
  });

  serve("changeDoor", async ({ params: { doorId }, body, by, ifMatch, placeOf }) => {
    const place = await placeOf("doorId", await doors.placeOf(doorId));
    return doors.change({ place, by, doorId, ifMatch }, body);
  });

  serve("deleteDoor", async ({ params: { doorId }, by, ifMatch, placeOf }) => {
    const place = await placeOf("doorId", await doors.placeOf(doorId));
    return void (await doors.remove({ place, by, doorId, ifMatch }));
  });
}

/** Under v2. */
export function serveDevices(serve: Serve, devices: DevicesService): void {
  serve("listDevices", async ({ params, query, place }) => {
    const { placeId } = await place(params.placeId);
    return devices.list(placeId, searchedPage(query));
  });

  serve("readDevice", async ({ params: { deviceId }, placeOf }) => {
    await placeOf("deviceId", await devices.placeOf(deviceId));
    return devices.read(deviceId);
  });

  serve("changeDevice", async ({ params: { deviceId }, body, by, ifMatch, placeOf }) => {
    const place = await placeOf("deviceId", await devices.placeOf(deviceId));
    return devices.change({ place, by, deviceId, ifMatch }, body);
  });
}

function searchedPage({ q, ...page }: { readonly q?: string; readonly after?: string; readonly limit?: number }): SearchedPage {
  return { ...pageWanted(page), text: q ?? null };
}
