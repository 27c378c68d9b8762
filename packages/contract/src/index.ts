export * from "./asyncapi/index.ts";
export * from "./clue/index.ts";
export * from "./errors/index.ts";
export * from "./events/index.ts";
export * from "./ledger/index.ts";
export * from "./link/index.ts";
export * from "./native/index.ts";
export * from "./openapi/index.ts";
