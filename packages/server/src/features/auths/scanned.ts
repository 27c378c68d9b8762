import {
  CARDS_COUNT_MAX,
  type ClueCard,
  ClueError,
  cardKeyOf,
  type EnrolledCard,
  FINGERPRINTS_COUNT_MAX,
  type Fingerprint,
  type Problem,
} from "@postern/contract";
import type { Queryable, Transaction } from "../../platform/database.ts";
import { platformError } from "../../platform/platform-errors.ts";
import type { AuthFields } from "./auth-fields.ts";

/** What was scanned on a device. */
export type ScannedCredential =
  | { readonly kind: "card"; readonly card: ClueCard; readonly key: string }
  | { readonly kind: "finger"; readonly template: string };

/** What a token is worth at a place. */
export type TokenMeaning =
  /** Never was, is over, or is another place's. */
  | { readonly kind: "unknown" }
  | { readonly kind: "used" }
  /** Nothing was scanned, or not yet. */
  | { readonly kind: "unfinished" }
  | { readonly kind: "scanned"; readonly scanId: number; readonly scanned: ScannedCredential };

/** Scans on devices, whose cards and fingers join auths (CLUe §1.6). */
export interface RegistrationScans {
  /** Each at the place of its token. */
  scannedBy(queryable: Queryable, placeId: number, tokens: readonly string[]): Promise<readonly TokenMeaning[]>;
  /** Gives scans to an auth. False: another has one of them by now. */
  use(transaction: Transaction, scanIds: readonly number[], authId: number): Promise<boolean>;
}

/** Cards and fingers as they are written, with those that were scanned behind them. */
export interface Joined {
  readonly cards: readonly EnrolledCard[];
  readonly fingerprints: readonly Fingerprint[];
  readonly scanIds: readonly number[];
  /** Where the request says what, scanned cards among it. */
  readonly fields: AuthFields;
}

export interface Joining {
  readonly meanings: readonly TokenMeaning[];
  readonly cards: readonly ClueCard[];
  readonly fingerprints: readonly Fingerprint[];
  readonly fields: AuthFields;
}

/** Puts what was scanned behind what is there. A card that is there already is not there twice. Fails naming each token that cannot be taken. */
export function joinScanned({ meanings, cards, fingerprints, fields }: Joining): Joined {
  refuseMeaningless(meanings, fields);
  const joined = { cards: cards.map((card): EnrolledCard => ({ ...card, key: cardKeyOf(card) })), fingerprints: [...fingerprints] };
  const tokenOfCard = new Map<number, number>();
  const problems: Problem[] = [];
  const scanIds = new Set<number>();
  for (const [index, meaning] of meanings.entries()) {
    if (meaning.kind !== "scanned") continue;
    if (scanIds.has(meaning.scanId)) problems.push({ field: fields.token(index), message: "stands twice" });
    scanIds.add(meaning.scanId);
    const { scanned } = meaning;
    const isCard = scanned.kind === "card";
    if (isCard && joined.cards.some(({ key }) => key === scanned.key)) continue;
    const isTooMuch = isCard ? joined.cards.length >= CARDS_COUNT_MAX : joined.fingerprints.length >= FINGERPRINTS_COUNT_MAX;
    const countMax = isCard ? `${CARDS_COUNT_MAX} cards` : `${FINGERPRINTS_COUNT_MAX} fingerprints`;
    if (isTooMuch) problems.push({ field: fields.token(index), message: `would be more than ${countMax}` });
    else if (isCard) {
      tokenOfCard.set(joined.cards.length, index);
      joined.cards.push({ ...scanned.card, key: scanned.key });
    } else joined.fingerprints.push({ fingerFormat: "TEMPLATE_FORMAT_SUPREMA", fingerFlag: "NONE", fingerData: scanned.template });
  }
  if (problems.length > 0) throw new ClueError("e1005", { details: problems });
  const card = (index: number): string => {
    const token = tokenOfCard.get(index);
    return token === undefined ? fields.card(index) : fields.token(token);
  };
  return { ...joined, scanIds: [...scanIds], fields: { ...fields, card } };
}

/** A token that is unknown, over or another place's is told alike. */
function refuseMeaningless(meanings: readonly TokenMeaning[], fields: AuthFields): void {
  const problemsOf = (kind: TokenMeaning["kind"], message: string): readonly Problem[] =>
    meanings.flatMap((meaning, index) => (meaning.kind === kind ? [{ field: fields.token(index), message }] : []));
  const unknown = problemsOf("unknown", "names no scan of this place, or its time is over");
  if (unknown.length > 0) throw new ClueError(fields.unknownCode, { details: unknown });
  const spent = [...problemsOf("used", "was given to an auth already"), ...problemsOf("unfinished", "is of a scan that is not completed")];
  if (spent.length > 0) throw new ClueError("e1006", { details: spent });
}

/** Gives the scans to the auth that was just written; when somebody else was first the transaction is run again, and finds them used. */
export async function useScans(
  scans: RegistrationScans,
  transaction: Transaction,
  { scanIds, authId }: { readonly scanIds: readonly number[]; readonly authId: number },
): Promise<void> {
  if (scanIds.length === 0 || (await scans.use(transaction, scanIds, authId))) return;
  throw platformError("database_conflict", { detail: "Another request used the same registration token meanwhile." });
}
