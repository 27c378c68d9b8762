import {
  type AuthData,
  ClueError,
  readAuthsQuery,
  readChangeAuth,
  readCreateAuth,
  readReplaceAuth,
  readUniquePinBody,
  type WrittenChange,
  writeAuthData,
} from "@postern/contract";
import type { Clock } from "@postern/core";
import type { Access, Actor, ReachedPlace } from "../../platform/access/actor.ts";
import type { AuditActor } from "../../platform/audit/audit-store.ts";
import type { Database } from "../../platform/database.ts";
import { accepted } from "../../platform/http/accepted.ts";
import type { PersonKeys } from "../../platform/person-keys/person-keys.ts";
import { clueFields } from "./auth-fields.ts";
import { type AuthDetails, authDetails } from "./auth-record.ts";
import type { AuthWriter } from "./auth-writer.ts";
import type { IdempotencyKey } from "./idempotency-store.ts";
import { withCrops } from "./kept-crops.ts";
import { IDEMPOTENCY_KEY_LENGTH_MAX, IDEMPOTENCY_MS } from "./limits.ts";
import { listAuths } from "./list-store.ts";
import { findAuthPlace, readAuth } from "./store.ts";
import type { WantedAuth } from "./wanted-auth.ts";

export interface AuthsDeps {
  readonly database: Database;
  readonly access: Access;
  readonly clock: Clock;
  readonly writer: AuthWriter;
  readonly personKeys: PersonKeys;
}

/** An auth that was written, as CLUe answers it, and what CLUe has no field for. */
export interface WrittenAuth {
  readonly data: AuthData;
  readonly faceDuplicates: readonly number[];
}

export interface CreateRequest {
  readonly placeId: number;
  readonly body: unknown;
  /** The header's value. */
  readonly idempotencyKey: string | undefined;
}

export interface AuthsList {
  readonly total: number;
  readonly auths: readonly AuthData[];
}

export interface AuthsService {
  /** CLUe §1.2. Answers once the auth is committed; a repeat of the same request answers the same auth. */
  create(actor: Actor, request: CreateRequest): Promise<WrittenAuth>;
  /** CLUe §1.3, PATCH: what is absent stays. */
  change(actor: Actor, authId: number, body: unknown): Promise<WrittenAuth>;
  /** CLUe §1.3, PUT: the credentials are overwritten whole. */
  replace(actor: Actor, authId: number, body: unknown): Promise<WrittenAuth>;
  read(actor: Actor, authId: number): Promise<AuthData>;
  list(actor: Actor, placeId: number, query: unknown): Promise<AuthsList>;
  /** CLUe §1.3. The person keeps their id and key. */
  remove(actor: Actor, authId: number): Promise<void>;
  /** CLUe §1.10. The right keeps its other credentials. */
  removeFaces(actor: Actor, authId: number): Promise<void>;
  /** Whether a unique PIN is free at the place. Ours; limited, because each answer is a guess. */
  isUniquePinFree(actor: Actor, placeId: number, body: unknown): Promise<boolean>;
}

/** CLUe's calls for auths. */
export function authsService(deps: AuthsDeps): AuthsService {
  return {
    create: (actor, request) => create(deps, actor, request),
    change: (actor, authId, body) => change(deps, actor, authId, { written: accepted(readChangeAuth(body)), body }),
    replace: (actor, authId, body) => change(deps, actor, authId, { written: accepted(readReplaceAuth(body)), body }),
    read: (actor, authId) => read(deps, actor, authId),
    list: (actor, placeId, query) => list(deps, actor, placeId, query),
    async remove(actor, authId) {
      const place = await reachPlace(deps, actor, authId);
      if (!(await deps.writer.remove({ place, by: auditActor(actor), authId }))) throw noSuchAuth();
    },
    async removeFaces(actor, authId) {
      const place = await reachPlace(deps, actor, authId);
      const gone = await deps.writer.removeFaces({ place, by: auditActor(actor), authId });
      if (gone === null) throw noSuchAuth();
    },
    async isUniquePinFree(actor, placeId, body) {
      await deps.access.place(actor, "people", placeId);
      return deps.writer.isUniquePinFree(actor.keyId, placeId, accepted(readUniquePinBody(body)));
    },
  };
}

async function create(deps: AuthsDeps, actor: Actor, request: CreateRequest): Promise<WrittenAuth> {
  const { access, clock, writer } = deps;
  const place = await access.place(actor, "people", request.placeId);
  const wanted = readWanted(request.body);
  const idempotencyKey = readIdempotencyKey(request, actor, clock.nowMs());
  const fields = clueFields(request.body, "auth.");
  return written(deps, await writer.create({ place, by: auditActor(actor), wanted, fields, idempotencyKey }));
}

async function written(deps: AuthsDeps, auth: AuthDetails): Promise<WrittenAuth> {
  return { data: await answerOf(deps, auth), faceDuplicates: auth.faceDuplicates };
}

async function answerOf(deps: AuthsDeps, auth: AuthDetails): Promise<AuthData> {
  const [shown = auth] = await withCrops(deps, [auth]);
  return writeAuthData(shown);
}

interface ChangeRequest {
  readonly written: WrittenChange;
  readonly body: unknown;
}

async function change(deps: AuthsDeps, actor: Actor, authId: number, { written: asked, body }: ChangeRequest): Promise<WrittenAuth> {
  const { prefix, ...wanted } = asked;
  const place = await reachPlace(deps, actor, authId);
  const changed = await deps.writer.change({ place, by: auditActor(actor), authId, wanted, fields: clueFields(body, prefix) });
  if (changed === null) throw noSuchAuth();
  return written(deps, changed);
}

function auditActor(actor: Actor): AuditActor {
  return { keyId: actor.keyId, source: "API_TOKEN" };
}

function readWanted(body: unknown): WantedAuth {
  return { ...accepted(readCreateAuth(body)), groupIds: [], faceConsent: null };
}

/** Any text that a header can carry without doubt about its characters; an empty one is none. */
function readIdempotencyKey({ idempotencyKey: text, placeId }: CreateRequest, actor: Actor, nowMs: number): IdempotencyKey | null {
  if (text === undefined || text === "") return null;
  if (text.length > IDEMPOTENCY_KEY_LENGTH_MAX || !/^[\x20-\x7e]+$/.test(text)) {
    const message = `must have at most ${IDEMPOTENCY_KEY_LENGTH_MAX} printable ASCII characters`;
    throw new ClueError("e1005", { details: [{ field: "Idempotency-Key", message }] });
  }
  return { keyId: actor.keyId, route: `POST /places/${placeId}/auths`, text, forgottenToMs: nowMs - IDEMPOTENCY_MS };
}

async function read(deps: AuthsDeps, actor: Actor, authId: number): Promise<AuthData> {
  await reachPlace(deps, actor, authId);
  const auth = await readAuth(deps.database, authId);
  if (auth === null) throw noSuchAuth();
  return answerOf(deps, authDetails(auth.kept, auth.doors));
}

async function list(deps: AuthsDeps, actor: Actor, placeId: number, query: unknown): Promise<AuthsList> {
  await deps.access.place(actor, "people", placeId);
  const { total, auths } = await listAuths(deps.database, placeId, accepted(readAuthsQuery(query)));
  const shown = await withCrops(
    deps,
    auths.map(({ kept, doors }) => authDetails(kept, doors)),
  );
  return { total, auths: shown.map(writeAuthData) };
}

/** The place of an auth within the actor's reach. One that never was, was deleted or is somebody else's fails alike. */
async function reachPlace(deps: AuthsDeps, actor: Actor, authId: number): Promise<ReachedPlace> {
  const placeId = await findAuthPlace(deps.database, authId);
  if (placeId === null) throw noSuchAuth();
  try {
    return await deps.access.place(actor, "people", placeId);
  } catch (failure) {
    // A refusal that named the place would tell that the auth is there.
    throw failure instanceof ClueError && failure.code === "e1007" ? noSuchAuth() : failure;
  }
}

function noSuchAuth(): ClueError {
  return new ClueError("e1007", { details: [{ field: "authId", message: "is no auth, or it is hidden from you" }] });
}
