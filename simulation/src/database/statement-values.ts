import { assert } from "@postern/core";

/** Reads the parameters of a statement, each as what it must be. */
export class StatementValues {
  readonly #values: readonly unknown[];

  constructor(values: readonly unknown[]) {
    this.#values = values;
  }

  number(index: number): number {
    return numberOf(this.#values[index]);
  }

  text(index: number): string {
    return textOf(this.#values[index]);
  }

  list(index: number): readonly unknown[] {
    const value: unknown = this.#values[index];
    assert(Array.isArray(value), "the parameter is a list");
    return value;
  }

  numbers(index: number): number[] {
    return this.list(index).map(numberOf);
  }

  texts(index: number): string[] {
    return this.list(index).map(textOf);
  }
}

export function numberOf(value: unknown): number {
  assert(typeof value === "number", "the parameter is a number");
  return value;
}

export function textOf(value: unknown): string {
  assert(typeof value === "string", "the parameter is a text");
  return value;
}

export function numberOrNull(value: unknown): number | null {
  return value === null || value === undefined ? null : numberOf(value);
}

export function textOrNull(value: unknown): string | null {
  return value === null || value === undefined ? null : textOf(value);
}
