export * from "./event-line.ts";
