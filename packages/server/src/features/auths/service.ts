import {
  type AuthData,
  ClueError,
  type Problem,
  readAuthsQuery,
  readChangeAuth,
  readCreateAuth,
  readReplaceAuth,
  readUniquePinBody,
  type WrittenChange,
  writeAuthData,
} from "@postern/contract";
import { type Clock, itemKey, type Random } from "@postern/core";
import type { Access, Actor, ReachedPlace } from "../../platform/access/actor.ts";
import { type AuditActor, writeAudit } from "../../platform/audit/audit-store.ts";
import type { Database } from "../../platform/database.ts";
import { accepted } from "../../platform/http/accepted.ts";
import { refuseWhenOver } from "../../platform/http/keyed-routes.ts";
import { WindowLimiter } from "../../platform/http/window-limiter.ts";
import type { PersonKeys } from "../../platform/person-keys/person-keys.ts";
import { changeRoster, lockRoster } from "../../roster/roster-store.ts";
import { type AuthFields, clueFields } from "./auth-fields.ts";
import { type AuthDetails, authDetails } from "./auth-record.ts";
import { type AuthChangeRequest, change } from "./change.ts";
import { createBodyHmac } from "./create-body.ts";
import { enrol } from "./enrol.ts";
import type { IdempotencyKey } from "./idempotency-store.ts";
import * as limits from "./limits.ts";
import { PinProver } from "./pin-proofs.ts";
import { deleteAuth, findAuthPlace, findThings, listAuths, readAuth, readPlaceSalt } from "./store.ts";
import { UniquePinTaken } from "./unique-pin-taken.ts";
import { unsupportedParts } from "./unsupported.ts";
import type { WantedAuth, WantedChange } from "./wanted-auth.ts";

export interface AuthsDeps {
  readonly database: Database;
  readonly access: Access;
  readonly clock: Clock;
  readonly random: Random;
  readonly personKeys: PersonKeys;
  /** Derived from the server's key for create bodies alone. */
  readonly bodyKey: Uint8Array;
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
  create(actor: Actor, request: CreateRequest): Promise<AuthData>;
  /** CLUe §1.3, PATCH: what is absent stays. */
  change(actor: Actor, authId: number, body: unknown): Promise<AuthData>;
  /** CLUe §1.3, PUT: the credentials are overwritten whole. */
  replace(actor: Actor, authId: number, body: unknown): Promise<AuthData>;
  read(actor: Actor, authId: number): Promise<AuthData>;
  list(actor: Actor, placeId: number, query: unknown): Promise<AuthsList>;
  /** CLUe §1.3. The person keeps their id and key. */
  remove(actor: Actor, authId: number): Promise<void>;
  /** Whether a unique PIN is free at the place. Ours; limited, because each answer is a guess. */
  isUniquePinFree(actor: Actor, placeId: number, body: unknown): Promise<boolean>;
}

export function authsService(deps: AuthsDeps): AuthsService {
  const auths = new Auths(deps);
  return {
    create: (actor, request) => auths.create(actor, request),
    change: (actor, authId, body) => auths.change(actor, authId, { written: accepted(readChangeAuth(body)), body }),
    replace: (actor, authId, body) => auths.change(actor, authId, { written: accepted(readReplaceAuth(body)), body }),
    read: (actor, authId) => read(deps, actor, authId),
    list: (actor, placeId, query) => list(deps, actor, placeId, query),
    remove: (actor, authId) => remove(deps, actor, authId),
    isUniquePinFree: (actor, placeId, body) => auths.isUniquePinFree(actor, placeId, body),
  };
}

/** What needs more than the database: PINs to be proven, and guesses to be counted. */
class Auths {
  readonly #deps: AuthsDeps;
  readonly #prover: PinProver;
  readonly #refusals: WindowLimiter;
  readonly #questions: WindowLimiter;

  constructor(deps: AuthsDeps) {
    this.#deps = deps;
    this.#prover = new PinProver(deps.random);
    this.#refusals = new WindowLimiter(deps.clock, {
      countMax: limits.UNIQUE_PIN_REFUSALS_COUNT_MAX,
      windowMs: limits.UNIQUE_PIN_REFUSALS_WINDOW_MS,
    });
    this.#questions = new WindowLimiter(deps.clock, {
      countMax: limits.UNIQUE_PIN_QUESTIONS_COUNT_MAX,
      windowMs: limits.UNIQUE_PIN_QUESTIONS_WINDOW_MS,
    });
  }

  async create(actor: Actor, request: CreateRequest): Promise<AuthData> {
    const { database, clock, bodyKey, personKeys } = this.#deps;
    const place = await this.#deps.access.place(actor, "people", request.placeId);
    const wanted = readWanted(request.body);
    const nowMs = clock.nowMs();
    const enrolment = {
      placeId: place.placeId,
      placeGroupId: place.placeGroupId,
      wanted,
      proofs: await this.#prover.prove(wanted.credentials, () => readPlaceSalt(database, place.placeId)),
      fields: clueFields(request.body, "auth."),
      bodyHmac: createBodyHmac(bodyKey, wanted),
      idempotencyKey: readIdempotencyKey(request, actor, nowMs),
      by: auditActor(actor),
      nowMs,
    };
    const isUniquePinAsked = wanted.credentials.uniquePin !== null;
    const made = await this.#countingRefusals(actor, place, isUniquePinAsked, () =>
      database.transaction((tx) => enrol(tx, enrolment, personKeys)),
    );
    return writeAuthData(made);
  }

  async change(
    actor: Actor,
    authId: number,
    { written, body }: { readonly written: WrittenChange; readonly body: unknown },
  ): Promise<AuthData> {
    const { prefix, registrationTokens, ...wanted } = written;
    const unsupported = unsupportedParts(wanted.credentials, registrationTokens, prefix);
    if (unsupported.length > 0) throw new ClueError("e1002", { details: unsupported });
    return writeAuthData(await this.#change(actor, authId, { wanted, fields: clueFields(body, prefix) }));
  }

  async isUniquePinFree(actor: Actor, placeId: number, body: unknown): Promise<boolean> {
    const { database, access } = this.#deps;
    await access.place(actor, "people", placeId);
    const uniquePin = accepted(readUniquePinBody(body));
    refuseWhenOver(this.#questions.take(`${actor.keyId} ${placeId}`));
    const uniquePinHash = await this.#prover.uniquePinHash(uniquePin, await readPlaceSalt(database, placeId));
    const found = await findThings(database, { placeId, doorIds: [], scheduleId: null, groupIds: [], cardKeys: [], uniquePinHash });
    return found.uniquePinAuthId === null;
  }

  async #change(
    actor: Actor,
    authId: number,
    { wanted, fields }: { readonly wanted: WantedChange; readonly fields: AuthFields },
  ): Promise<AuthDetails> {
    const { database, clock, personKeys } = this.#deps;
    const place = await reachPlace(this.#deps, actor, authId);
    const request: AuthChangeRequest = {
      placeId: place.placeId,
      placeGroupId: place.placeGroupId,
      authId,
      wanted,
      fields,
      proofs: await this.#prover.prove(wanted.credentials, () => readPlaceSalt(database, place.placeId)),
      by: auditActor(actor),
      nowMs: clock.nowMs(),
    };
    const isUniquePinAsked = typeof wanted.credentials.uniquePin === "string";
    const changed = await this.#countingRefusals(actor, place, isUniquePinAsked, () =>
      database.transaction((tx) => change(tx, request, personKeys)),
    );
    if (changed === null) throw noSuchAuth();
    return changed;
  }

  /** Every unique PIN that was found taken is a guess that met somebody: after some of them none is looked at any more for a while. */
  async #countingRefusals<Result>(
    actor: Actor,
    { placeId, placeGroupId }: ReachedPlace,
    isAsked: boolean,
    work: () => Promise<Result>,
  ): Promise<Result> {
    const name = `${actor.keyId} ${placeId}`;
    if (isAsked) refuseWhenOver(this.#refusals.look(name));
    try {
      return await work();
    } catch (failure) {
      if (failure instanceof UniquePinTaken) {
        this.#refusals.take(name);
        const { database, clock } = this.#deps;
        const entry = {
          by: auditActor(actor),
          placeGroupId,
          placeId,
          atMs: clock.nowMs(),
          action: "auth.unique_pin",
          outcome: "refused" as const,
        };
        await database.transaction((tx) => writeAudit(tx, { ...entry, target: { kind: "place", id: placeId } }));
      }
      throw failure;
    }
  }
}

function auditActor(actor: Actor): AuditActor {
  return { keyId: actor.keyId, source: "API_TOKEN" };
}

function readWanted(body: unknown): WantedAuth {
  const { registrationTokens, ...asked } = accepted(readCreateAuth(body));
  const unsupported: readonly Problem[] = unsupportedParts(asked.credentials, registrationTokens, "auth.");
  if (unsupported.length > 0) throw new ClueError("e1002", { details: unsupported });
  return { ...asked, groupIds: [] };
}

/** Any text that a header can carry without doubt about its characters; an empty one is none. */
function readIdempotencyKey({ idempotencyKey: text, placeId }: CreateRequest, actor: Actor, nowMs: number): IdempotencyKey | null {
  if (text === undefined || text === "") return null;
  if (text.length > limits.IDEMPOTENCY_KEY_LENGTH_MAX || !/^[\x20-\x7e]+$/.test(text)) {
    const message = `must have at most ${limits.IDEMPOTENCY_KEY_LENGTH_MAX} printable ASCII characters`;
    throw new ClueError("e1005", { details: [{ field: "Idempotency-Key", message }] });
  }
  return { keyId: actor.keyId, route: `POST /places/${placeId}/auths`, text, forgottenToMs: nowMs - limits.IDEMPOTENCY_MS };
}

async function read(deps: AuthsDeps, actor: Actor, authId: number): Promise<AuthData> {
  await reachPlace(deps, actor, authId);
  const auth = await readAuth(deps.database, authId);
  if (auth === null) throw noSuchAuth();
  return writeAuthData(authDetails(auth.kept, auth.doors));
}

async function list(deps: AuthsDeps, actor: Actor, placeId: number, query: unknown): Promise<AuthsList> {
  await deps.access.place(actor, "people", placeId);
  const { total, auths } = await listAuths(deps.database, placeId, accepted(readAuthsQuery(query)));
  return { total, auths: auths.map(({ kept, doors }) => writeAuthData(authDetails(kept, doors))) };
}

async function remove(deps: AuthsDeps, actor: Actor, authId: number): Promise<void> {
  const { placeId, placeGroupId } = await reachPlace(deps, actor, authId);
  const nowMs = deps.clock.nowMs();
  await deps.database.transaction(async (transaction) => {
    // Before the auth's own row, as a change takes them: the two never wait for each other in a circle.
    await lockRoster(transaction, placeId);
    const isDeleted = await deleteAuth(transaction, authId, nowMs);
    if (!isDeleted) throw noSuchAuth();
    const target = { kind: "auth", id: authId };
    await writeAudit(transaction, { by: auditActor(actor), placeGroupId, placeId, atMs: nowMs, action: "auth.delete", target });
    await changeRoster(transaction, placeId, [{ key: itemKey({ kind: "auth", id: authId }), item: null }]);
  });
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
