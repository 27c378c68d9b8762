export { type RunningServer, type ServerOptions, startServer } from "./app.ts";
export type { DemoPlace } from "./features/demo/make-demo-place.ts";
export { SCOPES } from "./platform/access/actor.ts";
export { type BackupMade, backup } from "./platform/backup/backup.ts";
export { type Restored, restore } from "./platform/backup/restore.ts";
export { type Config, type Environment, readConfig } from "./platform/config.ts";
export { createLog } from "./platform/log.ts";
export { SERVER_VERSION } from "./version.ts";
