/** What a process of the bench does when asked, by name. Input and answer are plain data. */
export type Handlers = Readonly<Record<string, (input: never) => Promise<unknown>>>;

export interface Question {
  readonly id: number;
  readonly name: string;
  readonly input: unknown;
}

export interface Answer {
  readonly id: number;
  readonly answer?: unknown;
  readonly failure?: string;
}

/**
 * Answers its parent until that goes, then ends the process. The signals of a terminal reach every process of the bench at once; this one waits
 * for the parent's end, so that it can put its things away.
 */
export function serve(handlers: Handlers, end: () => Promise<void>): void {
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => undefined);
  process.on("disconnect", () => void end().finally(() => process.exit(0)));
  process.on("message", (question: Question) => void answer(handlers, question).then(send));
  send("ready");
}

/** A parent that is gone meanwhile needs no answer, and its end is told of by `disconnect`. */
function send(message: Answer | "ready"): void {
  process.send?.(message, undefined, undefined, () => undefined);
}

async function answer(handlers: Handlers, { id, name, input }: Question): Promise<Answer> {
  try {
    // biome-ignore lint/nursery/noUnsafeTypeAssertion: both ends of this pipe are of this package, and `Child.ask` has checked the input.
    return { id, answer: await handlers[name]?.(input as never) };
  } catch (failure) {
    return { id, failure: failure instanceof Error ? (failure.stack ?? failure.message) : String(failure) };
  }
}
