export * from "./fit-detail.ts";
export * from "./frames.ts";
export * from "./limits.ts";
export * from "./read-frame.ts";
export * from "./roster-item-schema.ts";
export * from "./topics.ts";
