import { SCHEDULE_HOLIDAYS_MAX, SCHEDULE_WINDOWS_PER_DAY_MAX } from "@postern/core";
import Type, { type Static } from "typebox";
import { operations } from "./operation.ts";
import { closed, Id, NoQuery, OptionalId, PageQuery, PlaceParams, pageOf, ThingName } from "./parts.ts";

const TimeOfDay = Type.String({ pattern: "^([01][0-9]|2[0-3]):[0-5][0-9]$", "x-rule": "must be a time such as 08:00" });
const EndOfWindow = Type.String({
  pattern: "^(([01][0-9]|2[0-3]):[0-5][0-9]|24:00)$",
  "x-rule": "must be a time such as 18:00, at most 24:00",
});

/** Wall-clock of the place. An end at or before the start lies on the next day. */
export const Window = Type.Object({ from: TimeOfDay, to: EndOfWindow }, closed);
export type Window = Static<typeof Window>;
const Windows = Type.Array(Window, { maxItems: SCHEDULE_WINDOWS_PER_DAY_MAX });

export const WEEKDAYS = ["sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"] as const;

/** A day left out has no windows. */
export const Week = Type.Object(
  {
    sunday: Type.Optional(Windows),
    monday: Type.Optional(Windows),
    tuesday: Type.Optional(Windows),
    wednesday: Type.Optional(Windows),
    thursday: Type.Optional(Windows),
    friday: Type.Optional(Windows),
    saturday: Type.Optional(Windows),
  },
  closed,
);
export type Week = Static<typeof Week>;

/** Its windows replace those that start on its date. No windows: closed all day. */
export const HolidayDay = Type.Object(
  {
    date: Type.String({ pattern: "^[0-9]{4}-[0-9]{2}-[0-9]{2}$", "x-rule": "must be a date such as 2026-12-25" }),
    name: Type.Optional(ThingName),
    windows: Windows,
  },
  closed,
);
export type HolidayDay = Static<typeof HolidayDay>;
const Holidays = Type.Array(HolidayDay, { maxItems: SCHEDULE_HOLIDAYS_MAX, description: "Any order; each date once." });

const scheduleFields = {
  name: ThingName,
  weekly: Week,
  /** Of its own; not beside `calendarId`. */
  holidays: Holidays,
  /** The calendar whose holidays hold for it. */
  calendarId: OptionalId,
};
export const ScheduleResource = Type.Object({ scheduleId: Id, placeId: Id, ...scheduleFields }, closed);
export type ScheduleResource = Static<typeof ScheduleResource>;

const ScheduleWrite = Type.Object(
  { name: ThingName, weekly: Week, holidays: Type.Optional(Holidays), calendarId: Type.Optional(OptionalId) },
  closed,
);
export type ScheduleWrite = Static<typeof ScheduleWrite>;

export const HolidayCalendar = Type.Object({ calendarId: Id, placeId: Id, name: ThingName, holidays: Holidays }, closed);
export type HolidayCalendar = Static<typeof HolidayCalendar>;

const HolidayCalendarWrite = Type.Object({ name: ThingName, holidays: Holidays }, closed);
export type HolidayCalendarWrite = Static<typeof HolidayCalendarWrite>;

const ScheduleParams = Type.Object({ scheduleId: Id }, closed);
const CalendarParams = Type.Object({ calendarId: Id }, closed);
const reading = ["doors:configure", "doors:operate", "people"] as const;

export const scheduleOperations = operations({
  listSchedules: {
    method: "GET",
    path: "/places/{placeId}/schedules",
    access: reading,
    tag: "schedules",
    summary: "List the schedules of a place",
    params: PlaceParams,
    query: PageQuery,
    body: null,
    answer: pageOf(ScheduleResource),
    status: 200,
    errors: ["not_found"],
  },
  createSchedule: {
    method: "POST",
    path: "/places/{placeId}/schedules",
    access: ["doors:configure"],
    tag: "schedules",
    summary: "Make a schedule",
    params: PlaceParams,
    query: NoQuery,
    body: ScheduleWrite,
    answer: ScheduleResource,
    status: 201,
    errors: ["not_found", "conflict"],
    isIdempotent: true,
  },
  readSchedule: {
    method: "GET",
    path: "/schedules/{scheduleId}",
    access: reading,
    tag: "schedules",
    summary: "Read a schedule",
    params: ScheduleParams,
    query: NoQuery,
    body: null,
    answer: ScheduleResource,
    status: 200,
    errors: ["not_found"],
    isVersioned: true,
  },
  changeSchedule: {
    method: "PATCH",
    path: "/schedules/{scheduleId}",
    access: ["doors:configure"],
    tag: "schedules",
    summary: "Change a schedule; doors that use it follow at once",
    params: ScheduleParams,
    query: NoQuery,
    body: Type.Partial(ScheduleWrite, closed),
    answer: ScheduleResource,
    status: 200,
    errors: ["not_found", "changed_meanwhile"],
    isVersioned: true,
  },
  deleteSchedule: {
    method: "DELETE",
    path: "/schedules/{scheduleId}",
    access: ["doors:configure"],
    tag: "schedules",
    summary: "Delete a schedule that nothing uses",
    params: ScheduleParams,
    query: NoQuery,
    body: null,
    answer: null,
    status: 204,
    errors: ["not_found", "conflict", "changed_meanwhile"],
    isVersioned: true,
  },
  listHolidayCalendars: {
    method: "GET",
    path: "/places/{placeId}/holiday-calendars",
    access: reading,
    tag: "holidays",
    summary: "List the holiday calendars of a place",
    params: PlaceParams,
    query: PageQuery,
    body: null,
    answer: pageOf(HolidayCalendar),
    status: 200,
    errors: ["not_found"],
  },
  createHolidayCalendar: {
    method: "POST",
    path: "/places/{placeId}/holiday-calendars",
    access: ["doors:configure"],
    tag: "holidays",
    summary: "Make a holiday calendar",
    params: PlaceParams,
    query: NoQuery,
    body: HolidayCalendarWrite,
    answer: HolidayCalendar,
    status: 201,
    errors: ["not_found", "conflict"],
    isIdempotent: true,
  },
  readHolidayCalendar: {
    method: "GET",
    path: "/holiday-calendars/{calendarId}",
    access: reading,
    tag: "holidays",
    summary: "Read a holiday calendar",
    params: CalendarParams,
    query: NoQuery,
    body: null,
    answer: HolidayCalendar,
    status: 200,
    errors: ["not_found"],
    isVersioned: true,
  },
  changeHolidayCalendar: {
    method: "PATCH",
    path: "/holiday-calendars/{calendarId}",
    access: ["doors:configure"],
    tag: "holidays",
    summary: "Change a holiday calendar; schedules that name it follow",
    params: CalendarParams,
    query: NoQuery,
    body: Type.Partial(HolidayCalendarWrite, closed),
    answer: HolidayCalendar,
    status: 200,
    errors: ["not_found", "changed_meanwhile"],
    isVersioned: true,
  },
  deleteHolidayCalendar: {
    method: "DELETE",
    path: "/holiday-calendars/{calendarId}",
    access: ["doors:configure"],
    tag: "holidays",
    summary: "Delete a holiday calendar that no schedule names",
    params: CalendarParams,
    query: NoQuery,
    body: null,
    answer: null,
    status: 204,
    errors: ["not_found", "conflict", "changed_meanwhile"],
    isVersioned: true,
  },
});
