import type { Section } from "../case.ts";
import { changeAndDelete } from "./change-and-delete.ts";
import { conventions } from "./conventions.ts";
import { createUser } from "./create-user.ts";
import { devices } from "./devices.ts";
import { display } from "./display.ts";
import { doors } from "./doors.ts";
import { dynamicQrs } from "./dynamic-qrs.ts";
import { events } from "./events.ts";

/** In the order in which they are asked: what others rest on first. */
export const SECTIONS: readonly Section[] = [conventions, createUser, changeAndDelete, doors, events, devices, display, dynamicQrs];
