/** One thing that is wrong with what somebody sent, as it stands in `details` of an answer (CLUe §7). */
export interface Problem {
  /** A dotted path: `auth.endTime`, `auth.credentials.cards[1]`, or the name of a query parameter. */
  readonly field: string;
  readonly message: string;
  /** What was sent, cut short. Never of a biometric, a PIN, a key, a token or a phone number; never a list or an object. */
  readonly rejectedValue?: string | number | boolean;
  /** The auth that stands in the way, where a request contradicts one (CLUe §7). */
  readonly authId?: number;
}
