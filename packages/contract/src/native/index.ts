export * from "./native-limits.ts";
export * from "./read-controller-bodies.ts";
export * from "./read-keys-query.ts";
export * from "./read-mint-key.ts";
