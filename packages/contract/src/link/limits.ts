/** An unauthenticated CONNECT carries a serial and a token of 60 seconds: under 1 KiB. Beyond it the socket is closed unread. */
export const LINK_PACKET_BYTES_BEFORE_CONNACK_MAX = 4 * 1024;

/** One MQTT packet after CONNACK: a batch of 256 events of 512 bytes with room to spare. Beyond it the connection is closed. */
export const LINK_PACKET_BYTES_MAX = 256 * 1024;

/** Events in one frame. With 512 bytes an event this stays under the packet limit; a sender cuts the batch, it is never refused for its count. */
export const EVENTS_PER_FRAME_MAX = 256;

/** One event as JSON: ids, a type and a small detail. Beyond it the event is appended as a stub, so that the log goes on. */
export const EVENT_BYTES_MAX = 768;

/** Roster items in one frame: small enough that a revocation never waits long behind a frame on its way. */
export const ITEMS_PER_FRAME_MAX = 128;

/** Bytes of items in one frame, so that the packet limit holds with the envelope. */
export const ITEM_BYTES_PER_FRAME_MAX = 192 * 1024;

/** Roster frames sent and not yet confirmed, per controller: keeps the link busy, and bounds what a silent controller holds back. */
export const ROSTER_FRAMES_IN_FLIGHT_MAX = 2;

/** Doors of one controller. A comparison carries 4 KiB of sums a door, and must fit one packet. */
export const DOORS_PER_CONTROLLER_MAX = 32;

/** Log generations named in a hello, newest first. More than that many restarts offline cost a repeat of what is already stored, no loss. */
export const GENERATIONS_PER_HELLO_MAX = 32;

/** Commands named in a hello: as many as a controller remembers at once. */
export const COMMANDS_PER_HELLO_MAX = 256;

/** Failed items named in one `synced`; more are counted only. */
export const FAILURES_PER_FRAME_MAX = 64;

/** Item hashes in one frame of a comparison: 64 bytes each. */
export const HASHES_PER_FRAME_MAX = 2_000;

/** A token that lives longer could be replayed for longer; a shorter one fails on slow links. */
export const LINK_TOKEN_SECONDS = 60;

/** How long somebody may be known to a door by the customer's own confirmation: who has not come for a month is asked after anew. */
export const VENDOR_KNOWN_MS_MAX = 30 * 86_400_000;

/** People whom a door lets in although the server was heard too long ago: who must get in whatever happens, and no more than an item carries easily. */
export const STALE_USERS_COUNT_MAX = 64;

/** How long a door waits for the customer's own server in all, where its settings do not say: nobody stands before a door for longer without trying again. */
export const VENDOR_BUDGET_MS = 3_000;

/** Less than that no server across the world answers over TLS, and every answer would be silence. */
export const VENDOR_BUDGET_MS_MIN = 250;

/** Whoever has stood before a door for longer has walked on, and would let in whoever came after. */
export const VENDOR_BUDGET_MS_MAX = 10_000;

/** Steps of five seconds by which a phone's code may be off a door's clock: half a minute. Beyond it a photograph of a code is worth something. */
export const QR_STEPS_OFF_MAX = 6;

/** People at one door whom the customer's server is asked about at once: two devices, and a few hands. Beyond it a credential is refused as `busy`. */
export const VENDOR_ASKS_PER_DOOR_MAX = 4;

/** Questions of one session at once: every door of a controller asking all it may. Beyond it one is answered as silent, `busy`. */
export const VENDOR_ASKS_IN_FLIGHT_MAX = DOORS_PER_CONTROLLER_MAX * VENDOR_ASKS_PER_DOOR_MAX;

/** Of what was presented: a card's number and a PIN are short, and a QR code that a phone shows and a camera reads holds less. */
export const VENDOR_PRESENTED_LENGTH_MAX = 2_048;

/** Of an answer's trace as JSON: it goes into an event, whose other fields take up to 300 bytes of `EVENT_BYTES_MAX`. */
export const VENDOR_DETAIL_BYTES_MAX = 448;

/** Of an answer's message: a device shows five lines of twenty characters (CLUe §1.8), and a screen some more. */
export const VENDOR_MESSAGE_LENGTH_MAX = 200;

/** Auths that a reader names as holders of a scanned finger: one, unless it was enrolled twice. */
export const FINGER_HOLDERS_MAX = 16;
