import { isIP } from "node:net";
import { TARGET_URL_LENGTH_MAX } from "./limits.ts";
import { isPublicAddress } from "./public-address.ts";

/** A host that the operator trusts with requests of ours, wherever it is. */
export interface AllowedHost {
  /** In small letters; an IPv6 address without its brackets. */
  readonly host: string;
  /** null: any. */
  readonly port: number | null;
  /** Without TLS too. */
  readonly mayBePlain: boolean;
}

/** Reads `crm.internal`, `10.0.0.7:8443` or `http://receiver.internal:8080`; null when it is none of these. */
export function readAllowedHost(text: string): AllowedHost | null {
  const [, scheme = "https", rest = ""] = /^(?:(https?):\/\/)?([^/?#@\s]+)\/?$/i.exec(text) ?? [];
  if (rest === "" || !URL.canParse(`x://${rest}`)) return null;
  const { hostname, port } = new URL(`x://${rest}`);
  if (hostname === "" || /[*%]/.test(hostname)) return null;
  return { host: bareHost(hostname.toLowerCase()), port: port === "" ? null : Number(port), mayBePlain: scheme.toLowerCase() === "http" };
}

/** Where a request may go, or what is wrong with the address in words that follow its field. */
export type Target =
  | { readonly kind: "target"; readonly url: URL /** Any address will do. */; readonly isAllowed: boolean }
  | { readonly kind: "refused"; readonly message: string };

/**
 * Judges a customer's address by itself: HTTPS, no user or password, and where it names an IP address, a public one. A name is judged by what it
 * resolves to, at each connection. Hosts that the operator allowed may be anywhere.
 */
export function targetOf(text: string, allowed: readonly AllowedHost[]): Target {
  if (text.length > TARGET_URL_LENGTH_MAX || !URL.canParse(text)) return refused("must be an address such as https://example.com/hooks");
  const url = new URL(text);
  if (url.username !== "" || url.password !== "") return refused("must not hold a user or password");
  const host = bareHost(url.hostname);
  const rule = allowed.find((each) => each.host === host && (each.port === null || each.port === portOf(url)));
  if (url.protocol !== "https:" && !(url.protocol === "http:" && rule?.mayBePlain === true)) return refused("must begin with https://");
  if (rule === undefined && isIP(host) !== 0 && !isPublicAddress(host)) return refused("must not be a private or reserved address");
  url.hash = "";
  return { kind: "target", url, isAllowed: rule !== undefined };
}

function portOf({ port, protocol }: URL): number {
  return port === "" ? (protocol === "http:" ? 80 : 443) : Number(port);
}

function bareHost(hostname: string): string {
  return hostname.replace(/^\[|\]$/g, "").replace(/\.$/, "");
}

function refused(message: string): Target {
  return { kind: "refused", message };
}
