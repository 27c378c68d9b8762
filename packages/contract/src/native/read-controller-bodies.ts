import { readId } from "../clue/read-create-auth.ts";
import { list, type Members, members, text } from "../clue/readers.ts";
import { type Read, type Reader, Spot } from "../clue/spot.ts";
import { DOORS_PER_CONTROLLER_MAX } from "../link/limits.ts";
import { CLAIM_CODE_LENGTH_MAX, NAME_LENGTH_MAX, PUBLIC_KEY_LENGTH_MAX } from "./native-limits.ts";

export interface NewControllerRequest {
  readonly name: string;
  /** In ascending order, each once. */
  readonly doorIds: readonly number[];
}

/** An Ed25519 public key (RFC 8037 §2). */
export interface Ed25519PublicJwk {
  readonly kty: "OKP";
  readonly crv: "Ed25519";
  readonly x: string;
}

export interface ClaimRequest {
  /** As it was typed. */
  readonly code: string;
  readonly publicKey: Ed25519PublicJwk;
}

/** The body of `POST /v2/places/{placeId}/controllers`: `{name, doorIds}`. */
export function readNewController(body: unknown): Read<NewControllerRequest> {
  return read(body, (whole) => {
    const name = whole.required("name", text({ lengthMax: NAME_LENGTH_MAX }));
    const doorIds = whole.required("doorIds", list(readId, { countMax: DOORS_PER_CONTROLLER_MAX }));
    if (doorIds?.length === 0) whole.spot.member("doorIds").refuse("must name at least one door");
    if (name === undefined || doorIds === undefined) return undefined;
    return { name, doorIds: [...new Set(doorIds)].sort((one, other) => one - other) };
  });
}

/** The body of `POST /v2/claims`: `{code, publicKey}`. */
export function readClaim(body: unknown): Read<ClaimRequest> {
  return read(body, (whole) => {
    const code = whole.required("code", text({ lengthMax: CLAIM_CODE_LENGTH_MAX, isPrivate: true }));
    const publicKey = whole.required("publicKey", readPublicJwk);
    return code === undefined || publicKey === undefined ? undefined : { code, publicKey };
  });
}

/** Forty-three characters of base64url; the last carries four bits, so its two lowest are zero. */
const THIRTY_TWO_BYTES = /^[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]$/;

const readPublicJwk: Reader<Ed25519PublicJwk> = (value, spot) => {
  const key = members(value, spot);
  if (key === undefined) return undefined;
  // Whoever sends the private half has shown it to the network: this pair must not be used.
  if (key.has("d")) return spot.refuse("must be a public key alone; make a new pair, this one's private half has been sent");
  const kty = key.required("kty", text({ lengthMax: PUBLIC_KEY_LENGTH_MAX }));
  const crv = key.required("crv", text({ lengthMax: PUBLIC_KEY_LENGTH_MAX }));
  const pattern = { expression: THIRTY_TWO_BYTES, message: "must be 32 bytes in base64url" };
  const x = key.required("x", text({ lengthMax: PUBLIC_KEY_LENGTH_MAX, isPrivate: true, pattern }));
  if (kty !== undefined && kty !== "OKP") return spot.member("kty").refuse("must be OKP");
  if (crv !== undefined && crv !== "Ed25519") return spot.member("crv").refuse("must be Ed25519");
  return x === undefined || kty === undefined || crv === undefined ? undefined : { kty: "OKP", crv: "Ed25519", x };
};

function read<Value>(body: unknown, readMembers: (whole: Members) => Value | undefined): Read<Value> {
  const spot = Spot.root();
  const whole = members(body, spot);
  const value = whole === undefined ? undefined : readMembers(whole);
  return value === undefined || spot.problems.length > 0 ? { ok: false, problems: spot.problems } : { ok: true, value };
}
