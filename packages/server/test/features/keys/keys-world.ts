import { createPrivateKey, createPublicKey } from "node:crypto";
import { silentLog, systemRandom, systemTimers } from "@postern/core";
import { type ApiDeps, addApi } from "../../../src/api.ts";
import { ExportFiles } from "../../../src/features/exports/export-files.ts";
import type { KeySigner } from "../../../src/features/keys/key-token.ts";
import { createKeyVerifier, type KeyVerifier } from "../../../src/features/keys/key-verifier.ts";
import { type KeysService, keysService, type RootKey } from "../../../src/features/keys/service.ts";
import { LedgerHints } from "../../../src/following/ledger-hints.ts";
import { Confirmations } from "../../../src/gateway/confirmations.ts";
import { createAccess } from "../../../src/platform/access/access.ts";
import { type Access, SCOPES } from "../../../src/platform/access/actor.ts";
import { WaitingKeys } from "../../../src/platform/access/waiting-keys.ts";
import { createPersonKeys } from "../../../src/platform/person-keys/person-keys.ts";
import { type HttpWorld, type HttpWorldOptions, startHttpWorld } from "../../http/http-world.ts";
import { IDLE_OUTGOING } from "../../support/idle-outgoing.ts";
import { createTestDatabase, createTestPlace, TEST_NOW_MS, type TestDatabase, type TestPlace } from "../../support/index.ts";
import { testFaces } from "../../support/test-faces.ts";

/** An Ed25519 pair from a seed of one repeated byte. */
export function signerOf(byte: number): KeySigner {
  const der = Buffer.concat([Buffer.from("302e020100300506032b657004220420", "hex"), Buffer.alloc(32, byte)]);
  const privateKey = createPrivateKey({ key: der, format: "der", type: "pkcs8" });
  return { privateKey, publicKey: createPublicKey(privateKey) };
}

/** What everything in such a world is sealed with that is sealed under the server's key. */
export const DERIVED_KEY = Buffer.alloc(32, 9);

export interface KeysWorld extends AsyncDisposable {
  readonly test: TestDatabase;
  readonly place: TestPlace;
  /** In the same group. */
  readonly second: TestPlace;
  readonly foreign: TestPlace;
  readonly signer: KeySigner;
  readonly keys: KeysService;
  readonly verifier: KeyVerifier;
  readonly access: Access;
  readonly waitingKeys: WaitingKeys;
  /** Both clocks; the test moves it. */
  readonly time: { nowMs: number };
  readonly revoked: string[];
  rootKey(more?: Partial<RootKey>): Promise<{ readonly keyId: string; readonly key: string }>;
  /** Revokes a key of the place's group as its own holder would. */
  revoke(keyId: string): Promise<void>;
  /** A server with every route, behind real keys. */
  serve(options?: HttpWorldOptions & { readonly deps?: Partial<ApiDeps> }): Promise<HttpWorld>;
}

/** Two places of one group, one of another, and keys signed by a pair of the test's own. */
export async function createKeysWorld({ seed = 1 } = {}): Promise<KeysWorld> {
  const test = await createTestDatabase();
  const { database } = test;
  const place = await createTestPlace(database, { placeId: 501 });
  const second = await createTestPlace(database, { placeId: 502 });
  const foreign = await createTestPlace(database, { placeId: 503 });
  await database.execute("update places set place_group_id = $1 where place_id = $2", [place.placeGroupId, second.placeId]);
  const time = { nowMs: TEST_NOW_MS };
  const clock = { nowMs: () => time.nowMs, monotonicMs: () => time.nowMs };
  const signer = signerOf(seed);
  const access = createAccess({ database, clock });
  const verifier = createKeyVerifier({ database, clock, signer });
  const revoked: string[] = [];
  const waitingKeys = new WaitingKeys();
  const onRevoked = (keyId: string): void => {
    revoked.push(keyId);
    verifier.forget(keyId);
    waitingKeys.end(keyId);
  };
  const keys = keysService({
    database,
    access,
    clock,
    random: systemRandom,
    signer,
    waitingKeys,
    onRevoked,
    keepRevoked: async () => undefined,
  });
  const deps: ApiDeps = {
    ...{
      database,
      access,
      clock,
      timers: systemTimers,
      random: systemRandom,
      log: silentLog,
      keySigner: signer,
      onKeyRevoked: onRevoked,
      keepRevoked: async () => undefined,
      keepEndedKey: async () => undefined,
    },
    personKeys: createPersonKeys({ wrappingKey: Buffer.alloc(32, 9), random: systemRandom }),
    faces: testFaces(),
    deriveKey: () => DERIVED_KEY,
    ledgerGrown: new LedgerHints(systemTimers),
    confirmations: new Confirmations(database, systemTimers, silentLog),
    keepErasure: async () => undefined,
    keepRevoked: async () => undefined,
    keepEndedKey: async () => undefined,
    exportFiles: new ExportFiles("nowhere"),
    outgoing: IDLE_OUTGOING,
    mqttUrl: () => "mqtt://127.0.0.1:1883",
    publicUrl: null,
    controllerChanged: () => undefined,
    waitingKeys,
    health: { isInsecure: false, checks: {} },
    stopping: new AbortController().signal,
    checkAnswers: true,
    streamMsMax: 1,
  };
  return {
    test,
    place,
    second,
    foreign,
    signer,
    keys,
    verifier,
    access,
    waitingKeys,
    time,
    revoked,
    async rootKey(more = {}) {
      const base = { placeGroupId: place.placeGroupId, name: "root", scopes: SCOPES, placeIds: null, expiresAtMs: time.nowMs + 86_400_000 };
      const { row, key } = await keys.mintRoot({ ...base, ...more });
      return { keyId: row.keyId, key };
    },
    revoke: (keyId) => {
      const actor = { keyId, placeGroupId: place.placeGroupId, placeIds: null, scopes: new Set(SCOPES) };
      return keys.revoke({ actor, by: { keyId, source: "API_TOKEN" } }, keyId);
    },
    serve: ({ deps: others, ...options } = {}) =>
      startHttpWorld({
        ...{ clock, timers: systemTimers, verifyKey: verifier.verify },
        ...options,
        api: (app, guards) => void addApi(app, guards, { ...deps, ...others }),
      }),
    [Symbol.asyncDispose]: () => test.drop(),
  };
}
