import type { Reader, Spot } from "./spot.ts";

export interface TextRule {
  /** In UTF-16 code units. */
  readonly lengthMax: number;
  /** Its message also answers a text that is too long. */
  readonly pattern?: { readonly expression: RegExp; readonly message: string };
  /** A credential or a key: an answer never repeats it. */
  readonly isPrivate?: boolean;
}

/** Text that every part of the system can store and send: no NUL, which PostgreSQL cannot hold, and no half of a character. */
export function text(rule: TextRule): Reader<string> {
  return (value, spot) => {
    const refuse = (message: string): undefined => (rule.isPrivate ? spot.refuse(message) : spot.refuseValue(message, value));
    if (typeof value !== "string") return refuse("must be a string");
    if (value.includes("\0")) return refuse("must not contain the character NUL");
    if (!value.isWellFormed()) return refuse("must be well-formed Unicode, without lone surrogates");
    if (value.length === 0) return refuse("must not be empty");
    // Measured before the expression runs, so that no text is long enough to keep it busy.
    if (value.length > rule.lengthMax) return refuse(rule.pattern?.message ?? `must have at most ${rule.lengthMax} characters`);
    if (rule.pattern !== undefined && !rule.pattern.expression.test(value)) return refuse(rule.pattern.message);
    return value;
  };
}

/** The same, where clients also send a bare whole number (CLUe §1.2: pin, phone, card numbers). */
export function textOrNumber(rule: TextRule): Reader<string> {
  const readText = text(rule);
  return (value, spot) => {
    const isCount = typeof value === "number" && Number.isSafeInteger(value) && value >= 0;
    return readText(isCount ? value.toFixed(0) : value, spot);
  };
}

export interface NumberRule {
  readonly min: number;
  readonly max: number;
}

const NUMERIC_TEXT = /^-?\d{1,16}$/;

/** A whole number, or its decimal digits as a string. */
export function wholeNumber(rule: NumberRule): Reader<number> {
  return (value, spot) => {
    const number = typeof value === "string" && NUMERIC_TEXT.test(value) ? Number(value) : value;
    if (typeof number !== "number" || !Number.isSafeInteger(number)) return spot.refuseValue("must be a whole number", value);
    if (number < rule.min || number > rule.max) return spot.refuseValue(`must be from ${rule.min} to ${rule.max}`, value);
    return number + 0;
  };
}

export function choice<const Choice extends string>(choices: readonly Choice[]): Reader<Choice> {
  return (value, spot) => choices.find((each) => each === value) ?? spot.refuseValue(`must be ${choices.join(" or ")}`, value);
}

export interface ListRule {
  readonly countMax: number;
}

/** A list, or one value where a list is meant (CLUe §7). A list that is too long is refused unread; null among its items is a mistake. */
export function list<Item>(readItem: Reader<Item>, rule: ListRule): Reader<readonly Item[]> {
  return (value, spot) => {
    const values: readonly unknown[] = Array.isArray(value) ? value : [value];
    if (values.length > rule.countMax) return spot.refuse(`must have at most ${rule.countMax} items`);
    const items: Item[] = [];
    for (const [index, each] of values.entries()) {
      const item = readItem(each, Array.isArray(value) ? spot.item(index) : spot);
      if (item !== undefined) items.push(item);
    }
    return items.length === values.length ? items : undefined;
  };
}

/** The members of one object of the document. Members that nobody asks for are ignored; null counts as absent. */
export class Members {
  readonly spot: Spot;
  readonly #members: object;

  constructor(members: object, spot: Spot) {
    this.#members = members;
    this.spot = spot;
  }

  has(name: string): boolean {
    return this.#value(name) !== undefined;
  }

  /** Whether the member is there and null: what a change clears. */
  isNull(name: string): boolean {
    return Object.hasOwn(this.#members, name) && Reflect.get(this.#members, name) === null;
  }

  optional<Value>(name: string, read: Reader<Value>): Value | undefined {
    const value = this.#value(name);
    return value === undefined ? undefined : read(value, this.spot.member(name));
  }

  /** The same in a change, where null takes away and absent leaves alone. */
  clearable<Value>(name: string, read: Reader<Value>): Value | null | undefined {
    return this.isNull(name) ? null : this.optional(name, read);
  }

  required<Value>(name: string, read: Reader<Value>): Value | undefined {
    const value = this.#value(name);
    return value === undefined ? this.spot.member(name).refuse("is required") : read(value, this.spot.member(name));
  }

  #value(name: string): unknown {
    const value: unknown = Object.hasOwn(this.#members, name) ? Reflect.get(this.#members, name) : undefined;
    return value === null ? undefined : value;
  }
}

export const members: Reader<Members> = (value, spot) => {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return spot.refuse("must be an object");
  return new Members(value, spot);
};
