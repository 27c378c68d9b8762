/** Connections of one process. Two cores keep about ten busy; twice that covers those that wait for the disk. Beyond it callers queue. */
export const POOL_CONNECTION_COUNT = 20;

/** Callers waiting for a connection. At 300 short transactions per second this is three seconds of work, more than a caller waits for. Beyond it: `database_busy` at once. */
export const POOL_WAITING_COUNT_MAX = 1_000;

/** Waiting for a connection, new or free. With `STATEMENT_MS_MAX` it keeps a request below the five seconds after which `/v1` answers `e1000`. */
export const CONNECT_MS_MAX = 1_500;

/** One statement, told to the server. The slowest page is designed for 75 ms; a statement beyond this is stopped and answered with `database_busy`. */
export const STATEMENT_MS_MAX = 3_000;

/** The same statement, watched from here, for a server that does not answer at all; the difference lets the server's own answer win. */
export const ANSWER_MS_MAX = STATEMENT_MS_MAX + 250;

/** A transaction that does nothing holds its row locks; this long only when its process is stuck. The server then ends it. */
export const IDLE_IN_TRANSACTION_MS_MAX = 10_000;

/** A serialization failure or deadlock is tried again this often; five in a row mean a design that fights itself. Then: `database_conflict`. */
export const TRANSACTION_ATTEMPT_COUNT_MAX = 5;

/** Before attempt n + 1 a random pause below n times this, so that two that met do not meet again. */
export const TRANSACTION_RETRY_MS_STEP = 10;

/** The listening connection asks for a sign of life this often, so that a cut without a word is noticed. */
export const LISTEN_HEARTBEAT_MS = 5_000;

/** Pauses of a reconnecting or restarting part: the first, doubled up to the last. Five seconds keep a recovery noticeable as immediate. */
export const BACK_OFF_MS_FIRST = 100;
export const BACK_OFF_MS_MAX = 5_000;

/** From spawn to ready, with the recovery after a crash: at most one gigabyte of log (`max_wal_size`) is read again. */
export const POSTGRES_START_MS_MAX = 120_000;

/** A fast shutdown takes 50 to 85 ms; it writes what is in memory, up to `shared_buffers`. Beyond this the guard asks for an immediate one. */
export const POSTGRES_STOP_MS_MAX = 15_000;

/** How often a file or process is looked at while starting and stopping. */
export const POSTGRES_POLL_MS = 10;

/** The database's own log is put aside at a start when it is larger, and one such file is kept. */
export const POSTGRES_LOG_BYTES_MAX = 8 * 1024 * 1024;

/** Sources or keys a limiter remembers. Beyond it the one seen longest ago is forgotten, so that no flood of addresses fills the memory. */
export const LIMITER_KEYS_COUNT_MAX = 20_000;
