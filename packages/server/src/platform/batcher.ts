import { sqlStateOf } from "./database-error.ts";
import { platformError } from "./platform-errors.ts";

export interface BatcherOptions<Question, Answer> {
  /** Answers a whole batch, each at the place of its question. */
  readonly answer: (questions: readonly Question[]) => Promise<readonly Answer[]>;
  /** What a question counts in its batch; 1 unless given. */
  readonly weightOf?: (question: Question) => number;
  /** A batch takes no more once it weighs so much; a heavier question goes alone. */
  readonly weightMax: number;
  /** Questions that wait for the next batches. Beyond it they are refused at once, as transient. */
  readonly waitingMax: number;
}

interface Waiting<Question, Answer> {
  readonly question: Question;
  readonly resolve: (answer: Answer) => void;
  readonly reject: (cause: unknown) => void;
}

/**
 * Many ask, one statement answers: what is asked while a batch is on its way makes up the next. What the database refuses as data is asked again one
 * by one, so that nobody's question harms another's.
 */
export class Batcher<Question, Answer> {
  readonly #options: BatcherOptions<Question, Answer>;
  readonly #waiting: Waiting<Question, Answer>[] = [];
  #isRunning = false;
  #whenIdle: Promise<void> = Promise.resolve();

  constructor(options: BatcherOptions<Question, Answer>) {
    this.#options = options;
  }

  /** Rejects with `database_busy`, or with the failure of its batch. */
  ask(question: Question): Promise<Answer> {
    if (this.#waiting.length >= this.#options.waitingMax) {
      return Promise.reject(platformError("database_busy", { detail: "Too many wait for the next batch." }));
    }
    return new Promise((resolve, reject) => {
      this.#waiting.push({ question, resolve, reject });
      if (!this.#isRunning) this.#whenIdle = this.#run();
    });
  }

  /** Resolves once everything that was asked is answered. */
  async drain(): Promise<void> {
    while (this.#isRunning) await this.#whenIdle;
  }

  async #run(): Promise<void> {
    this.#isRunning = true;
    while (this.#waiting.length > 0) await this.#answer(this.#take());
    // In the same step as the look at the queue: whoever comes after it finds nobody running.
    this.#isRunning = false;
  }

  #take(): Waiting<Question, Answer>[] {
    const { weightOf, weightMax } = this.#options;
    let weight = 0;
    let count = 0;
    for (const { question } of this.#waiting) {
      weight += weightOf?.(question) ?? 1;
      if (count > 0 && weight > weightMax) break;
      count += 1;
    }
    return this.#waiting.splice(0, count);
  }

  async #answer(batch: readonly Waiting<Question, Answer>[]): Promise<void> {
    try {
      const answers = await this.#options.answer(batch.map((waiting) => waiting.question));
      for (const [index, waiting] of batch.entries()) {
        // biome-ignore lint/nursery/noUnsafeTypeAssertion: there is an answer for each question, and it may be undefined itself.
        waiting.resolve(answers[index] as Answer);
      }
    } catch (cause) {
      if (batch.length > 1 && isDataRefused(cause)) for (const waiting of batch) await this.#answer([waiting]);
      else for (const waiting of batch) waiting.reject(cause);
    }
  }
}

/** SQLSTATE class 22: data the database cannot hold. */
export function isDataRefused(cause: unknown): boolean {
  return sqlStateOf(cause)?.startsWith("22") === true;
}
