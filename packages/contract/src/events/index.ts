export * from "./auth-event-type.ts";
export * from "./event-catalogue.ts";
export type * from "./event-spec.ts";
