import type { ClientConfig } from "pg";

/** Where a database is and as whom to act there. */
export interface DatabaseAddress {
  /** `postgres://user@host/database`; a Unix socket's folder is the host, with `%2F` for each slash. */
  readonly url: string;
  /** The role to become after the login; absent when the login is that role already. */
  readonly role?: string;
}

/** The role of the application; migrations say what it may do. It can neither change nor delete an event (design §6). */
export const APPLICATION_ROLE = "postern_app";

/** The driver's settings for an address. The role is part of the start of a session, so that no statement can run before it. */
export function clientConfig(address: DatabaseAddress): ClientConfig {
  const [base = "", query = ""] = address.url.split("?", 2);
  const parameters = new URLSearchParams(query);
  const given = parameters.get("options");
  parameters.delete("options"); // the driver lets the URL's options replace ours, so both are joined here
  const role = address.role === undefined ? null : `-c role=${address.role}`;
  const options = [given, role].filter((part) => part !== null).join(" ");
  const connectionString = parameters.size === 0 ? base : `${base}?${parameters.toString()}`;
  return { connectionString, keepAlive: true, ...(options === "" ? {} : { options }) };
}

/** The URL of a database behind a Unix socket that lets its owner in without a password. */
export function socketUrl(address: { readonly directory: string; readonly user: string; readonly database: string }): string {
  return `postgres://${address.user}@${encodeURIComponent(address.directory)}/${address.database}`;
}
