export * from "./clue-codes.ts";
export * from "./clue-error.ts";
export * from "./link-codes.ts";
export * from "./native-codes.ts";
export type * from "./problem.ts";
