/** Our own bug, not the caller's mistake: fails the request or the process, and is never carried on from. */
export class AssertionFailure extends Error {
  override readonly name = "AssertionFailure";
}

export function assert(condition: boolean, expectation: string): asserts condition {
  if (!condition) throw new AssertionFailure(expectation);
}

/** Makes a switch over a closed union exhaustive: a new member does not compile until it is decided. */
export function assertNever(value: never): never {
  throw new AssertionFailure(`no case for ${JSON.stringify(value)}`);
}
