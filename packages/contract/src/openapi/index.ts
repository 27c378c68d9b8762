export * from "./clue-document.ts";
export type * from "./clue-operation.ts";
export * from "./clue-operations.ts";
export { HEALTH_PATH } from "./health-path.ts";
export * from "./native-document.ts";
export type * from "./open-api.ts";
export * from "./problem-document.ts";
