import { readFile } from "node:fs/promises";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { assert, type Clock, type Log, pause, type Random, type Timers } from "@postern/core";
import type { FastifyInstance } from "fastify";
import { type ApiServices, addApi, vendorSecrets, webhookSending } from "./api.ts";
import { dropOldImports } from "./features/auths/bulk/import-store.ts";
import { IMPORTS_DROP_EVERY_MS, IMPORTS_KEPT_MS } from "./features/auths/bulk/limits.ts";
import { endBiometrics, endConsents } from "./features/auths/end-biometrics.ts";
import { BIOMETRICS_END_EVERY_MS, CONSENTS_END_EVERY_MS } from "./features/auths/limits.ts";
import type { ClaimsService } from "./features/controllers/claims.ts";
import { type EndedKeysLog, openEndedKeys, replayEndedKeys } from "./features/controllers/ended-keys.ts";
import { type DemoPlace, machineTimeZone, makeDemoPlace } from "./features/demo/make-demo-place.ts";
import { addDoor } from "./features/doors/add-door.ts";
import { RETIRE_EVERY_MS } from "./features/dynamic-qrs/limits.ts";
import { retireEndedQrs } from "./features/dynamic-qrs/retire.ts";
import { ExportFiles } from "./features/exports/export-files.ts";
import type { HealthCheck } from "./features/health/service.ts";
import { createKeyVerifier } from "./features/keys/key-verifier.ts";
import { WAITING_KEYS_POLL_MS } from "./features/keys/limits.ts";
import { openRevocationLog, type RevocationLog, replayRevocations } from "./features/keys/revocation-log.ts";
import type { KeysService } from "./features/keys/service.ts";
import { KEYS_CHANGED_CHANNEL } from "./features/keys/store.ts";
import { SAMPLE_EVERY_MS } from "./features/metrics/limits.ts";
import { addMetricsRoutes } from "./features/metrics/routes.ts";
import { Sampler } from "./features/metrics/sampler.ts";
import { type ProcessReadings, ServerMetrics } from "./features/metrics/server-metrics.ts";
import { LEARNT_CARDS_POLL_MS, MODES_POLL_MS } from "./features/operating/limits.ts";
import { ErasureLog } from "./features/people/erasure-log.ts";
import { replayErasures } from "./features/people/replay-erasures.ts";
import type { VendorAsks } from "./features/vendor-apis/ask-vendor.ts";
import { openVendorAsks } from "./features/vendor-apis/open-vendor-asks.ts";
import { LedgerHints } from "./following/ledger-hints.ts";
import { COMMAND_WAITS_CHANNEL } from "./gateway/command-store.ts";
import { Confirmations } from "./gateway/confirmations.ts";
import { CONTROLLERS_CHANGED_CHANNEL } from "./gateway/controller-store.ts";
import { Gateway } from "./gateway/gateway.ts";
import { COMMAND_POLL_MS, HEARD_WRITE_MS, SESSIONS_POLL_MS } from "./gateway/limits.ts";
import { startMqttListener } from "./gateway/mqtt/mqtt-listener.ts";
import { Appender } from "./ledger/appender.ts";
import { LEDGER_GROWN_CHANNEL } from "./ledger/ledger-store.ts";
import { RETENTION_EVERY_MS, SUMMARISE_EVERY_MS } from "./ledger/limits.ts";
import { dropOldPeriods, makePeriodsAhead } from "./ledger/retention.ts";
import { Summariser } from "./ledger/summariser.ts";
import { createAccess } from "./platform/access/access.ts";
import { loadOperatorKey } from "./platform/access/operator-key.ts";
import { WaitingKeys } from "./platform/access/waiting-keys.ts";
import { REFUSALS_WRITE_MS } from "./platform/audit/limits.ts";
import { RefusalSampler, type RefusedCall } from "./platform/audit/refusal-sampler.ts";
import { type Config, isLoopback } from "./platform/config.ts";
import { holdDataDir } from "./platform/data-dir.ts";
import { type ConnectionUse, type Database, openDatabase } from "./platform/database.ts";
import { APPLICATION_ROLE, type DatabaseAddress } from "./platform/database-address.ts";
import { drawInstanceId, ensureDeployment, instanceLockKey, isInstanceAlive } from "./platform/deployment-store.ts";
import { LazyFaceExaminer } from "./platform/faces/face-examiner.ts";
import { GALLERIES_TIDY_MS } from "./platform/faces/limits.ts";
import { createHttpServer } from "./platform/http/http-server.ts";
import { authenticateOperator, createRouteGuards, type RouteGuards } from "./platform/http/keyed-routes.ts";
import { migrate } from "./platform/migrate.ts";
import { type Notifications, openNotifications } from "./platform/notifications.ts";
import { OutgoingHttp } from "./platform/outgoing/outgoing-http.ts";
import { createPersonKeys, type PersonKeys } from "./platform/person-keys/person-keys.ts";
import { startEmbeddedPostgres } from "./platform/postgres/embedded-postgres.ts";
import { loadServerKey, type ServerKey } from "./platform/server-key.ts";
import { FEED_POLL_MS, REVOCATIONS_DROP_EVERY_MS, REVOCATIONS_KEPT_MS } from "./roster/limits.ts";
import { placeItem, scheduleItem } from "./roster/place-items.ts";
import { dropOldRevocations } from "./roster/revocation-store.ts";
import { RosterFeeds } from "./roster/roster-feeds.ts";
import { ROSTER_CHANGED_CHANNEL } from "./roster/roster-store.ts";
import { type Repeat, sendBehind } from "./send-behind.ts";
import { SERVER_VERSION } from "./version.ts";

export interface ServerOptions {
  readonly config: Config;
  readonly log: Log;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly random: Random;
  /** Parts beside the server's own that `/healthz` waits for, by name. */
  readonly checks?: Readonly<Record<string, HealthCheck>>;
}

export interface RunningServer {
  readonly baseUrl: string;
  readonly mqttUrl: string;
  /** The place of CLUe's guide, where this database has it. */
  readonly demo: DemoPlace | null;
  readonly keys: KeysService;
  readonly claims: ClaimsService;
  readonly confirmations: Confirmations;
  readonly database: Database;
  /** Answers what is under way, then ends everything. Idempotent. */
  stop(): Promise<void>;
}

/** Starts a server whole: database, HTTP, gateway. What had started is ended again when a later part fails. */
export async function startServer(options: ServerOptions): Promise<RunningServer> {
  const stack = new AsyncDisposableStack();
  try {
    const running = await startParts(options, stack);
    let stopped: Promise<void> | null = null;
    return { ...running, stop: () => (stopped ??= stack.disposeAsync()) };
  } catch (failure) {
    await stack.disposeAsync();
    throw failure;
  }
}

async function startParts(options: ServerOptions, stack: AsyncDisposableStack): Promise<Omit<RunningServer, "stop">> {
  const { config, log, clock, timers, random } = options;
  const held = await holdDataDir(config.dataDir, clock);
  stack.defer(() => held.release());
  const serverKey = await loadServerKey(config.dataDir, random);
  const addresses = await startDatabase(options, stack);
  await migrate({ owner: addresses.owner, log });
  const metrics = new ServerMetrics(SERVER_VERSION);
  const use: { read: () => ConnectionUse } = { read: () => ({ total: 0, idle: 0, waiting: 0 }) };
  const watchUse = (readUse: () => ConnectionUse): void => void Object.assign(use, { read: readUse });
  const database = openDatabase({ address: addresses.application, timers, random, log, watchUse });
  stack.defer(() => database.close());
  await ensureDeployment(database, random, clock.nowMs());
  const personKeys = createPersonKeys({ wrappingKey: serverKey.deriveKey("person keys"), random });
  const erasures = await ErasureLog.open(held.path);
  await replayErasures({ database, personKeys, erasures, clock, log });
  const revocations = await openRevocationLog(held.path);
  await replayRevocations({ database, revocations, log });
  const endedKeys = await openEndedKeys(held.path);
  await replayEndedKeys({ database, endedKeys, log });
  const demo = await findDemo(options, database);
  const noteAsked = metrics.askedVendor.bind(metrics);
  const secrets = vendorSecrets({ deriveKey: (purpose) => serverKey.deriveKey(purpose) });
  const vendors = openVendorAsks({ ...options, ...secrets, database, noteAsked, allowedHosts: config.outgoingHosts }, stack);
  const link = await startLink({ options, stack, database, address: addresses.application, personKeys, metrics, vendors });
  const http = await startHttp({
    options,
    stack,
    database,
    serverKey,
    link,
    personKeys,
    erasures,
    revocations,
    endedKeys,
    metrics,
    connectionUse: () => use.read(),
  });
  return { ...http, mqttUrl: link.mqttUrl, demo, database, confirmations: link.confirmations };
}

interface DatabaseAddresses {
  readonly owner: DatabaseAddress;
  readonly application: DatabaseAddress;
}

async function startDatabase({ config, log, clock, timers }: ServerOptions, stack: AsyncDisposableStack): Promise<DatabaseAddresses> {
  if (config.databaseUrl !== null) {
    return { owner: { url: config.databaseUrl }, application: { url: config.databaseUrl, role: APPLICATION_ROLE } };
  }
  const embedded = await startEmbeddedPostgres({ dataDir: config.dataDir, clock, timers, log });
  stack.defer(() => embedded.stop());
  return embedded;
}

async function findDemo({ config, clock }: ServerOptions, database: Database): Promise<DemoPlace | null> {
  const isWanted = config.demo === "on" || (config.demo === "auto" && config.databaseUrl === null);
  if (!isWanted) return null;
  const doors = { addDoor, placeItem, scheduleItem };
  return makeDemoPlace(
    { database, clock, doors },
    { make: config.demo === "on" ? "when_missing" : "when_empty", timeZone: machineTimeZone() },
  );
}

interface Link {
  /** Ends the connection of a controller whose key or doors are others now. */
  readonly endStale: (serial: string) => void;
  readonly confirmations: Confirmations;
  readonly ledgerHints: LedgerHints;
  readonly notifications: Notifications;
  /** Of this process, as long as it lives. */
  readonly instanceId: number;
  readonly mqttUrl: string;
  readonly connectedCount: () => number;
  readonly openVendorBreakers: () => number;
  readonly vendorAsksInFlight: () => number;
}

interface LinkParts {
  readonly options: ServerOptions;
  readonly stack: AsyncDisposableStack;
  readonly database: Database;
  readonly address: DatabaseAddress;
  readonly personKeys: PersonKeys;
  readonly metrics: ServerMetrics;
  readonly vendors: VendorAsks;
}

/** The roster's feeds, the ledger's append and the controllers' listener. */
async function startLink({ options, stack, database, address, personKeys, metrics, vendors }: LinkParts): Promise<Link> {
  const { config, log, clock, timers } = options;
  const notifications = openNotifications({ address, timers, log });
  stack.defer(() => notifications.close());
  const instanceId = await drawInstanceId(database);
  const feeds = new RosterFeeds(database, log);
  const ledgerHints = new LedgerHints(timers);
  notifications.listen(ROSTER_CHANGED_CHANNEL, (payload) =>
    payload === null ? void feeds.poll().catch(() => undefined) : feeds.hint(Number(payload)),
  );
  notifications.listen(LEDGER_GROWN_CHANNEL, (payload) => ledgerHints.hint(payload));
  stack.use(repeat(timers, { name: "poll rosters", everyMs: FEED_POLL_MS, work: () => feeds.poll(), log }));
  const dropOld = (): Promise<void> => dropOldRevocations(database, clock.nowMs() - REVOCATIONS_KEPT_MS);
  stack.use(repeat(timers, { name: "drop old revocations", everyMs: REVOCATIONS_DROP_EVERY_MS, work: dropOld, log }));
  const keepPeriods = async (): Promise<void> => {
    await makePeriodsAhead(database, clock.nowMs());
    await dropOldPeriods(database, { nowMs: clock.nowMs(), keptDays: config.eventsKeptDays, timers, log });
  };
  stack.use(repeat(timers, { name: "keep months of events", everyMs: RETENTION_EVERY_MS, work: keepPeriods, log }));
  const appender = new Appender(database, clock);
  const summariser = new Summariser(database, log);
  stack.use(repeat(timers, { name: "summarise ledgers", everyMs: SUMMARISE_EVERY_MS, work: () => summariser.run(), log }));
  const confirmations = new Confirmations(database, timers, log);
  stack.defer(() => confirmations.close());
  stack.defer(() => appender.drain());
  const gateway = new Gateway({
    database,
    feeds,
    appender: measured(appender, metrics, clock),
    confirmations,
    clock,
    timers,
    log,
    instanceId,
    personKeys,
    askVendor: vendors.ask,
    isInstanceAlive: (other, queryable) => isInstanceAlive(queryable, other),
  });
  stack.defer(() => gateway.drain());
  const noteConnected = (): Promise<void> => gateway.noteConnected();
  // While the lock was lost, others took this process for dead and its controllers for away.
  await notifications.keepAdvisoryLock(
    instanceLockKey(instanceId),
    () => void noteConnected().catch((cause: unknown) => log.debug("gateway.connected_unwritten", { cause })),
  );
  stack.use(repeat(timers, { name: "note who is connected", everyMs: SESSIONS_POLL_MS, work: noteConnected, log }));
  const sendCommands = (): Promise<void> => gateway.sendDueCommands();
  notifications.listen(
    COMMAND_WAITS_CHANNEL,
    () => void sendCommands().catch((cause: unknown) => log.debug("gateway.commands_unsent", { cause })),
  );
  stack.use(repeat(timers, { name: "send commands", everyMs: COMMAND_POLL_MS, work: sendCommands, log }));
  const endStale = (serial?: string): void =>
    void gateway.endStale(serial).catch((cause: unknown) => log.debug("gateway.stale_unread", { cause }));
  notifications.listen(CONTROLLERS_CHANGED_CHANNEL, (payload) => endStale(payload ?? undefined));
  stack.use(repeat(timers, { name: "end stale sessions", everyMs: SESSIONS_POLL_MS, work: () => gateway.endStale(), log }));
  stack.use(repeat(timers, { name: "note who is heard", everyMs: HEARD_WRITE_MS, work: async () => gateway.noteHeard(), log }));
  await gateway.forgetDeadProcesses();
  stack.use(repeat(timers, { name: "forget dead processes", everyMs: SESSIONS_POLL_MS, work: () => gateway.forgetDeadProcesses(), log }));
  const tls = await readTls(config);
  const listener = await startMqttListener({ host: config.host, port: config.mqttPort, ...tls, handler: gateway, log, clock, timers });
  stack.defer(() => listener.stop());
  return {
    endStale,
    confirmations,
    ledgerHints,
    notifications,
    instanceId,
    connectedCount: () => gateway.connectedCount,
    openVendorBreakers: () => vendors.openBreakerCount,
    vendorAsksInFlight: () => gateway.askCount,
    mqttUrl: `${config.tls === null ? "mqtt" : "mqtts"}://${urlHost(config.host)}:${listener.port}`,
  };
}

function measured(appender: Appender, metrics: ServerMetrics, clock: Clock): Pick<Appender, "append"> {
  const nowMs = (): number => clock.monotonicMs();
  return { append: (batch) => metrics.appending(batch.events.length, nowMs, () => appender.append(batch)) };
}

/** Runs work now and then until disposed: what a notification hints at, a poll finds. A failure is looked at again the next time. */
const repeat: Repeat = (timers, { name, everyMs, work, log }) => {
  const stopping = new AbortController();
  const run = async (): Promise<void> => {
    while (!stopping.signal.aborted) {
      await pause(timers, name, everyMs, stopping.signal);
      await work().catch((cause: unknown) => log.debug("server.poll_failed", { name, cause }));
    }
  };
  const running = run();
  return {
    async [Symbol.asyncDispose]() {
      stopping.abort();
      await running;
    },
  };
};

interface HttpParts {
  readonly options: ServerOptions;
  readonly stack: AsyncDisposableStack;
  readonly database: Database;
  readonly serverKey: ServerKey;
  readonly link: Link;
  readonly erasures: ErasureLog;
  readonly revocations: RevocationLog;
  readonly endedKeys: EndedKeysLog;
  readonly metrics: ServerMetrics;
  readonly connectionUse: () => ConnectionUse;
  readonly personKeys: PersonKeys;
}

async function startHttp({
  options,
  stack,
  database,
  serverKey,
  link,
  erasures,
  revocations,
  endedKeys,
  personKeys,
  metrics,
  connectionUse,
}: HttpParts): Promise<Pick<RunningServer, "baseUrl" | "keys" | "claims">> {
  const { config, log, clock, timers, random } = options;
  const waitingKeys = new WaitingKeys();
  const keySigner = serverKey.deriveSigningKey("api keys");
  const verifier = createKeyVerifier({ database, clock, signer: keySigner });
  const onKeyRevoked = (keyId: string): void => {
    verifier.forget(keyId);
    waitingKeys.end(keyId);
  };
  // Without a payload something may have been missed: rows are read again within half a second, and those who wait are looked at as often.
  link.notifications.listen(KEYS_CHANGED_CHANNEL, (keyId) => (keyId === null ? verifier.forget() : onKeyRevoked(keyId)));
  const verifyOperator = await loadOperatorKey(config.dataDir, random);
  const app = createHttpServer({
    log,
    clock,
    timers,
    random,
    ...(await readTls(config)),
    trustedProxies: config.trustedProxies,
    watch: metrics,
  });
  const refusals = new RefusalSampler({ database, clock, log });
  stack.defer(() => refusals.flush().catch((cause: unknown) => log.debug("audit.refusals_unwritten", { cause })));
  stack.use(repeat(timers, { name: "write refusals", everyMs: REFUSALS_WRITE_MS, work: () => refusals.flush(), log }));
  stack.defer(() => app.close());
  const stopping = new AbortController();
  stack.defer(() => stopping.abort());
  const onRefused = (refused: RefusedCall): void => {
    refusals.note(refused);
    metrics.refused(refused.because);
  };
  const guards = createRouteGuards({ log, clock, verifyKey: verifier.verify, verifyOperator, onRefused, rateLimit: config.rateLimit });
  const checks = { database: async () => (await database.query("select 1")).length === 1, gateway: () => true, ...options.checks };
  const outgoing = new OutgoingHttp({ clock, timers, allowedHosts: config.outgoingHosts });
  stack.defer(() => outgoing.close());
  const exportFiles = new ExportFiles(config.dataDir);
  const deriveKey = (purpose: string): Uint8Array => serverKey.deriveKey(purpose);
  const faces = stack.use(new LazyFaceExaminer({ folder: join(config.dataDir, "face-models"), timers }));
  const { keys, claims, operating, galleries, tails, heads } = addApi(app, guards, {
    ...{ database, clock, timers, random, log, keySigner, personKeys },
    faces,
    access: createAccess({ database, clock }),
    deriveKey,
    outgoing,
    exportFiles,
    ledgerGrown: link.ledgerHints,
    confirmations: link.confirmations,
    mqttUrl: () => link.mqttUrl,
    publicUrl: config.publicUrl,
    controllerChanged: link.endStale,
    keepErasure: (person) => erasures.keep([person]),
    keepRevoked: (keys) => revocations.keep(keys),
    keepEndedKey: ({ claimedAt, ...ended }) => endedKeys.keep(claimedAt === null ? [] : [{ ...ended, claimedAt }]),
    noteFollowed: (lagMs) => metrics.followed(lagMs),
    waitingKeys,
    onKeyRevoked,
    health: { isInsecure: isOpen(config), checks },
    stopping: stopping.signal,
  });
  watchParts(
    { options, stack, database, metrics, app, guards },
    {
      connectedControllers: link.connectedCount,
      facesWaiting: () => faces.waitingCount,
      followedPlaces: () => tails.placeCount,
      openVendorBreakers: link.openVendorBreakers,
      vendorAsksInFlight: link.vendorAsksInFlight,
      databaseConnections: connectionUse,
    },
  );
  tidyRegularly(options, { stack, database, keys, galleries, operating });
  const behind = { ...{ database, clock, timers, random, log, outgoing, tails, heads, exportFiles }, ...webhookSending({ deriveKey }) };
  sendBehind(
    { stack, notifications: link.notifications, repeat },
    { ...behind, instanceId: link.instanceId, eventsKeptDays: config.eventsKeptDays },
  );
  return { baseUrl: await listen(app, config), keys, claims };
}

/** What ends by itself is looked for now and then. */
function tidyRegularly(
  { clock, timers, log }: ServerOptions,
  {
    stack,
    database,
    keys,
    galleries,
    operating,
  }: Pick<HttpParts, "stack" | "database"> & Pick<ApiServices, "keys" | "galleries" | "operating">,
): void {
  stack.use(repeat(timers, { name: "end waiting keys", everyMs: WAITING_KEYS_POLL_MS, work: () => keys.endWaiting(), log }));
  stack.use(
    repeat(timers, { name: "end biometrics", everyMs: BIOMETRICS_END_EVERY_MS, work: () => endBiometrics({ database, clock }), log }),
  );
  stack.use(repeat(timers, { name: "end consents", everyMs: CONSENTS_END_EVERY_MS, work: () => endConsents({ database, clock }), log }));
  stack.use(repeat(timers, { name: "retire QRs", everyMs: RETIRE_EVERY_MS, work: () => retireEndedQrs({ database, clock }), log }));
  const dropImports = (): Promise<void> => dropOldImports(database, clock.nowMs() - IMPORTS_KEPT_MS);
  stack.use(repeat(timers, { name: "drop old imports", everyMs: IMPORTS_DROP_EVERY_MS, work: dropImports, log }));
  stack.use(repeat(timers, { name: "tidy galleries", everyMs: GALLERIES_TIDY_MS, work: () => galleries.tidy(database), log }));
  stack.use(repeat(timers, { name: "take back modes", everyMs: MODES_POLL_MS, work: () => operating.takeBackModes(), log }));
  stack.use(repeat(timers, { name: "carry out orders", everyMs: MODES_POLL_MS, work: () => operating.carryOutOrders(), log }));
  stack.use(repeat(timers, { name: "drop learnt cards", everyMs: LEARNT_CARDS_POLL_MS, work: () => operating.dropLearntCards(), log }));
}

interface Watching {
  readonly options: ServerOptions;
  readonly stack: AsyncDisposableStack;
  readonly database: Database;
  readonly metrics: ServerMetrics;
  readonly app: FastifyInstance;
  readonly guards: RouteGuards;
}

/** What the process and the database tell of themselves, and the way to read it. */
function watchParts(
  { options: { config, clock, timers, log }, stack, database, metrics, app, guards }: Watching,
  readings: ProcessReadings,
): void {
  metrics.watchProcess();
  metrics.watchParts(readings);
  const sampler = new Sampler({ database, clock, metrics });
  void sampler.take().catch((cause: unknown) => log.debug("metrics.unsampled", { cause }));
  stack.use(repeat(timers, { name: "sample measurements", everyMs: SAMPLE_EVERY_MS, work: () => sampler.take(), log }));
  addMetricsRoutes(app, { access: config.metrics, metrics, requireOperator: (request) => authenticateOperator(request, guards) });
}

async function listen(app: FastifyInstance, config: Config): Promise<string> {
  await app.listen({ host: config.host, port: config.httpPort });
  const address: AddressInfo | string | null = app.server.address();
  assert(address !== null && typeof address === "object", "a listening HTTP server has a port");
  return `${config.tls === null ? "http" : "https"}://${urlHost(config.host)}:${address.port}`;
}

function urlHost(host: string): string {
  return host.includes(":") ? `[${host}]` : host;
}

function isOpen(config: Config): boolean {
  return config.isInsecure && config.tls === null && config.trustedProxies.length === 0 && !isLoopback(config.host);
}

async function readTls({ tls }: Config): Promise<{ tls?: { cert: Buffer; key: Buffer } }> {
  if (tls === null) return {};
  const [cert, key] = await Promise.all([readFile(tls.certFile), readFile(tls.keyFile)]);
  return { tls: { cert, key } };
}
