import type { Log, Timers } from "@postern/core";
import type { ExportFiles } from "./features/exports/export-files.ts";
import { ExportWriter } from "./features/exports/export-writer.ts";
import { EXPORTS_DROP_EVERY_MS, EXPORTS_POLL_MS } from "./features/exports/limits.ts";
import { WebhookDispatcher } from "./features/webhooks/dispatcher.ts";
import { DUE_POLL_MS, LOG_TRIM_EVERY_MS } from "./features/webhooks/limits.ts";
import type { RunnerDeps } from "./features/webhooks/place-runner.ts";
import { LEDGER_GROWN_CHANNEL } from "./ledger/ledger-store.ts";
import { HEADS_LOOK_EVERY_MS, RETENTION_EVERY_MS } from "./ledger/limits.ts";
import type { SignedHeads } from "./ledger/signed-heads.ts";
import type { Queryable } from "./platform/database.ts";
import { isInstanceAlive } from "./platform/deployment-store.ts";
import type { Notifications } from "./platform/notifications.ts";

/** Runs work now and then until disposed. */
export type Repeat = (timers: Timers, job: RepeatedJob) => AsyncDisposable;

interface RepeatedJob {
  readonly name: string;
  readonly everyMs: number;
  readonly work: () => Promise<void>;
  readonly log: Log;
}

export interface BehindWiring {
  readonly stack: AsyncDisposableStack;
  readonly notifications: Notifications;
  readonly repeat: Repeat;
}

export interface BehindDeps extends RunnerDeps {
  readonly timers: Timers;
  readonly exportFiles: ExportFiles;
  readonly heads: SignedHeads;
  readonly eventsKeptDays: number;
  /** Of this process: what it holds is free once it is gone. */
  readonly instanceId: number;
}

/** What a server sends, writes and signs without being asked at the moment: webhooks, exports and heads of ledgers. The first two begin with it and leave what is under way to others. */
export function sendBehind({ stack, notifications, repeat }: BehindWiring, deps: BehindDeps): void {
  const { timers, log } = deps;
  const isAlive = (other: number, queryable: Queryable): Promise<boolean> => isInstanceAlive(queryable, other);
  const every = (name: string, everyMs: number, work: () => Promise<void>): void => {
    stack.use(repeat(timers, { name, everyMs, work, log }));
  };
  const writer = new ExportWriter({ ...deps, files: deps.exportFiles, isInstanceAlive: isAlive });
  stack.defer(() => writer.stop());
  every("write exports", EXPORTS_POLL_MS, () => writer.poll());
  every("drop old exports", EXPORTS_DROP_EVERY_MS, () => writer.dropOld());
  every("keep heads of ledgers", HEADS_LOOK_EVERY_MS, () => deps.heads.keepDue());
  every("drop old heads of ledgers", RETENTION_EVERY_MS, () => deps.heads.dropOld(deps.eventsKeptDays));
  const dispatcher = new WebhookDispatcher({ ...deps, isInstanceAlive: isAlive });
  stack.defer(() => dispatcher.stop());
  stack.defer(notifications.listen(LEDGER_GROWN_CHANNEL, (payload) => dispatcher.hint(payload)));
  every("webhooks due", DUE_POLL_MS, () => dispatcher.poll());
  every("trim webhook log", LOG_TRIM_EVERY_MS, () => dispatcher.trim());
}
