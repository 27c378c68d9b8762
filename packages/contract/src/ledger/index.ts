export * from "./event-line.ts";
export * from "./head-text.ts";
