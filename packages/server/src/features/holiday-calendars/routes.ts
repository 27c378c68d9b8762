import { pageWanted } from "../../platform/operations/page-cursor.ts";
import type { Serve } from "../../platform/operations/serve-operations.ts";
import type { HolidayCalendarsService } from "./service.ts";

/** Under v2. */
export function serveHolidayCalendars(serve: Serve, calendars: HolidayCalendarsService): void {
  serve("listHolidayCalendars", async ({ params, query, place }) => {
    const { placeId } = await place(params.placeId);
    return calendars.list(placeId, pageWanted(query));
  });

  serve("createHolidayCalendar", async ({ params, body, by, once, place }) =>
    calendars.create({ place: await place(params.placeId), by, once }, body),
  );

  serve("readHolidayCalendar", async ({ params: { calendarId }, placeOf }) => {
    await placeOf("calendarId", await calendars.placeOf(calendarId));
    return calendars.read(calendarId);
  });

  serve("changeHolidayCalendar", async ({ params: { calendarId }, body, by, ifMatch, placeOf }) => {
    const place = await placeOf("calendarId", await calendars.placeOf(calendarId));
    return calendars.change({ place, by, calendarId, ifMatch }, body);
  });

  serve("deleteHolidayCalendar", async ({ params: { calendarId }, by, ifMatch, placeOf }) => {
    const place = await placeOf("calendarId", await calendars.placeOf(calendarId));
    return void (await calendars.remove({ place, by, calendarId, ifMatch }));
  });
}
