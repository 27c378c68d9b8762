export * from "./examine-photo.ts";
export * from "./face-errors.ts";
export * from "./face-models.ts";
export * from "./face-pool.ts";
export * from "./model-pack.ts";
export * from "./quality-policy.ts";
export * from "./template-gallery.ts";
export * from "./template-text.ts";
