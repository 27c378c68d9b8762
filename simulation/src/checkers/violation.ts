/** A promise that was not kept, as somebody would say it. */
export interface Violation {
  readonly atMs: number;
  readonly checker: string;
  readonly what: string;
}

/** Where checkers say what they found. */
export type Accuse = (checker: string, what: string) => void;
