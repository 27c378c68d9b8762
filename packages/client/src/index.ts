export type { Download, DownloadOptions } from "./download.ts";
export type { FollowOptions } from "./follow-place.ts";
export type { AnswerOf, CallArguments, CallOf, CallOptions, Exchange, ItemOf, PagedId } from "./operation-call.ts";
export * from "./postern-client.ts";
export * from "./postern-error.ts";
export type { StreamedEvent, StreamOptions } from "./stream-events.ts";
