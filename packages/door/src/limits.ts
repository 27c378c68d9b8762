/**
 * Events kept on a controller's disk: two million are months of a busy door and about 500 MB. Beyond it the oldest are given up and declared
 * lost, because a full disk would stop the door.
 */
export const OUTBOX_EVENTS_MAX = 2_000_000;

/** Events deleted in one transaction: the door must never wait long behind housekeeping. What is left is deleted in the next round. */
export const OUTBOX_TRIM_COUNT_MAX = 2_000;

/** How long an event is kept after it was stored, so that a server restored from a backup can be given it again. */
export const OUTBOX_KEPT_MS = 30 * 86_400_000;

/** Stored marks are kept one per hour: enough to know what is 30 days old, and 720 rows at most for that time. */
export const STORED_MARK_MS = 3_600_000;

/** Generations remembered without any event left of them: what a server may still ask about. The oldest are forgotten beyond it. */
export const GENERATIONS_REMEMBERED_MAX = 1_000;

/** Bytes of events in one frame: the link's packet limit of 256 KiB less its envelope and the declared losses. */
export const EVENT_BYTES_PER_FRAME_MAX = 192 * 1024;

/** Events that could not be written after they had happened (a fire signal on a full disk) wait in memory; beyond it the newest are counted and dropped. */
export const UNRECORDED_EVENTS_MAX = 1_000;

/** Tombstones kept by a replica. They only guard against repeats of older items, which the link sends within one session; the oldest go first. */
export const TOMBSTONES_MAX = 100_000;

/** How long a reader waits for the next factor where no door settings say it. A person at the door has either answered by then or walked on. */
export const FACTOR_WAIT_MS = 10_000;

/** Wrong PINs without consequence: people mistype. */
export const GUESSES_FREE = 3;

/** The pause after that many, doubled with each more (design §7). */
export const GUESS_DELAY_MS_FIRST = 5_000;

/** Design §7: fifteen minutes. Four digits then take a hundred days to try. */
export const GUESS_DELAY_MS_MAX = 15 * 60_000;

/** After which wrong ones no longer count: longer than the longest pause. */
export const GUESSES_FORGOTTEN_MS = 60 * 60_000;

/** People and devices remembered at one door for their wrong PINs. Beyond it the one seen longest ago is forgotten. */
export const GUESSERS_MAX = 256;

/** PINs that one door checks at once: each takes 8 MiB and about 20 ms of a core, and a door has one keypad a side. */
export const PIN_CHECKS_AT_ONCE_MAX = 2;

/** People who wait for one answer of the customer's server: one hand that holds a card to the reader again and again. Beyond it they are refused as `busy`. */
export const VENDOR_JOINED_COUNT_MAX = 8;

/** How long a credential that the customer's server refused is answered alike at that device, without a call: a card is held up again sooner than anybody's mind changes. */
export const VENDOR_REST_MS = 2_000;

/** Of those at one door: more refusals come within two seconds only by hand of a machine, and each then costs a call. */
export const VENDOR_RESTS_MAX = 16;

/** Of a door's time for the customer's server, what that server is given: the rest is the link's, so that the reason of a silence is heard before the time is over. */
export const VENDOR_ASK_SHARE = 0.9;

/**
 * How long a door waits for the server to say whether a code was used elsewhere: it answers within some milliseconds, and one that does not is slow for a reason
 * that the person before the door should not stand for.
 */
export const QR_USE_MS_MAX = 1_000;

/** Codes at one door that the server is asked about at once: two devices, and a few hands. Beyond it a code is refused as `busy`. */
export const QR_USES_PER_DOOR_MAX = 4;

/** How long an opening lasts that no door settings time: an exit button before the first roster. */
export const UNLOCK_MS_WITHOUT_SETTINGS = 5_000;

/** How often door modes are judged anew: a schedule changes at whole minutes, and a second late is what people accept of a clock. */
export const DOOR_TICK_MS = 1_000;

/**
 * How long after the bolt fell an opening still counts as the passage it was up for: a leaf pulled in the last moment has to move before the sensor
 * sees it, and sensors are debounced by up to half a second.
 */
export const OPENED_LATE_MS = 1_000;

/** The first pause before a part of a door's hardware that failed is tried again, doubled with each try: a loose contact is back in a second. */
export const DRIVER_RETRY_MS_FIRST = 1_000;

/** The longest pause: a board that was exchanged works within ten seconds, and whoever exchanged it stands there. */
export const DRIVER_RETRY_MS_MAX = 10_000;

/** How often the newest time is written down while nothing happens. After a power cut the clock is never further back than this. */
export const CLOCK_PERSIST_MS = 5 * 60_000;

/** A difference between our clock and the server's beyond which it is recorded as an event (design: a step over 5 s). */
export const CLOCK_STEP_MS_MAX = 5_000;

/**
 * How long the link says nothing of the time before the controller asks for it: two cheap clocks part by less than a tenth of a second meanwhile, and a
 * server with ten thousand controllers answers some thirty questions a second.
 */
export const CLOCK_ASK_MS = 5 * 60_000;

/** 2024-01-01: no controller of ours ran before it, so a system clock that says so has never been set. */
export const CLOCK_PLAUSIBLE_FROM_MS = 1_704_067_200_000;

/** How often old events are looked for. */
export const TRIM_INTERVAL_MS = 60_000;

/** The first pause after a lost connection: a restarted server is back within a second. */
export const RETRY_MS_FIRST = 250;

/** The longest pause: thousands of controllers are all back half a minute after their server. */
export const RETRY_MS_MAX = 30_000;

/** How long a session must last before the next loss is retried quickly again: a server that drops everybody at once is not hammered. */
export const SESSION_SETTLED_MS = 10_000;

/** From CONNECT to CONNACK and subscription, and from hello to welcome. */
export const GREETING_MS_MAX = 10_000;

/** How long `stored` may take. A connection on which it takes longer is given up, and the next one sends the same events again. */
export const STORED_MS_MAX = 10_000;

/** Answers in a row that move nothing forward before the link pauses: a server and a controller that disagree must not spin. */
export const STALLED_ANSWERS_MAX = 8;

/** MQTT keepalive: a dead connection is noticed within 45 s, and a belief is never older than this while the link lives. */
export const LINK_KEEPALIVE_SECONDS = 30;

/** How long the server may take to answer `/healthz` or a claim. */
export const HTTP_MS_MAX = 10_000;

/** Bytes of an answer to a claim or of `/healthz`: both are a few hundred. */
export const HTTP_ANSWER_BYTES_MAX = 64 * 1024;

/** One line of the virtual driver's socket: a request is under 200 bytes. A longer one closes the connection. */
export const CONTROL_REQUEST_BYTES_MAX = 4 * 1024;

/** One answer: the state of 32 doors is under 16 KiB. */
export const CONTROL_ANSWER_BYTES_MAX = 256 * 1024;

/** Connections to the virtual driver's socket at once: a demo and a few terminals. */
export const CONTROL_CONNECTIONS_MAX = 16;

/** Requests of one connection that wait for their turn. */
export const CONTROL_REQUESTS_WAITING_MAX = 64;

/** The shortest limit of a Unix socket path among our platforms is macOS's 104 bytes with the final NUL; Linux has 108. */
export const SOCKET_PATH_BYTES_MAX = 103;

/** Commands whose time is not over: a person opens a door from afar now and then, never hundreds within seconds. Beyond it they are refused. */
export const COMMANDS_REMEMBERED_MAX = 256;

/** Between two failures that a door records for faces it does not know (design §9): a camera looks many times a second at whoever stands before it. */
export const UNKNOWN_FACE_MS = 10_000;

/** For so long a person who stays before a camera that looks all the time is taken once: longer than it takes to walk through, shorter than coming back. */
export const SAME_FACE_MS = 5_000;

/** Pictures that wait to be looked at, a quarter of a second each: whoever stands at a door has walked on after more. */
export const PICTURES_WAITING_MAX = 8;

/** Bytes of a picture held to a virtual camera, as of a photo that is enrolled. */
export const PICTURE_BYTES_MAX = 10 * 1024 * 1024;

/** Pictures that a camera gives in a second, where nobody says otherwise: each takes a quarter of a second of a core, and nobody walks through faster. */
export const CAMERA_FRAMES_PER_SECOND = 2;

/** More than that the models cannot look at, whatever the machine. */
export const CAMERA_FRAMES_PER_SECOND_MAX = 10;

/** The longer side of a camera's picture, as large as faces are looked for in: more would be made smaller again. */
export const CAMERA_SIDE_MAX = 1_280;

/** What ffmpeg may take at once: a frame of a camera of 4K with what is needed to decode it, several times over. */
export const CAMERA_ALLOC_BYTES_MAX = 256 * 1024 * 1024;

/** Without a picture for so long a camera is connected anew: network cameras take up to ten seconds until their first one. */
export const CAMERA_SILENT_MS_MAX = 20_000;

/** How long ffmpeg must have run before its next end is answered quickly again. */
export const CAMERA_SETTLED_MS = 60_000;

/** Cameras of one controller: two for each of its doors. */
export const CAMERAS_MAX = 64;

/** Codes looked for in one picture: two tell already that it is not clear which is meant. */
export const QR_CODES_PER_PICTURE_MAX = 4;

/** From the begin of one picture to its codes: a hundred times the usual. A thread that takes longer is ended, with its picture. */
export const QR_PICTURE_MS_MAX = 5_000;

/** For so long a code that stays before a camera or a scanner is taken once, however often its phone renews it: longer than it takes to walk through, shorter than coming back. */
export const SAME_QR_MS = 8_000;

/** Sides of doors at which it is remembered what was seen last: two for each door of a controller, and room to spare. */
export const QR_SEEN_COUNT_MAX = 256;

/** One line of a scanner: a QR code holds less than 4,300 characters of the densest alphabet. Beyond it the scanner is opened anew. */
export const SCANNER_LINE_BYTES_MAX = 8 * 1024;

/** Scanners of one controller: two for each of its doors. */
export const SCANNERS_MAX = 64;

/** How long a device shows what came of what was presented, before it shows what is usual again. */
export const MOOD_MS = 3_000;

/** Of a picture for a display: the server keeps at most 4 MB, and writes it anew, which may make a PNG somewhat larger. */
export const SHOWN_PICTURE_BYTES_MAX = 8 * 1024 * 1024;

/** Of one picture over a slow line. It is asked for again from its beginning. */
export const PICTURE_FETCH_MS_MAX = 120_000;
