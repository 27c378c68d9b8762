import type { ChangeAuth, Consent, CreateAuth } from "@postern/contract";

/** A right as somebody wants it, checked as far as it can be by itself, whichever surface read it. */
export interface WantedAuth extends CreateAuth {
  /** Access groups, each once, in ascending order. */
  readonly groupIds: readonly number[];
  /** To the use of the face; null: none is recorded. */
  readonly faceConsent: Consent | null;
}

/** What shall become of an auth: what is absent stays as it is. A whole replacement names everything. */
export interface WantedChange extends ChangeAuth {
  /** Cards and fingers scanned at a device beforehand, which join those that stay or are named. */
  readonly registrationTokens?: readonly string[] | undefined;
  readonly groupIds?: readonly number[] | undefined;
  /** null takes it back, and the face with it. */
  readonly faceConsent?: Consent | null | undefined;
}
