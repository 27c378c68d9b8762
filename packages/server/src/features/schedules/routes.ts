import { pageWanted } from "../../platform/operations/page-cursor.ts";
import type { Serve } from "../../platform/operations/serve-operations.ts";
import type { SchedulesService } from "./service.ts";

/** Under v2. */
export function serveSchedules(serve: Serve, schedules: SchedulesService): void {
  serve("listSchedules", async ({ params, query, place }) => {
    const { placeId } = await place(params.placeId);
    return schedules.list(placeId, pageWanted(query));
  });

  serve("createSchedule", async ({ params, body, by, once, place }) =>
    schedules.create({ place: await place(params.placeId), by, once }, body),
  );

  serve("readSchedule", async ({ params: { scheduleId }, placeOf }) => {
    await placeOf("scheduleId", await schedules.placeOf(scheduleId));
    return schedules.read(scheduleId);
  });

  serve("changeSchedule", async ({ params: { scheduleId }, body, by, ifMatch, placeOf }) => {
    const place = await placeOf("scheduleId", await schedules.placeOf(scheduleId));
    return schedules.change({ place, by, scheduleId, ifMatch }, body);
  });

  serve("deleteSchedule", async ({ params: { scheduleId }, by, ifMatch, placeOf }) => {
    const place = await placeOf("scheduleId", await schedules.placeOf(scheduleId));
    return void (await schedules.remove({ place, by, scheduleId, ifMatch }));
  });
}
