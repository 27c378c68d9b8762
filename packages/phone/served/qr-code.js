// Made from packages/core/src/qr-code.ts by `npm run gen`.
/**
 * What a phone shows for a dynamic QR: whose it is, the time step in which it was made, and the phone's signature over both. Without Node's own modules,
 * since the phone's page runs this very file.
 */

/** A code is renewed this often: long enough to be held up and read, short enough that a photograph of it is worth little. */
export const QR_STEP_MS = 5_000;

/** What every code of ours begins with; anything else is a customer's own. The 1 is its version. */
export const QR_CODE_START = "PQ1:";

const SIGNATURE_BYTES = 64;
/** Sixteen of the UUID, five of the step: enough for centuries. */
const CLAIM_BYTES = 21;
/** 680 bits, five a character: the alphabet of a QR's denser mode, without a blank that a reader could trim away. */
const BODY_LENGTH = 136;
const CODE = new RegExp(`^${QR_CODE_START}[0-9A-V]{${BODY_LENGTH}}$`);

/** The step that lasts at this moment. */
export function qrStepAt(ms        )         {
  return Math.floor(ms / QR_STEP_MS);
}

/** What is signed: nothing that this key signs for another purpose can be taken for it. */
export function qrSigned({ qid, step }                              )                          {
  return new TextEncoder().encode(`postern dynamic qr 1\n${qid}\n${step}`);
}

export function writeQrCode({ qid, step, signature }        )         {
  const hex = `${qid.replaceAll("-", "")}${step.toString(16).padStart(10, "0")}${hexOf(signature)}`;
  return QR_CODE_START + BigInt(`0x${hex}`).toString(32).toUpperCase().padStart(BODY_LENGTH, "0");
}

/** Null: no code of ours, however it begins. */
export function readQrCode(text        )                {
  if (text.length !== QR_CODE_START.length + BODY_LENGTH || !CODE.test(text)) return null;
  let bits = 0n;
  for (const character of text.slice(QR_CODE_START.length)) bits = bits * 32n + BigInt(Number.parseInt(character, 32));
  const hex = bits.toString(16).padStart((CLAIM_BYTES + SIGNATURE_BYTES) * 2, "0");
  const qid = hex.slice(0, 32).replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
  return { qid, step: Number.parseInt(hex.slice(32, CLAIM_BYTES * 2), 16), signature: bytesOf(hex.slice(CLAIM_BYTES * 2)) };
}

function hexOf(bytes            )         {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

function bytesOf(hex        )                          {
  return Uint8Array.from({ length: hex.length / 2 }, (_, index) => Number.parseInt(hex.slice(index * 2, index * 2 + 2), 16));
}
