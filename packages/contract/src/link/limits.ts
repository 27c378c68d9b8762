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
