/** An Ed25519 key pair as a private JWK. It never leaves the controller's disk. */
export interface PrivateKeyJwk {
  readonly kty: "OKP";
  readonly crv: "Ed25519";
  readonly x: string;
  readonly d: string;
}

/** Who a controller is, once it has been claimed. */
export interface Identity {
  readonly controllerId: number;
  readonly serial: string;
  readonly placeId: number;
  readonly serverUrl: string;
  readonly mqttUrl: string;
  readonly privateKey: PrivateKeyJwk;
}

/** What the identity file holds: a key that has not been claimed yet, or one that has. */
export type IdentityFile = { readonly state: "pending"; readonly privateKey: PrivateKeyJwk } | ({ readonly state: "claimed" } & Identity);

/** Reads the text of an identity file; null when it is none. */
export function readIdentity(text: string): IdentityFile | null {
  const file = parseObject(text);
  const privateKey = readPrivateKey(file?.["privateKey"]);
  if (file === null || privateKey === null) return null;
  if (file["state"] === "pending") return { state: "pending", privateKey };
  const { controllerId, serial, placeId, serverUrl, mqttUrl } = file;
  if (file["state"] !== "claimed" || !isId(controllerId) || !isId(placeId)) return null;
  if (typeof serial !== "string" || typeof serverUrl !== "string" || typeof mqttUrl !== "string") return null;
  return { state: "claimed", controllerId, serial, placeId, serverUrl, mqttUrl, privateKey };
}

export function isId(value: unknown): value is number {
  return typeof value === "number" && Number.isSafeInteger(value) && value > 0;
}

export function readPrivateKey(value: unknown): PrivateKeyJwk | null {
  if (typeof value !== "object" || value === null || !("x" in value) || !("d" in value)) return null;
  const { x, d } = value;
  return typeof x === "string" && typeof d === "string" ? { kty: "OKP", crv: "Ed25519", x, d } : null;
}

function parseObject(text: string): Readonly<Record<string, unknown>> | null {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? Object.fromEntries(Object.entries(value)) : null;
  } catch {
    return null;
  }
}
