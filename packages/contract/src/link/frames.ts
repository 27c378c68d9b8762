import Type, { type Static } from "typebox";
import {
  FACE_IMAGES_COUNT_MAX,
  FACE_TEMPLATE_LENGTH_MAX,
  FINGER_DATA_LENGTH_MAX,
  FINGER_SCORE_MAX,
  FINGERPRINTS_COUNT_MAX,
} from "../clue/clue-limits.ts";
import {
  COMMANDS_PER_HELLO_MAX,
  DOORS_PER_CONTROLLER_MAX,
  EVENTS_PER_FRAME_MAX,
  FAILURES_PER_FRAME_MAX,
  FINGER_HOLDERS_MAX,
  GENERATIONS_PER_HELLO_MAX,
  HASHES_PER_FRAME_MAX,
  ITEMS_PER_FRAME_MAX,
  VENDOR_BUDGET_MS_MAX,
  VENDOR_MESSAGE_LENGTH_MAX,
  VENDOR_PRESENTED_LENGTH_MAX,
} from "./limits.ts";

const Count = Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER });
const Id = Type.Integer({ minimum: 1, maximum: Number.MAX_SAFE_INTEGER });
const Milliseconds = Type.Integer({ minimum: -8.64e15, maximum: 8.64e15, description: "Epoch milliseconds." });
const Hex32 = Type.String({ pattern: "^[0-9a-f]{32}$" });
const Hex64 = Type.String({ pattern: "^[0-9a-f]{64}$" });
/** Of a kind that the reader may not know yet: it then fails alone, as `item_unsupported`. */
const ItemKeyText = Type.String({ pattern: "^[a-z]{1,16}:[1-9][0-9]{0,15}$" });
const ErrorCode = Type.String({ pattern: "^[a-z][a-z0-9_]{0,63}$" });

/** A log generation: a random id, drawn at each start of a controller. */
const Generation = Type.Integer({ minimum: 1, maximum: Number.MAX_SAFE_INTEGER });

/** The log a generation continues: the generation before it and that one's last number; null for the first log of a disk. */
const Predecessor = Type.Union([Type.Null(), Type.Object({ generation: Generation, last: Count })]);

/** up/hello: what I am, what I hold, what my log holds. */
export const HelloFrame = Type.Object({
  protocol: Type.Literal(1),
  software: Type.String({ maxLength: 64 }),
  /** The epoch of the server data that the replica was filled from; null before the first welcome. */
  epoch: Type.Union([Type.Null(), Type.String({ maxLength: 64 })]),
  roster: Type.Object({ urgentTo: Count, completeTo: Count, digest: Hex64, itemCount: Count }),
  log: Type.Object({
    /** The newest first. */
    generations: Type.Array(Type.Object({ generation: Generation, predecessor: Predecessor, first: Count, last: Count }), {
      minItems: 1,
      maxItems: GENERATIONS_PER_HELLO_MAX,
    }),
  }),
  clock: Type.Object({ nowMs: Milliseconds }),
  /** Commands that are being carried out, or whose result could not be told yet. Others that were sent are known to have ended with no result. */
  commands: Type.Optional(Type.Array(Id, { maxItems: COMMANDS_PER_HELLO_MAX })),
});
export type HelloFrame = Static<typeof HelloFrame>;

/** down/welcome: who you are, and what I have of your log. */
export const WelcomeFrame = Type.Object({
  /** Every later frame of the controller names it; a frame of an older session is refused. */
  session: Id,
  controllerId: Id,
  placeId: Id,
  epoch: Type.String({ maxLength: 64 }),
  serverMs: Milliseconds,
  doors: Type.Array(Type.Object({ doorId: Id, entryDeviceId: Id, exitDeviceId: Type.Union([Type.Null(), Id]) }), {
    maxItems: DOORS_PER_CONTROLLER_MAX,
  }),
  /** For each generation of the hello that the ledger knows: the last number stored. */
  marks: Type.Array(Type.Object({ generation: Generation, through: Count }), { maxItems: GENERATIONS_PER_HELLO_MAX }),
});
export type WelcomeFrame = Static<typeof WelcomeFrame>;

/** Small and flat. No name, PIN or full number of an unknown card. */
const EventDetail = Type.Record(
  Type.String({ maxLength: 32 }),
  Type.Union([Type.String({ maxLength: 128 }), Type.Number(), Type.Boolean()]),
);

/** One event as the controller wrote it. Its number is its place in the frame. */
export const LinkEvent = Type.Object({
  /** The controller's time. */
  eventAt: Milliseconds,
  eventType: Type.String({ maxLength: 64 }),
  doorId: Type.Optional(Id),
  deviceId: Type.Optional(Id),
  authId: Type.Optional(Id),
  userId: Type.Optional(Id),
  detail: Type.Optional(EventDetail),
});
export type LinkEvent = Static<typeof LinkEvent>;

/** A range of numbers the controller no longer has and never will: it is appended as a fact, and the mark passes it. */
const LostRange = Type.Object({ generation: Generation, from: Count, to: Count });
export type LostRange = Static<typeof LostRange>;

/**
 * up/events: numbers `first`, `first` + 1, … of one generation. Events are judged one by one, so that a bad one never stops the rest. Without events it
 * asks for the server's time, and tells the controller's.
 */
export const EventsFrame = Type.Object({
  session: Id,
  generation: Generation,
  /** Present with the first record of a generation. */
  predecessor: Type.Optional(Predecessor),
  first: Count,
  events: Type.Array(Type.Unknown(), { maxItems: EVENTS_PER_FRAME_MAX }),
  lost: Type.Optional(Type.Array(LostRange, { maxItems: GENERATIONS_PER_HELLO_MAX })),
  /** The controller's clock when it sent this. */
  sentAt: Milliseconds,
});
export type EventsFrame = Static<typeof EventsFrame>;

/** down/stored: sent after the commit. Only this lets the controller forget. */
export const StoredFrame = Type.Object({
  generation: Generation,
  through: Count,
  /** Appended as stubs. */
  refused: Type.Array(Type.Object({ localLogId: Count, code: ErrorCode }), { maxItems: EVENTS_PER_FRAME_MAX }),
  /** What is wanted before anything else: send from here, or declare it lost. */
  expect: Type.Optional(Type.Object({ generation: Generation, from: Count })),
  /** The server's clock when it sent this. */
  serverMs: Type.Optional(Milliseconds),
});
export type StoredFrame = Static<typeof StoredFrame>;

/** One item as it is now, or gone from this controller's roster. */
export const WireItem = Type.Object({
  key: ItemKeyText,
  revision: Id,
  gone: Type.Optional(Type.Literal(true)),
  item: Type.Optional(Type.Unknown()),
  /** The templates whose marks the item holds, in base64 and in their order. No part of the item, so that neither the server's roster nor a digest holds one. */
  templates: Type.Optional(
    Type.Array(Type.String({ pattern: "^[A-Za-z0-9+/]+={0,2}$", maxLength: FINGER_DATA_LENGTH_MAX }), { maxItems: FINGERPRINTS_COUNT_MAX }),
  ),
  /** The same of its faces: pack, version and numbers, `dlib-resnet.1.…`. */
  faceTemplates: Type.Optional(
    Type.Array(
      Type.String({ pattern: "^[a-z0-9-]{1,32}\\.[1-9][0-9]{0,5}\\.[A-Za-z0-9+/]+={0,2}$", maxLength: FACE_TEMPLATE_LENGTH_MAX }),
      {
        maxItems: FACE_IMAGES_COUNT_MAX,
      },
    ),
  ),
});
export type WireItem = Static<typeof WireItem>;

/** One scope's 256 bucket sums of 128 bits each, big-endian, in base64. */
const ScopeSums = Type.Object({ scope: Count, sums: Type.String({ maxLength: 5_464 }) });

/** down/roster: items, and how far the replica is once it has them; or sums to compare. */
export const RosterFrame = Type.Object({
  /** Counts this session's roster frames; `synced` answers with it. */
  batch: Id,
  items: Type.Array(WireItem, { maxItems: ITEMS_PER_FRAME_MAX }),
  /** Everything urgent up to this revision has been sent. */
  urgentTo: Type.Optional(Count),
  /** Everything up to this revision has been sent: compare digests here. */
  completeTo: Type.Optional(Count),
  /** The items replace what is held whatever its revision: a repair, or a server whose data went back in time. */
  replace: Type.Optional(Type.Literal(true)),
  /** Name the items of every bucket whose sum differs from these. */
  compare: Type.Optional(Type.Array(ScopeSums, { minItems: 1, maxItems: DOORS_PER_CONTROLLER_MAX + 1 })),
});
export type RosterFrame = Static<typeof RosterFrame>;

/** The keys and hashes of what the replica holds in buckets that differ; a bucket is always whole in one frame, even when it is empty. */
const BucketHashes = Type.Object({
  scope: Count,
  bucket: Type.Integer({ minimum: 0, maximum: 255 }),
  items: Type.Array(Type.Tuple([ItemKeyText, Hex32]), { maxItems: HASHES_PER_FRAME_MAX }),
});
export type BucketHashes = Static<typeof BucketHashes>;

/** up/synced: what the replica holds, durably, after a roster frame. */
export const SyncedFrame = Type.Object({
  session: Id,
  batch: Id,
  urgentTo: Count,
  completeTo: Count,
  /** Computed from what is held; present when the frame answered carried `completeTo`. */
  digest: Type.Optional(Hex64),
  failures: Type.Array(Type.Object({ key: Type.String({ maxLength: 64 }), revision: Count, code: ErrorCode }), {
    maxItems: FAILURES_PER_FRAME_MAX,
  }),
  /** Answers `compare`; the frame without `more` is the last. */
  hashes: Type.Optional(Type.Array(BucketHashes)),
  more: Type.Optional(Type.Literal(true)),
});
export type SyncedFrame = Static<typeof SyncedFrame>;

const CommandId = { commandId: Id };

/** By the server's clock; a controller that reads it later answers `too_late`. */
const NotAfter = { notAfter: Milliseconds };

/** Open this door once, now. Remembered by its id until `notAfter`, so that a repeat opens nothing twice. */
const OnceOpenCommand = Type.Object({ ...CommandId, command: Type.Literal("ONCE_OPEN"), doorId: Id, ...NotAfter });

/** The next card at this device until `notAfter` is not judged: the result says which it was. */
const LearnCardCommand = Type.Object({ ...CommandId, command: Type.Literal("LEARN_CARD"), deviceId: Id, ...NotAfter });

const Score = Type.Integer({ minimum: 0, maximum: FINGER_SCORE_MAX });

/** The same of a finger, which is taken from this score on. */
const LearnFingerCommand = Type.Object({
  ...CommandId,
  command: Type.Literal("LEARN_FINGER"),
  deviceId: Id,
  scoreMin: Score,
  ...NotAfter,
});

/** Nobody waits for a card or finger at this device any more: the next one is judged. */
const EndLearningCommand = Type.Object({ ...CommandId, command: Type.Literal("END_LEARNING"), deviceId: Id, ...NotAfter });

/** down/command. */
export const CommandFrame = Type.Union([OnceOpenCommand, LearnCardCommand, LearnFingerCommand, EndLearningCommand]);
export type CommandFrame = Static<typeof CommandFrame>;

/** A card as CLUe writes it (CLUe §1.2), and bits of no known layout as `parseCard` reads them. */
const LearntCard = Type.Object({
  cardNumber: Type.String({ pattern: "^[0-9]+(-[0-9]+)?$", maxLength: 64 }),
  formatType: Type.Union([Type.Literal("CSN"), Type.Literal("WIEGAND")]),
  formatData: Type.Optional(Type.String({ maxLength: 16 })),
});

/** A finger's template, and the auths that the reader knows by it. */
const LearntFinger = Type.Object({
  template: Type.String({ pattern: "^[A-Za-z0-9+/]+={0,2}$", maxLength: FINGER_DATA_LENGTH_MAX }),
  authIds: Type.Array(Id, { maxItems: FINGER_HOLDERS_MAX }),
});

/** up/result: what came of a command. */
export const ResultFrame = Type.Object({
  session: Id,
  commandId: Id,
  outcome: Type.Union([Type.Literal("done"), Type.Literal("failed"), Type.Literal("too_late"), Type.Literal("refused")]),
  /** Why not: one of the link's codes, or a reason of a decision. */
  reason: Type.Optional(ErrorCode),
  /** What `LEARN_CARD` learnt. */
  card: Type.Optional(LearntCard),
  /** What `LEARN_FINGER` learnt. */
  finger: Type.Optional(LearntFinger),
  /** How good the finger's template was, also of one that was too bad. */
  score: Type.Optional(Score),
});
export type ResultFrame = Static<typeof ResultFrame>;

/** up/ask: a door waits for the customer's own server (CLUe §3). Never kept, never logged: what was presented may be a PIN. */
export const AskFrame = Type.Object({
  session: Id,
  /** Rises within a session: one that does not is a repeat. */
  askId: Id,
  doorId: Id,
  deviceId: Id,
  credential: Type.Union([
    Type.Literal("card"),
    Type.Literal("face"),
    Type.Literal("fingerprint"),
    Type.Literal("unique_pin"),
    Type.Literal("qr"),
    Type.Literal("customer_qr"),
  ]),
  /** Nobody is known by the credential here: the customer's server says whether it is good. */
  identify: Type.Boolean(),
  authId: Type.Optional(Id),
  userId: Type.Optional(Id),
  /** A card's number as CLUe writes it, a typed PIN, a QR code's text. */
  presented: Type.Optional(Type.String({ maxLength: VENDOR_PRESENTED_LENGTH_MAX })),
  /** Present: the customer's server is asked nothing. Was this step of a dynamic QR used? Unless it was, it is from now on, everywhere. */
  qr: Type.Optional(Type.Object({ id: Id, step: Count })),
  /** What is left of the door's time. */
  budgetMs: Type.Integer({ minimum: 1, maximum: VENDOR_BUDGET_MS_MAX }),
});
export type AskFrame = Static<typeof AskFrame>;

/** down/answer: what the customer's own server said; `silent` when it said nothing that was agreed. One comes for each ask, unless the session ends. */
export const AnswerFrame = Type.Object({
  askId: Id,
  verdict: Type.Union([Type.Literal("confirmed"), Type.Literal("refused"), Type.Literal("silent")]),
  /** How it came about, for the event. */
  detail: Type.Optional(EventDetail),
  /** For the device to show. */
  message: Type.Optional(Type.String({ maxLength: VENDOR_MESSAGE_LENGTH_MAX })),
});
export type AnswerFrame = Static<typeof AnswerFrame>;
