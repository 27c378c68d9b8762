import type { CreateAuth, Credentials } from "./create-auth.ts";

/** What shall become of an auth: what is absent stays as it is. */
export interface ChangeAuth {
  /** null: back to the person's key (CLUe §7). */
  readonly name?: string | null | undefined;
  readonly status?: CreateAuth["status"] | undefined;
  readonly startMs?: number | undefined;
  /** Exclusive. Whether it lies after the start is judged beside what stays. */
  readonly endMs?: number | undefined;
  readonly doors?: CreateAuth["doors"] | undefined;
  /** null: always. */
  readonly scheduleId?: number | null | undefined;
  readonly credentials: ChangeCredentials;
}

/** An empty list or null takes away what was held; `modes` null goes back to the default. */
export type ChangeCredentials = { readonly [Part in keyof Credentials]?: Credentials[Part] | undefined };

/** A change as it was written, with where its fields stand: `auth.` in a body that wraps them, else the top. */
export interface WrittenChange extends ChangeAuth {
  readonly prefix: "auth." | "";
  readonly registrationTokens: readonly string[];
}
