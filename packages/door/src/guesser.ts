/** Wrong PINs at a device, for one person's or, where nobody is known, for all of them. Cards, faces and the way out are never held back. */
export interface Guesser {
  readonly key: string;
  readonly count: number;
  readonly lastMs: number;
}
