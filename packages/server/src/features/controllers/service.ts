import { type ClaimRequest, ClueError, linkError, type NewControllerRequest, readNewController } from "@postern/contract";
import { assert, type Clock, type Log, type Random } from "@postern/core";
import type { Access, Actor } from "../../platform/access/actor.ts";
import type { Database, Transaction } from "../../platform/database.ts";
import { accepted } from "../../platform/http/accepted.ts";
import { refuseWhenOver } from "../../platform/http/keyed-routes.ts";
import { NativeRefusal } from "../../platform/http/native-refusal.ts";
import { WindowLimiter } from "../../platform/http/window-limiter.ts";
import { claimOnce } from "./claim.ts";
import { hashClaimCode, newClaimCode, readClaimCode } from "./claim-code.ts";
import * as limits from "./limits.ts";
import {
  assignDoors,
  type ClaimedController,
  type ControllerRow,
  findDoors,
  findListed,
  insertController,
  listControllers,
  lockAndCountControllers,
  placeOfController,
  putClaimCode,
} from "./store.ts";

export interface ControllersDeps {
  readonly database: Database;
  readonly access: Access;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  /** Derived from the server's key: claim codes are stored as HMACs under it. */
  readonly claimHashKey: Uint8Array;
  /** Where controllers connect, as they shall be told. */
  readonly mqttUrl: () => string;
  /** Called with the serial after a commit that makes a connection of the controller stale: the other processes hear of it by notification. */
  readonly controllerChanged: (serial: string) => void;
}

export interface IssuedClaimCode {
  /** `XXXX-XXXX`; shown once and kept nowhere. */
  readonly code: string;
  readonly expiresAtMs: number;
}

export interface ControllersService {
  /** A controller for doors that have none. All with scope `devices` at the place. */
  create(actor: Actor, placeId: number, body: unknown): Promise<ControllerRow>;
  list(actor: Actor, placeId: number): Promise<readonly ControllerRow[]>;
  /** A new one-time code; a former one of the controller is void at once. */
  issueCode(actor: Actor, controllerId: number): Promise<IssuedClaimCode>;
  /** The same without an actor, for the demo's own controller. */
  issueCodeFor(controllerId: number): Promise<IssuedClaimCode>;
  /** Registers the key of whoever holds the code. `source` is what its attempts are counted by. Fails with `claim_code_wrong`, `claim_code_expired`. */
  claim(source: string, request: ClaimRequest): Promise<ClaimedController & { readonly mqttUrl: string }>;
}

export function controllersService(deps: ControllersDeps): ControllersService {
  const attempts = new WindowLimiter(deps.clock, { countMax: limits.CLAIMS_COUNT_MAX, windowMs: limits.CLAIMS_WINDOW_MS });
  return {
    create: (actor, placeId, body) => create(deps, actor, { placeId, body }),
    async list(actor, placeId) {
      await deps.access.place(actor, "devices", placeId);
      return listControllers(deps.database, placeId);
    },
    async issueCode(actor, controllerId) {
      const placeId = await placeOfController(deps.database, controllerId);
      if (placeId === null) throw hidden(controllerId);
      await deps.access.place(actor, "devices", placeId).catch((failure: unknown) => {
        // The place was not asked for: what is out of reach is the controller.
        throw failure instanceof ClueError && failure.code === "e1007" ? hidden(controllerId) : failure;
      });
      return issueCode(deps, controllerId);
    },
    issueCodeFor: (controllerId) => issueCode(deps, controllerId),
    async claim(source, request) {
      refuseWhenOver(attempts.take(source));
      return { ...(await claim(deps, source, request)), mqttUrl: deps.mqttUrl() };
    },
  };
}

interface NewIn {
  readonly placeId: number;
  readonly request: NewControllerRequest;
}

async function create(deps: ControllersDeps, actor: Actor, { placeId, body }: { placeId: number; body: unknown }): Promise<ControllerRow> {
  await deps.access.place(actor, "devices", placeId);
  const request = accepted(readNewController(body));
  return deps.database.transaction(async (tx) => {
    const controllerId = await createIn(tx, deps, { placeId, request });
    const row = await findListed(tx, placeId, controllerId);
    assert(row !== null, "a controller made in this transaction is seen by it");
    return row;
  });
}

async function createIn(tx: Transaction, deps: ControllersDeps, { placeId, request }: NewIn): Promise<number> {
  if ((await lockAndCountControllers(tx, placeId)) >= limits.CONTROLLERS_PER_PLACE_MAX) {
    throw new NativeRefusal("conflict", { detail: `A place has at most ${limits.CONTROLLERS_PER_PLACE_MAX} controllers.` });
  }
  await refuseUnfitDoors(tx, placeId, request.doorIds);
  const controllerId = await insertWithSerial(tx, deps, { placeId, request });
  await assignDoors(tx, controllerId, request.doorIds);
  return controllerId;
}

/** A controller serves each of its doors wholly: a door that another one serves would be split. */
async function refuseUnfitDoors(tx: Transaction, placeId: number, doorIds: readonly number[]): Promise<void> {
  const found = new Map((await findDoors(tx, placeId, doorIds)).map((door) => [door.doorId, door]));
  const foreign = doorIds.find((doorId) => !found.has(doorId));
  if (foreign !== undefined) {
    const problem = { field: "doorIds", message: "names no door of this place", rejectedValue: foreign };
    throw new NativeRefusal("argument_invalid", { problems: [problem] });
  }
  const served = doorIds.find((doorId) => found.get(doorId)?.controllerId !== null);
  if (served !== undefined) {
    const problem = { field: "doorIds", message: "names a door that another controller serves", rejectedValue: served };
    throw new NativeRefusal("conflict", { problems: [problem] });
  }
}

async function insertWithSerial(tx: Transaction, deps: ControllersDeps, { placeId, request }: NewIn): Promise<number> {
  for (let attempt = 1; attempt <= limits.SERIAL_ATTEMPTS_COUNT_MAX; attempt += 1) {
    const serial = String(100_000_000 + deps.random.int(900_000_000));
    const controllerId = await insertController(tx, { placeId, serial, name: request.name, nowMs: deps.clock.nowMs() });
    if (controllerId !== null) return controllerId;
  }
  throw new NativeRefusal("internal", { detail: "No free serial was found." });
}

async function issueCode(deps: ControllersDeps, controllerId: number): Promise<IssuedClaimCode> {
  const code = newClaimCode(controllerId, deps.random);
  const expiresAtMs = deps.clock.nowMs() + limits.CLAIM_CODE_LIFETIME_MS;
  const codeHash = hashClaimCode(deps.claimHashKey, controllerId, code);
  await putClaimCode(deps.database, { controllerId, codeHash, expiresAt: expiresAtMs, triesLeft: limits.CLAIM_TRIES_COUNT_MAX });
  return { code, expiresAtMs };
}

async function claim(deps: ControllersDeps, source: string, request: ClaimRequest): Promise<ClaimedController> {
  const code = readClaimCode(request.code);
  if (code === null) throw linkError("claim_code_wrong");
  const attempt = { code, publicKey: request.publicKey, hashKey: deps.claimHashKey, nowMs: deps.clock.nowMs() };
  const outcome = await deps.database.transaction((tx) => claimOnce(tx, attempt));
  if (outcome.kind !== "claimed") {
    deps.log.warn("controller.claim_refused", { source, because: outcome.kind });
    throw linkError(outcome.kind === "wrong" ? "claim_code_wrong" : "claim_code_expired");
  }
  const { controllerId, placeId, serial } = outcome.controller;
  deps.log.info("controller.claimed", { controllerId, placeId });
  deps.controllerChanged(serial);
  return outcome.controller;
}

/** The same for a controller that does not exist and for somebody else's. */
function hidden(controllerId: number): NativeRefusal {
  return new NativeRefusal("not_found", {
    problems: [{ field: "controllerId", message: "names no controller within reach", rejectedValue: controllerId }],
  });
}
