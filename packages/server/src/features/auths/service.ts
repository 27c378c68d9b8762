import { type AuthData, ClueError, type CreateAuth, readCreateAuth, writeAuthData } from "@postern/contract";
import { type Clock, itemKey } from "@postern/core";
import type { Access, Actor } from "../../platform/access/actor.ts";
import type { Database } from "../../platform/database.ts";
import { accepted } from "../../platform/http/accepted.ts";
import { changeRoster } from "../../roster/roster-store.ts";
import { authView } from "./auth-record.ts";
import { createBodyHmac } from "./create-body.ts";
import { doorField } from "./door-field.ts";
import { enrol } from "./enrol.ts";
import type { IdempotencyKey } from "./idempotency-store.ts";
import { IDEMPOTENCY_KEY_LENGTH_MAX, IDEMPOTENCY_MS } from "./limits.ts";
import { deleteAuth, findAuthPlace, readAuth } from "./store.ts";
import { unsupportedParts } from "./unsupported.ts";

export interface AuthsDeps {
  readonly database: Database;
  readonly access: Access;
  readonly clock: Clock;
  /** Derived from the server's key for create bodies alone. */
  readonly bodyKey: Uint8Array;
}

export interface CreateRequest {
  readonly placeId: number;
  readonly body: unknown;
  /** The header's value. */
  readonly idempotencyKey: string | undefined;
}

export interface AuthsService {
  /** CLUe §1.2. Answers once the auth is committed; a repeat of the same request answers the same auth. */
  create(actor: Actor, request: CreateRequest): Promise<AuthData>;
  read(actor: Actor, authId: number): Promise<AuthData>;
  /** CLUe §1.3. The person keeps their id and key. */
  remove(actor: Actor, authId: number): Promise<void>;
}

export function authsService(deps: AuthsDeps): AuthsService {
  return {
    create: (actor, request) => create(deps, actor, request),
    read: (actor, authId) => read(deps, actor, authId),
    remove: (actor, authId) => remove(deps, actor, authId),
  };
}

async function create(deps: AuthsDeps, actor: Actor, request: CreateRequest): Promise<AuthData> {
  const { placeId, placeGroupId } = await deps.access.place(actor, "people", request.placeId);
  const asked = readBody(request.body);
  const nowMs = deps.clock.nowMs();
  const idempotencyKey = readIdempotencyKey(request, actor, nowMs);
  const bodyHmac = createBodyHmac(deps.bodyKey, asked);
  const enrolment = {
    placeId,
    placeGroupId,
    create: asked,
    bodyHmac,
    idempotencyKey,
    nowMs,
    doorField: (doorId: number) => doorField(request.body, doorId),
  };
  return writeAuthData(await deps.database.transaction((transaction) => enrol(transaction, enrolment)));
}

function readBody(body: unknown): CreateAuth {
  const asked = accepted(readCreateAuth(body));
  const unsupported = unsupportedParts(asked);
  if (unsupported.length > 0) throw new ClueError("e1002", { details: unsupported });
  return asked;
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
  return writeAuthData(authView(auth.kept, auth.doors));
}

async function remove(deps: AuthsDeps, actor: Actor, authId: number): Promise<void> {
  const placeId = await reachPlace(deps, actor, authId);
  await deps.database.transaction(async (transaction) => {
    const isDeleted = await deleteAuth(transaction, authId, deps.clock.nowMs());
    if (!isDeleted) throw noSuchAuth();
    await changeRoster(transaction, placeId, [{ key: itemKey({ kind: "auth", id: authId }), item: null }]);
  });
}

/** The place of an auth within the actor's reach. One that never was, was deleted or is somebody else's fails alike. */
async function reachPlace(deps: AuthsDeps, actor: Actor, authId: number): Promise<number> {
  const placeId = await findAuthPlace(deps.database, authId);
  if (placeId === null) throw noSuchAuth();
  try {
    await deps.access.place(actor, "people", placeId);
    return placeId;
  } catch (failure) {
    // A refusal that named the place would tell that the auth is there.
    throw failure instanceof ClueError && failure.code === "e1007" ? noSuchAuth() : failure;
  }
}

function noSuchAuth(): ClueError {
  return new ClueError("e1007", { details: [{ field: "authId", message: "is no auth, or it is hidden from you" }] });
}
