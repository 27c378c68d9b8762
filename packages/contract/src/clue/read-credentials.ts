import { CARD_NUMBER_LENGTH_MAX, cardKey, parseCard } from "@postern/core";
import type { ChangeCredentials } from "./change-auth.ts";
import {
  CARDS_COUNT_MAX,
  FACE_IMAGE_LENGTH_MAX,
  FACE_IMAGES_COUNT_MAX,
  FINGER_DATA_LENGTH_MAX,
  FINGERPRINTS_COUNT_MAX,
  MODES_COUNT_MAX,
  PHONE_LENGTH_MAX,
  PIN_LENGTH_MAX,
  PIN_LENGTH_MIN,
  UNIQUE_PIN_LENGTH_MIN,
} from "./clue-limits.ts";
import type { ClueCard, Credentials, EnrolledCard, Fingerprint } from "./create-auth.ts";
import { modeToChain } from "./modes.ts";
import { choice, list, type Members, members, text, textOrNumber } from "./readers.ts";
import type { Reader, Spot } from "./spot.ts";

/** CLUe §1.2: 1 to 50 letters, digits and a few signs, in groups parted by single ordinary or ideographic spaces. */
export const NAME_PATTERN = String.raw`^(?=.{1,50}$)[\p{L}\p{N}\-ー_・\uFF66-\uFF9D]+(?:[ \u3000][\p{L}\p{N}\-ー_・\uFF66-\uFF9D]+)*$`;

export const readName: Reader<string> = text({
  // 50 characters, each at most two code units.
  lengthMax: 100,
  pattern: {
    expression: new RegExp(NAME_PATTERN, "u"),
    message: "must have 1 to 50 letters, digits, - _ ー or ・, with single spaces between them",
  },
});

const cardText = { lengthMax: CARD_NUMBER_LENGTH_MAX, isPrivate: true };
const readCardNumber = textOrNumber(cardText);
/** Empty where a client fills in every field of its own form. */
const readFormatData: Reader<string> = (value, spot) => (value === "" ? undefined : readCardNumber(value, spot));

const readCard: Reader<EnrolledCard> = (value, spot) => {
  const written = readCardText(value, spot);
  if (written === undefined) return undefined;
  const parse = parseCard(written);
  if (parse.kind === "card") return { ...written, key: cardKey(parse.card) };
  return (isBareCard(value) ? spot : spot.member(parse.field)).refuse(parse.message);
};

function readCardText(value: unknown, spot: Spot): ClueCard | undefined {
  if (isBareCard(value)) {
    const cardNumber = readCardNumber(value, spot);
    return cardNumber === undefined ? undefined : { cardNumber, formatType: "CSN", formatData: null };
  }
  const card = members(value, spot);
  const cardNumber = card?.required("cardNumber", readCardNumber);
  const formatType = card?.required("formatType", choice(["CSN", "WIEGAND"]));
  const formatData = card?.optional("formatData", readFormatData) ?? null;
  return cardNumber === undefined || formatType === undefined ? undefined : { cardNumber, formatType, formatData };
}

/** A bare string is a CSN (CLUe §7), and so is the number that the guide's table, a "list of card ID (decimal)", suggests. */
function isBareCard(value: unknown): boolean {
  return typeof value === "string" || typeof value === "number";
}

const readCardList = list(readCard, { countMax: CARDS_COUNT_MAX });

const readCards: Reader<readonly EnrolledCard[]> = (value, spot) => {
  const cards = readCardList(value, spot);
  if (cards === undefined) return undefined;
  const keys = cards.map((card) => card.key);
  const repeated = keys.findIndex((key, index) => keys.indexOf(key) < index);
  return repeated < 0 ? cards : spot.item(repeated).refuse("is the same card as another of the list");
};

const readImageText = text({ lengthMax: FACE_IMAGE_LENGTH_MAX, isPrivate: true });

/** With or without a data URL's prefix, in one line or several; what is read has neither. Whether it is a picture is for whoever looks at it. */
export const readImage: Reader<string> = (value, spot) => readImageText(value, spot)?.replace(DATA_URL_PREFIX, "").replace(/\s+/g, "");
const DATA_URL_PREFIX = /^data:[a-z0-9.+/;=-]{0,100},/i;

const readFingerWord = text({
  lengthMax: 64,
  pattern: { expression: /^[A-Z0-9_]+$/, message: "must be a word of at most 64 capital letters" },
});

const readFingerData = text({
  lengthMax: FINGER_DATA_LENGTH_MAX,
  pattern: { expression: /^[A-Za-z0-9+/]+={0,2}$/, message: `must be base64 of at most ${FINGER_DATA_LENGTH_MAX} characters` },
  isPrivate: true,
});

/** Base64 that says its bytes one way alone, with or without its filling; what is read has it. */
const readTemplate: Reader<string> = (value, spot) => {
  const written = readFingerData(value, spot);
  if (written === undefined) return undefined;
  const whole = Buffer.from(written, "base64").toString("base64");
  const isWhole = whole !== "" && whole.replace(/=+$/, "") === written.replace(/=+$/, "");
  return isWhole ? whole : spot.refuse("must be whole base64");
};

const readFingerprint: Reader<Fingerprint> = (value, spot) => {
  const finger = members(value, spot);
  const fingerFormat = finger?.required("fingerFormat", readFingerWord);
  const fingerFlag = finger?.required("fingerFlag", readFingerWord);
  const fingerData = finger?.required("fingerData", readTemplate);
  if (fingerFormat === undefined || fingerFlag === undefined || fingerData === undefined) return undefined;
  return { fingerFormat, fingerFlag, fingerData };
};

function digits(lengthMin: number): Reader<string> {
  const expression = new RegExp(`^[0-9]{${lengthMin},${PIN_LENGTH_MAX}}$`);
  const message = `must have ${lengthMin} to ${PIN_LENGTH_MAX} digits`;
  return textOrNumber({ lengthMax: PIN_LENGTH_MAX, pattern: { expression, message }, isPrivate: true });
}

const readPhone = textOrNumber({
  lengthMax: PHONE_LENGTH_MAX,
  pattern: { expression: /^\+?[0-9][0-9 ().-]*$/, message: `must be a phone number of at most ${PHONE_LENGTH_MAX} characters` },
  isPrivate: true,
});

const readModeText = text({ lengthMax: 64 });

const readMode: Reader<string> = (value, spot) => {
  const mode = readModeText(value, spot);
  if (mode === undefined || modeToChain(mode) !== null) return mode;
  return spot.refuseValue("must be a combination of factors such as CARD, FACE or CARD_THEN_PIN", value);
};

const readModes: Reader<readonly string[]> = list(readMode, { countMax: MODES_COUNT_MAX });
const readFaceImages = list(readImage, { countMax: FACE_IMAGES_COUNT_MAX });
const readFingerprints = list(readFingerprint, { countMax: FINGERPRINTS_COUNT_MAX });
const readPin = digits(PIN_LENGTH_MIN);
export const readUniquePin = digits(UNIQUE_PIN_LENGTH_MIN);

/** `auth.credentials` without its name (CLUe §1.2). What is wrong is noted and left out. */
export function readCredentials(credentials: Members): Credentials {
  const modes = asked(credentials.optional("modes", readModes)) ?? null;
  return {
    cards: credentials.optional("cards", readCards) ?? [],
    faceImages: credentials.optional("faceImages", readFaceImages) ?? [],
    fingerprints: credentials.optional("fingerprints", readFingerprints) ?? [],
    pin: credentials.optional("pin", readPin) ?? null,
    uniquePin: credentials.optional("uniquePin", readUniquePin) ?? null,
    phone: credentials.optional("phone", readPhone) ?? null,
    modes,
  };
}

/** The same in a change: what is absent stays, and null takes away. */
export function readCredentialsChange(credentials: Members): ChangeCredentials {
  return {
    cards: cleared(credentials.clearable("cards", readCards)),
    faceImages: cleared(credentials.clearable("faceImages", readFaceImages)),
    fingerprints: cleared(credentials.clearable("fingerprints", readFingerprints)),
    pin: credentials.clearable("pin", readPin),
    uniquePin: credentials.clearable("uniquePin", readUniquePin),
    phone: credentials.clearable("phone", readPhone),
    modes: asked(credentials.clearable("modes", readModes)),
  };
}

function cleared<Item>(items: readonly Item[] | null | undefined): readonly Item[] | undefined {
  return items === null ? [] : items;
}

/** Each mode once; none is the default. */
function asked(modes: readonly string[] | null | undefined): readonly string[] | null | undefined {
  return modes === undefined || modes === null ? modes : modes.length === 0 ? null : [...new Set(modes)];
}
