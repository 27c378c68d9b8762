/** A customer's address: what browsers and proxies commonly take. */
export const TARGET_URL_LENGTH_MAX = 2_048;

/** Hosts that an operator allows by name: a handful of their own. */
export const ALLOWED_HOSTS_COUNT_MAX = 64;

/** Connections to one host and port at a time: several customers may share a service. Beyond it a request waits within its own time. */
export const SOCKETS_PER_TARGET_MAX = 32;

/** Idle connections to one host and port that are kept for the next request. */
export const IDLE_SOCKETS_PER_TARGET_MAX = 2;

/** How long an idle one is kept whose server does not say: below the five seconds after which Node's own servers close theirs, so that few are used as they close. */
export const IDLE_SOCKET_MS_MAX = 4_000;

/** The same where it says so, at most: a door that is used each minute then spares itself and the server a handshake. */
export const ANNOUNCED_IDLE_SOCKET_MS_MAX = 90_000;

/** Addresses of one name that are looked at; every one of them must be allowed. */
export const ADDRESSES_PER_NAME_MAX = 32;

/** Headers of an answer. */
export const ANSWER_HEADER_BYTES_MAX = 16 * 1024;

/** For one DNS server's answer, and how often each is asked: within the budget of a delivery. */
export const DNS_ANSWER_MS_MAX = 2_000;
export const DNS_TRIES_COUNT = 2;

/** Of a secret that signs requests, as Standard Webhooks has it: 24 to 64 bytes. */
export const SECRET_BYTES = 32;

/** A day, in which receivers learn a new one. */
export const SECRET_KEPT_MS_DEFAULT = 86_400_000;
