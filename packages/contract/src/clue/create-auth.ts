/** A person's right as a client asks for it, checked and in one form whatever way it was written. */
export interface CreateAuth {
  readonly userKey: string;
  /** `credentials.name`, else `user.name`, else the key (CLUe §7). */
  readonly name: string;
  readonly status: "ACTIVE" | "INACTIVE";
  readonly startMs: number;
  /** Exclusive. */
  readonly endMs: number;
  /** `all`, or ids in ascending order; at least one through CLUe, where groups do not give any. */
  readonly doors: "all" | readonly number[];
  /** null: always. */
  readonly scheduleId: number | null;
  readonly credentials: Credentials;
  /** Cards and fingers scanned at a device beforehand (CLUe §1.6). */
  readonly registrationTokens: readonly string[];
}

export interface Credentials {
  /** No card twice. */
  readonly cards: readonly EnrolledCard[];
  /** Base64 without a data URL's prefix, not yet looked at. */
  readonly faceImages: readonly string[];
  readonly fingerprints: readonly Fingerprint[];
  readonly pin: string | null;
  readonly uniquePin: string | null;
  readonly phone: string | null;
  /** As asked for, each once; null: the default (`defaultModes`). */
  readonly modes: readonly string[] | null;
}

/** A card as the API writes it. */
export interface ClueCard {
  readonly cardNumber: string;
  readonly formatType: "CSN" | "WIEGAND";
  readonly formatData: string | null;
}

/** The same, read. */
export interface EnrolledCard extends ClueCard {
  /** What makes two cards the same card (`cardKey`). */
  readonly key: string;
}

export interface Fingerprint {
  readonly fingerFormat: string;
  readonly fingerFlag: string;
  /** Base64, not yet decoded. */
  readonly fingerData: string;
}
