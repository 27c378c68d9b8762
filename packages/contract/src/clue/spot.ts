import type { Problem } from "../errors/problem.ts";
import { PROBLEMS_COUNT_MAX, REJECTED_TEXT_LENGTH_MAX } from "./clue-limits.ts";

/** What was read, or everything that is wrong with it. */
export type Read<Value> = { readonly ok: true; readonly value: Value } | { readonly ok: false; readonly problems: readonly Problem[] };

/** Turns an untyped value into a typed one, or notes at the spot what is wrong with it and returns undefined. */
export type Reader<Value> = (value: unknown, spot: Spot) => Value | undefined;

/** Collects mistakes up to a bound; reading goes on beyond it, so that the first ones stand in the order of the document. */
class ProblemList {
  readonly problems: Problem[] = [];

  add(problem: Problem): void {
    if (this.problems.length < PROBLEMS_COUNT_MAX) this.problems.push(problem);
  }
}

/** A place in a document, where a mistake can be noted under its dotted path. */
export class Spot {
  readonly field: string;
  readonly #list: ProblemList;

  private constructor(field: string, list: ProblemList) {
    this.field = field;
    this.#list = list;
  }

  static root(): Spot {
    return new Spot("", new ProblemList());
  }

  member(name: string): Spot {
    return new Spot(this.field === "" ? name : `${this.field}.${name}`, this.#list);
  }

  item(index: number): Spot {
    return new Spot(`${this.field}[${index}]`, this.#list);
  }

  /** All mistakes of the document so far, not of this spot alone. */
  get problems(): readonly Problem[] {
    return this.#list.problems;
  }

  /** Notes a mistake without repeating what was sent. */
  refuse(message: string): undefined {
    this.#list.add({ field: this.field === "" ? "body" : this.field, message });
  }

  /** Notes a mistake and repeats what was sent where it is short and plain. Not for credentials. */
  refuseValue(message: string, value: unknown): undefined {
    const rejectedValue = repeatable(value);
    if (rejectedValue === undefined) return this.refuse(message);
    this.#list.add({ field: this.field, message, rejectedValue });
  }
}

function repeatable(value: unknown): string | number | boolean | undefined {
  if (typeof value === "boolean") return value;
  if (typeof value === "number") return Number.isFinite(value) ? value : undefined;
  if (typeof value !== "string" || !value.isWellFormed() || value.includes("\0")) return undefined;
  return value.slice(0, REJECTED_TEXT_LENGTH_MAX).toWellFormed();
}
