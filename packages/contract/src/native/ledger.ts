import Type, { type Static } from "typebox";
import { operations } from "./operation.ts";
import { Count, closed, EpochMs, Id, NoParams, NoQuery, PageQuery, PlaceParams, pageOf } from "./parts.ts";

const Hash = Type.String({ pattern: "^[0-9a-f]{64}$", description: "SHA-256, in hexadecimal digits." });

/** What is signed stands in `headText`. */
export const LedgerHead = Type.Object(
  {
    placeId: Id,
    epoch: Type.String({ description: "Of the server's data: another one after it was brought back from an older copy." }),
    firstSequence: Type.Integer({ minimum: 1, description: "Of the first event that is kept, or of the next one where none is." }),
    before: Hash,
    sequence: Type.Integer({ minimum: 0, description: "Of the last event." }),
    hash: Hash,
    at: EpochMs,
    keyId: Type.String({ description: "Which key signed." }),
    signature: Type.String({ description: "Ed25519, in base64url, over the text of the members above." }),
  },
  {
    ...closed,
    description: "`before` is the hash over everything before the first event, `hash` that over everything up to the last one.",
  },
);
export type LedgerHead = Static<typeof LedgerHead>;

export const LedgerKey = Type.Object(
  {
    keyId: Type.String({ description: "The first 16 hexadecimal digits of the SHA-256 of the key's 32 bytes." }),
    algorithm: Type.Literal("Ed25519"),
    publicKey: Type.String({ description: "32 bytes in base64url." }),
    pem: Type.String({ description: "The same as openssl reads it." }),
  },
  closed,
);
export type LedgerKey = Static<typeof LedgerKey>;

export const LedgerLines = Type.Object(
  {
    lines: Type.Array(Type.String(), {
      description: "Each event as it was recorded: the very bytes that are hashed, in the order of sequences.",
    }),
    next: Type.Integer({ minimum: 0, description: "Where to go on: after this sequence." }),
  },
  closed,
);

const LinesQuery = Type.Object(
  {
    after: Type.Optional(Type.Integer({ ...Count, description: "The sequence after which the lines begin; 0 when left out." })),
    limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 1_000, description: "Lines in an answer; 1,000 when left out." })),
  },
  closed,
);

const common = {
  method: "GET",
  access: ["events"],
  tag: "ledger",
  params: PlaceParams,
  query: NoQuery,
  body: null,
  status: 200,
  errors: ["not_found"],
} as const;

export const ledgerOperations = operations({
  readLedgerKey: {
    ...common,
    path: "/ledger/key",
    access: "public",
    summary: "Read the public key that signs the heads of this server's ledgers",
    description: "Keep it where this server cannot change it: a head proves something to those who knew the key before.",
    params: NoParams,
    answer: LedgerKey,
    errors: [],
  },
  readLedgerHead: {
    ...common,
    path: "/places/{placeId}/ledger",
    summary: "Have the end of a place's ledger signed as it is now",
    answer: LedgerHead,
  },
  listLedgerHeads: {
    ...common,
    path: "/places/{placeId}/ledger/kept",
    summary: "List the heads that were signed and kept, about one an hour while something happened, the oldest first",
    description: "They are kept for as long as events are.",
    query: PageQuery,
    answer: pageOf(LedgerHead),
  },
  listLedgerLines: {
    ...common,
    path: "/places/{placeId}/ledger/lines",
    summary: "Read the events of a place as they were recorded and hashed",
    description: "`postern ledger export` makes a file of them that can be verified without this server.",
    query: LinesQuery,
    answer: LedgerLines,
    lines: { of: "lines", next: "next" },
  },
});
