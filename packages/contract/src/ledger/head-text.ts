/** What is said of a ledger's end at a moment. */
export interface HeadFacts {
  readonly placeId: number;
  /** Of the server's data: another one after it was brought back from an older copy. */
  readonly epoch: string;
  /** Of the first event that is kept, or of the next one where none is. */
  readonly firstSequence: number;
  /** The hash over everything before it. */
  readonly before: string;
  /** Of the last event; one before `firstSequence` where none is kept. */
  readonly sequence: number;
  /** The hash over everything up to it. */
  readonly hash: string;
  readonly at: number;
}

/** What is signed, as UTF-8: one text for one head, that anybody can write with the members of the head. */
export function headText({ placeId, epoch, firstSequence, before, sequence, hash, at }: HeadFacts): string {
  return [
    "postern ledger head 1",
    `place ${placeId}`,
    `epoch ${epoch}`,
    `first ${firstSequence}`,
    `before ${before}`,
    `sequence ${sequence}`,
    `hash ${hash}`,
    `at ${at}`,
  ].join("\n");
}
