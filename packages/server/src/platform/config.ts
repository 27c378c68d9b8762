import { isIP, isIPv4 } from "node:net";
import { resolve } from "node:path";
import { ALLOWED_HOSTS_COUNT_MAX } from "./outgoing/limits.ts";
import { type AllowedHost, readAllowedHost } from "./outgoing/target-rules.ts";
import { platformError } from "./platform-errors.ts";

export const LOG_LEVELS = ["debug", "info", "warn", "error", "silent"] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/** What the server is told by its environment (design §4). */
export interface Config {
  /** 0 lets the operating system choose. */
  readonly httpPort: number;
  readonly mqttPort: number;
  readonly host: string;
  /** PEM files for both listeners, or null for none. */
  readonly tls: { readonly certFile: string; readonly keyFile: string } | null;
  /** Addresses and networks of proxies whose `X-Forwarded-*` headers are believed; they end TLS in front of us. */
  readonly trustedProxies: readonly string[];
  /** Where phones reach the HTTP listener, such as `https://doors.example.com`; null: where whoever asks for a link reached it. */
  readonly publicUrl: string | null;
  /** A listener beyond loopback without TLS or proxy was asked for explicitly; health shows it. */
  readonly isInsecure: boolean;
  /** Absolute. */
  readonly dataDir: string;
  /** Null: the embedded database. Holds a password: never log it. */
  readonly databaseUrl: string | null;
  /** `auto`: made when the database has no place and is the embedded one. */
  readonly demo: "auto" | "on" | "off";
  /**
   * Whether the calls of each key and route are counted. `auto` is on where others can reach the HTTP listener: beyond loopback, or through a proxy.
   */
  readonly rateLimit: "on" | "off";
  /** Who may read `/metrics`: with the operator's key, without one from this machine alone, or nobody. */
  readonly metrics: "operator" | "loopback" | "off";
  readonly logLevel: LogLevel;
  /** How long events are kept, by when the server had them; whole months go. */
  readonly eventsKeptDays: number;
  /** Hosts of webhooks that may be at private addresses, and without TLS where they are named so. */
  readonly outgoingHosts: readonly AllowedHost[];
}

export type Environment = Readonly<Record<string, string | undefined>>;

/** A value, or what is wrong with it in words that follow the variable's name. */
type Parsed<T> = { readonly value: T } | { readonly wrong: string };

const PORT_MAX = 65_535;
/** Doors offer what they still keep, and CLUe's clients read, within a month. */
const EVENTS_KEPT_DAYS_MIN = 31;
const EVENTS_KEPT_DAYS_MAX = 36_500;
const HOST_NAME = /^(?=.{1,253}$)[a-z0-9]([a-z0-9-]{0,62})(\.[a-z0-9]([a-z0-9-]{0,62}))*$/i;

/** Reads all variables; fails with `config_invalid`, which names every bad one and never quotes a value that could hold a secret. An empty variable counts as unset. */
export function readConfig(environment: Environment, workingDir: string = process.cwd()): Config {
  const faults: string[] = [];
  const read = <T>(name: string, fallback: T, parse: (text: string) => Parsed<T>): T => {
    const text = environment[name]?.trim() ?? "";
    if (text === "") return fallback;
    const parsed = parse(text);
    if ("value" in parsed) return parsed.value;
    faults.push(`${name} ${parsed.wrong}.`);
    return fallback;
  };
  const certFile = read<string | null>("POSTERN_TLS_CERT", null, parsePath(workingDir));
  const keyFile = read<string | null>("POSTERN_TLS_KEY", null, parsePath(workingDir));
  const host = read("POSTERN_HOST", "127.0.0.1", parseHost);
  const trustedProxies = read<readonly string[]>("POSTERN_TRUST_PROXY", [], parseProxies);
  const isReachable = !isLoopback(host) || trustedProxies.length > 0;
  const rateLimit = read<"auto" | Config["rateLimit"]>("POSTERN_RATE_LIMIT", "auto", parseOneOf(["auto", "on", "off"]));
  const config: Config = {
    httpPort: read("POSTERN_HTTP_PORT", 8080, parsePort),
    mqttPort: read("POSTERN_MQTT_PORT", 1883, parsePort),
    host,
    tls: certFile === null || keyFile === null ? null : { certFile, keyFile },
    trustedProxies,
    publicUrl: read<string | null>("POSTERN_PUBLIC_URL", null, parsePublicUrl),
    isInsecure: read("POSTERN_INSECURE", false, parseFlag),
    dataDir: read("POSTERN_DATA_DIR", resolve(workingDir, ".postern"), parsePath(workingDir)),
    databaseUrl: read<string | null>("DATABASE_URL", null, parseDatabaseUrl),
    demo: read<Config["demo"]>("POSTERN_DEMO", "auto", parseOneOf(["auto", "on", "off"])),
    rateLimit: rateLimit === "auto" ? (isReachable ? "on" : "off") : rateLimit,
    metrics: read<Config["metrics"]>("POSTERN_METRICS", "operator", parseOneOf(["operator", "loopback", "off"])),
    logLevel: read<LogLevel>("POSTERN_LOG_LEVEL", "info", parseOneOf(LOG_LEVELS)),
    eventsKeptDays: read("POSTERN_EVENTS_KEPT_DAYS", 365, parseKeptDays),
    outgoingHosts: read<readonly AllowedHost[]>("POSTERN_OUTGOING_HOSTS", [], parseOutgoingHosts),
  };
  faults.push(...contradictions(config, certFile, keyFile));
  if (faults.length > 0) throw platformError("config_invalid", { detail: faults.join(" ") });
  return config;
}

function contradictions(config: Config, certFile: string | null, keyFile: string | null): string[] {
  const faults: string[] = [];
  if (certFile !== null && keyFile === null) faults.push("POSTERN_TLS_KEY must name the key of POSTERN_TLS_CERT.");
  if (keyFile !== null && certFile === null) faults.push("POSTERN_TLS_CERT must name the certificate of POSTERN_TLS_KEY.");
  if (config.httpPort !== 0 && config.httpPort === config.mqttPort) faults.push("POSTERN_MQTT_PORT must differ from POSTERN_HTTP_PORT.");
  const isProtected = config.tls !== null || config.trustedProxies.length > 0 || config.isInsecure;
  if (!isLoopback(config.host) && !isProtected && faults.length === 0) {
    faults.push(
      `POSTERN_HOST ${config.host} is reachable from other machines, and keys and cards would cross the network in clear: set POSTERN_TLS_CERT ` +
        "and POSTERN_TLS_KEY, or POSTERN_TRUST_PROXY when a proxy in front ends TLS, or POSTERN_INSECURE=1 to do it nevertheless.",
    );
  }
  return faults;
}

/** Whether a listener on this host is reachable from this machine only. A name other than `localhost` could mean anything. */
export function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || (isIPv4(host) && host.startsWith("127."));
}

/** Whether a peer is on this machine, as sockets write addresses. */
export function isLoopbackAddress(address: string | undefined): boolean {
  return address !== undefined && isLoopback(address.replace(/^::ffff:/i, ""));
}

function parsePublicUrl(text: string): Parsed<string> {
  const url = URL.canParse(text) ? new URL(text) : null;
  const isPlain = url !== null && /^https?:$/.test(url.protocol) && url.username === "" && url.search === "" && url.hash === "";
  return isPlain ? { value: url.href.replace(/\/+$/, "") } : { wrong: "must be an address such as https://doors.example.com" };
}

function parseKeptDays(text: string): Parsed<number> {
  const days = Number(text);
  if (/^\d{1,5}$/.test(text) && days >= EVENTS_KEPT_DAYS_MIN && days <= EVENTS_KEPT_DAYS_MAX) return { value: days };
  return { wrong: `must be a number of days from ${EVENTS_KEPT_DAYS_MIN} to ${EVENTS_KEPT_DAYS_MAX}` };
}

function parsePort(text: string): Parsed<number> {
  const port = Number(text);
  return /^\d{1,5}$/.test(text) && port <= PORT_MAX ? { value: port } : { wrong: `must be a port from 0 (any free one) to ${PORT_MAX}` };
}

function parseHost(text: string): Parsed<string> {
  // Four numbers that are no address are a mistyped one, not a name.
  const isName = HOST_NAME.test(text) && !/^[\d.]+$/.test(text);
  return isIP(text) !== 0 || isName ? { value: text } : { wrong: "must be an address or a host name" };
}

function parsePath(workingDir: string): (text: string) => Parsed<string> {
  return (text) => (text.includes("\0") ? { wrong: "must be a path" } : { value: resolve(workingDir, text) });
}

function parseProxies(text: string): Parsed<readonly string[]> {
  const proxies = text.split(",").map((part) => part.trim());
  return proxies.every(isNetwork)
    ? { value: proxies }
    : { wrong: "must be a list of addresses or networks, such as 10.0.0.7,192.168.0.0/16" };
}

function parseOutgoingHosts(text: string): Parsed<readonly AllowedHost[]> {
  const hosts = text.split(",").map((part) => readAllowedHost(part.trim()));
  const read = hosts.filter((host) => host !== null);
  return read.length === hosts.length && read.length <= ALLOWED_HOSTS_COUNT_MAX
    ? { value: read }
    : {
        wrong: `must be a list of at most ${ALLOWED_HOSTS_COUNT_MAX} hosts, such as crm.internal,10.0.0.7:8443,http://receiver.internal:9000`,
      };
}

function isNetwork(text: string): boolean {
  const [address = "", bits, ...rest] = text.split("/");
  const family = isIP(address);
  if (family === 0 || rest.length > 0) return false;
  return bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= (family === 4 ? 32 : 128));
}

function parseFlag(text: string): Parsed<boolean> {
  return text === "1" || text === "0" ? { value: text === "1" } : { wrong: "must be 1 or 0" };
}

function parseOneOf<T extends string>(choices: readonly T[]): (text: string) => Parsed<T> {
  return (text) => {
    const value = choices.find((choice) => choice === text);
    return value === undefined ? { wrong: `must be one of ${choices.join(", ")}` } : { value };
  };
}

function parseDatabaseUrl(text: string): Parsed<string | null> {
  const isUrl = /^postgres(ql)?:\/\/\S+$/.test(text);
  return isUrl ? { value: text } : { wrong: "must be a URL such as postgres://user:password@host:5432/database" };
}
