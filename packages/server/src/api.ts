import type { Clock, Log, Random, Timers } from "@postern/core";
import type { FastifyInstance } from "fastify";
import { addAuditRoutes, serveAudit } from "./features/audit/routes.ts";
import { AuthWriter } from "./features/auths/auth-writer.ts";
import { serveImports } from "./features/auths/bulk/import-routes.ts";
import { authsOfPerson } from "./features/auths/native-auth.ts";
import { serveAuths } from "./features/auths/native-routes.ts";
import { addAuthRoutes } from "./features/auths/routes.ts";
import { authsService } from "./features/auths/service.ts";
import { type ClaimsService, claimsService } from "./features/controllers/claims.ts";
import type { KeepEndedKey } from "./features/controllers/ended-keys.ts";
import { serveClaims, serveControllers } from "./features/controllers/routes.ts";
import { controllersService } from "./features/controllers/service.ts";
import { addDisplayRoutes, serveDisplays } from "./features/displays/routes.ts";
import { Displays } from "./features/displays/service.ts";
import { devicesService } from "./features/doors/devices.ts";
import { nativeDoorsService } from "./features/doors/native-service.ts";
import { addDoorRoutes, serveDevices, serveDoors } from "./features/doors/routes.ts";
import { doorsService } from "./features/doors/service.ts";
import { addPhoneRoutes } from "./features/dynamic-qrs/page-routes.ts";
import { Phones } from "./features/dynamic-qrs/phones.ts";
import { addDynamicQrRoutes, serveDynamicQrs } from "./features/dynamic-qrs/routes.ts";
import { DynamicQrs } from "./features/dynamic-qrs/service.ts";
import { addEventRoutes, serveEvents } from "./features/events/routes.ts";
import { eventsService } from "./features/events/service.ts";
import type { ExportFiles } from "./features/exports/export-files.ts";
import { serveExports } from "./features/exports/routes.ts";
import { Exports } from "./features/exports/service.ts";
import { addFaceRoutes, serveFaces } from "./features/faces/routes.ts";
import { Faces } from "./features/faces/service.ts";
import { membersService } from "./features/groups/members.ts";
import { serveGroupMembers, serveGroups } from "./features/groups/routes.ts";
import { groupsService } from "./features/groups/service.ts";
import { addHealthRoutes } from "./features/health/routes.ts";
import { type HealthCheck, healthService } from "./features/health/service.ts";
import { serveHolidayCalendars } from "./features/holiday-calendars/routes.ts";
import { holidayCalendarsService } from "./features/holiday-calendars/service.ts";
import { DoorsAwaited } from "./features/insight/doors-awaited.ts";
import { serveInsight } from "./features/insight/routes.ts";
import type { KeySigner } from "./features/keys/key-token.ts";
import type { RevokedKey } from "./features/keys/revocation-log.ts";
import { serveKeys } from "./features/keys/routes.ts";
import { type KeysService, keysService } from "./features/keys/service.ts";
import { dropKeysOf } from "./features/keys/store.ts";
import { serveLedger } from "./features/ledger/routes.ts";
import { addOperatingRoutes, serveOperating } from "./features/operating/routes.ts";
import { Operating } from "./features/operating/service.ts";
import type { ErasedPerson } from "./features/people/erase-store.ts";
import { servePeople } from "./features/people/routes.ts";
import { peopleService } from "./features/people/service.ts";
import { servePlaceGroups } from "./features/place-groups/routes.ts";
import { placeGroupsService } from "./features/place-groups/service.ts";
import { servePlaces } from "./features/places/routes.ts";
import { placesService } from "./features/places/service.ts";
import { addReferenceRoutes } from "./features/reference/routes.ts";
import { addScanRoutes, serveScans } from "./features/scans/routes.ts";
import { Scans } from "./features/scans/service.ts";
import { serveSchedules } from "./features/schedules/routes.ts";
import { schedulesService } from "./features/schedules/service.ts";
import { VendorMappings } from "./features/vendor-apis/mappings.ts";
import { serveVendorApis } from "./features/vendor-apis/routes.ts";
import { VendorApis, type VendorApisDeps } from "./features/vendor-apis/service.ts";
import { serveWebhooks } from "./features/webhooks/routes.ts";
import type { Outgoing } from "./features/webhooks/send-message.ts";
import { Webhooks } from "./features/webhooks/service.ts";
import type { LedgerGrown } from "./following/ledger-hints.ts";
import { PlaceTails } from "./following/place-tails.ts";
import type { Confirmations } from "./gateway/confirmations.ts";
import { headSignerOf } from "./ledger/head-signer.ts";
import { SignedHeads } from "./ledger/signed-heads.ts";
import type { Access } from "./platform/access/actor.ts";
import type { WaitingKeys } from "./platform/access/waiting-keys.ts";
import type { Database } from "./platform/database.ts";
import type { FaceExaminer } from "./platform/faces/face-examiner.ts";
import { PlaceGalleries } from "./platform/faces/place-galleries.ts";
import type { RouteGuards } from "./platform/http/keyed-routes.ts";
import { recordRoutes } from "./platform/http/served-routes.ts";
import { createTellDoors, type TellDoors } from "./platform/http/tell-doors.ts";
import { addV1Routes } from "./platform/http/v1-routes.ts";
import { addV2Routes } from "./platform/http/v2-routes.ts";
import { type Serve, serveOperations } from "./platform/operations/serve-operations.ts";
import type { PersonKeys } from "./platform/person-keys/person-keys.ts";
import { SERVER_VERSION } from "./version.ts";

export interface ApiDeps {
  readonly database: Database;
  readonly access: Access;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly random: Random;
  readonly log: Log;
  /** Signs API keys. */
  readonly keySigner: KeySigner;
  readonly personKeys: PersonKeys;
  readonly faces: FaceExaminer;
  /** 32 bytes of the server's key for one purpose alone. */
  readonly deriveKey: (purpose: string) => Uint8Array;
  /** Wakes those who wait for doors. */
  readonly confirmations: Pick<Confirmations, "listen" | "flush">;
  /** Wakes those who wait for events of a place. */
  readonly ledgerGrown: LedgerGrown;
  /** Where exports lie. */
  readonly exportFiles: ExportFiles;
  /** Requests to servers of customers. */
  readonly outgoing: Outgoing;
  /** Where controllers connect, as they shall be told. */
  readonly mqttUrl: () => string;
  /** Where phones reach this server; null: where whoever asks for a link reached it. */
  readonly publicUrl: string | null;
  /** Called with a serial after a commit that makes the controller's connection stale. */
  readonly controllerChanged: (serial: string) => void;
  /** Under which keys requests are being answered. */
  readonly waitingKeys: WaitingKeys;
  /** Called after a key was revoked, so that nobody goes on trusting what is remembered of it and what waits under it ends. */
  readonly onKeyRevoked: (keyId: string) => void;
  /** Keeps apart from the database who was erased. */
  readonly keepErasure: (person: ErasedPerson) => Promise<void>;
  /** The same of keys that were revoked. */
  readonly keepRevoked: (keys: readonly RevokedKey[]) => Promise<void>;
  /** The same of controllers' keys that have ended. */
  readonly keepEndedKey: KeepEndedKey;
  /** Told how old the newest event was when it was read for those who follow its place. */
  readonly noteFollowed?: (lagMs: number) => void;
  /** What `/healthz` looks at. */
  readonly health: { readonly isInsecure: boolean; readonly checks: Readonly<Record<string, HealthCheck>> };
  /** Aborted when the server begins to stop, so that nobody's waiting keeps it. */
  readonly stopping: AbortSignal;
  /** For tests: an answer that is not of its schema fails the request. */
  readonly checkAnswers?: boolean;
  /** For tests: how long a stream of events lasts. */
  readonly streamMsMax?: number;
}

/** What others than the routes need of the features. */
export interface ApiServices {
  readonly keys: KeysService;
  readonly claims: ClaimsService;
  readonly operating: Operating;
  readonly galleries: PlaceGalleries;
  readonly tails: PlaceTails;
  readonly heads: SignedHeads;
  /** Streams of events that are open in this process. */
  readonly openStreams: () => number;
}

/** Every route of a server, each feature made once: what `startServer` serves and what tests hold to its promises. */
export function addApi(app: FastifyInstance, guards: RouteGuards, deps: ApiDeps): ApiServices {
  const services = createServices(deps);
  const routes = recordRoutes(app);
  addReferenceRoutes(app, routes, SERVER_VERSION);
  addHealthRoutes(app, healthService({ ...deps, ...deps.health, version: SERVER_VERSION }));
  addPhoneRoutes(app, new Phones(deps));
  const awaited = new DoorsAwaited(deps);
  const tellDoors = createTellDoors({ ...deps, waitForDoors: (authId, wait) => awaited.wait(authId, wait) });
  addV1Routes(app, guards, (routes) => addV1Features(routes, services, { access: deps.access, tellDoors }));
  addV2Routes(app, guards, (routes) => {
    const serve = serveOperations(routes, { ...deps, tellDoors, requestKey: deps.deriveKey("requests") });
    serveFeatures(serve, services);
    serveExports(serve, services.exports, deps.database);
    serveWebhooks(serve, services.webhooks, deps.database);
    serveVendorApis(serve, services.vendorApis, services.vendorMappings);
    serveInsight(serve, deps);
    serveLedger(serve, { database: deps.database, heads: services.heads });
  });
  return services;
}

type Services = ReturnType<typeof createServices>;

function createServices(deps: ApiDeps) {
  const galleries = new PlaceGalleries(deps);
  const tails = new PlaceTails(deps);
  const heads = new SignedHeads({ ...deps, signer: headSignerOf(deps.deriveKey("ledger heads")) });
  const events = eventsService({ ...deps, tails });
  const scans = new Scans({ ...deps, markKey: deps.deriveKey("scans") });
  const writer = new AuthWriter({ ...deps, galleries, scans, bodyKey: deps.deriveKey("create bodies") });
  return {
    audit: { database: deps.database, access: deps.access },
    auths: authsService({ ...deps, writer }),
    imports: { database: deps.database, clock: deps.clock, writer },
    nativeAuths: { database: deps.database, writer, personKeys: deps.personKeys },
    claims: claimsService({ ...deps, claimHashKey: deps.deriveKey("claim codes") }),
    controllers: controllersService(deps),
    devices: devicesService(deps),
    doors: doorsService(deps),
    nativeDoors: nativeDoorsService(deps),
    displays: new Displays(deps),
    dynamicQrs: new DynamicQrs(deps),
    events,
    tails,
    heads,
    exports: new Exports({ ...deps, heads, files: deps.exportFiles }),
    webhooks: new Webhooks({ ...deps, ...webhookSending(deps) }),
    vendorApis: new VendorApis({ ...deps, ...vendorSecrets(deps) }),
    vendorMappings: new VendorMappings(deps),
    openStreams: () => events.streamCount,
    faceMatching: new Faces({ ...deps, galleries }),
    galleries,
    groups: groupsService(deps),
    groupMembers: membersService(deps),
    holidayCalendars: holidayCalendarsService(deps),
    keys: keysService({ ...deps, signer: deps.keySigner, onRevoked: deps.onKeyRevoked }),
    operating: new Operating(deps),
    people: peopleService({
      ...deps,
      authsOfPerson: (userId, placeIds) => authsOfPerson(deps.database, userId, placeIds),
    }),
    scans,
    schedules: schedulesService(deps),
    placeGroups: placeGroupsService({ ...deps, dropKeys: dropKeysOf }),
    places: placesService(deps),
  };
}

/** How messages of webhooks are signed and named, here and where they are delivered. */
export function webhookSending({ deriveKey }: Pick<ApiDeps, "deriveKey">): { readonly secretKey: Uint8Array; readonly userAgent: string } {
  return { secretKey: deriveKey("webhook secrets"), userAgent: `Postern/${SERVER_VERSION}` };
}

/** How questions to customers' servers are signed and named, here and where doors ask. */
export function vendorSecrets({ deriveKey }: Pick<ApiDeps, "deriveKey">): Pick<VendorApisDeps, "secretKey" | "proofKey" | "userAgent"> {
  return { secretKey: deriveKey("vendor secrets"), proofKey: deriveKey("vendor tests"), userAgent: `Postern/${SERVER_VERSION}` };
}

/** CLUe's paths; called once per prefix. */
function addV1Features(
  routes: FastifyInstance,
  { displays, audit, auths, doors, dynamicQrs, events, faceMatching, operating, scans }: Services,
  { access, tellDoors }: { readonly access: Access; readonly tellDoors: TellDoors },
): void {
  addAuditRoutes(routes, audit);
  addAuthRoutes(routes, auths, tellDoors);
  addDoorRoutes(routes, doors);
  addDynamicQrRoutes(routes, dynamicQrs);
  addEventRoutes(routes, events);
  addFaceRoutes(routes, faceMatching);
  addOperatingRoutes(routes, operating, access);
  addDisplayRoutes(routes, displays, access);
  addScanRoutes(routes, scans, access);
}

/** The operations of v2. */
function serveFeatures(serve: Serve, services: Services): void {
  serveAudit(serve, services.audit);
  serveAuths(serve, services.nativeAuths);
  serveClaims(serve, services.controllers, services.claims);
  serveControllers(serve, services.controllers);
  serveDevices(serve, services.devices);
  serveDisplays(serve, services.displays);
  serveDoors(serve, services.nativeDoors);
  serveDynamicQrs(serve, services.dynamicQrs);
  serveEvents(serve, services.events);
  serveFaces(serve, services.faceMatching);
  serveGroups(serve, services.groups);
  serveGroupMembers(serve, services.groups, services.groupMembers);
  serveHolidayCalendars(serve, services.holidayCalendars);
  serveImports(serve, services.imports);
  serveKeys(serve, services.keys);
  serveOperating(serve, services.operating);
  servePeople(serve, services.people);
  servePlaceGroups(serve, services.placeGroups);
  servePlaces(serve, services.places);
  serveScans(serve, services.scans);
  serveSchedules(serve, services.schedules);
}
