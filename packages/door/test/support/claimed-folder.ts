import { generateKeyPairSync, type KeyObject } from "node:crypto";
import type { TestContext } from "node:test";
import { readPrivateKey } from "../../src/claim/identity.ts";
import { saveIdentity } from "../../src/claim/identity-file.ts";
import { makeDataDirectory } from "../../src/disk/data-directory.ts";
import { temporaryFolder } from "./temporary-folder.ts";

export interface ClaimedFolder {
  readonly dataDir: string;
  readonly serial: string;
  readonly publicKey: KeyObject;
}

/** A folder as a claim leaves it. */
export function claimedFolder(context: TestContext, urls: { readonly mqttUrl: string; readonly serverUrl?: string }): ClaimedFolder {
  const dataDir = temporaryFolder(context);
  makeDataDirectory(dataDir);
  const { privateKey, publicKey } = generateKeyPairSync("ed25519");
  const key = readPrivateKey(privateKey.export({ format: "jwk" }));
  if (key === null) throw new TypeError("no key");
  const serial = "540000178";
  saveIdentity(dataDir, {
    state: "claimed",
    controllerId: 178,
    placeId: 178,
    serial,
    serverUrl: urls.serverUrl ?? "http://127.0.0.1:9",
    mqttUrl: urls.mqttUrl,
    privateKey: key,
  });
  return { dataDir, serial, publicKey };
}
