import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import type { Answer, Handlers } from "./serve.ts";

type Input<Wanted extends Handlers, Name extends keyof Wanted> = Parameters<Wanted[Name]>[0];
type Output<Wanted extends Handlers, Name extends keyof Wanted> = Awaited<ReturnType<Wanted[Name]>>;

interface Asked {
  readonly resolve: (answer: unknown) => void;
  readonly reject: (failure: Error) => void;
}

/** Where the processes write their CPU profiles; empty: nowhere. */
const PROFILES = process.env["POSTERN_BENCH_PROFILES"] ?? "";

/** A process of the bench, asked by name. It ends when this one does, or when disposed. */
export class Child<Wanted extends Handlers> implements AsyncDisposable {
  readonly #process: ChildProcess;
  readonly #ended: Promise<unknown>;
  readonly #asked = new Map<number, Asked>();
  #nextId = 1;

  private constructor(child: ChildProcess) {
    this.#process = child;
    this.#ended = once(child, "exit");
    child.on("message", (message: Answer) => this.#answered(message));
    void this.#ended.then(() => {
      for (const asked of this.#asked.values()) asked.reject(new TypeError("the process ended before it answered"));
    });
  }

  /** Starts `processes/<name>-process.ts`; resolves when it can be asked. */
  static async start<Wanted extends Handlers>(name: string): Promise<Child<Wanted>> {
    const file = fileURLToPath(new URL(`./processes/${name}-process.ts`, import.meta.url));
    const profile = PROFILES === "" ? [] : ["--cpu-prof", `--cpu-prof-dir=${PROFILES}`, `--cpu-prof-name=${name}-${Date.now()}.cpuprofile`];
    const started = fork(file, [], { stdio: ["ignore", "ignore", "inherit", "ipc"], execArgv: profile });
    await Promise.race([
      once(started, "message"),
      once(started, "exit").then(() => Promise.reject(new TypeError(`${name} ended before it was ready`))),
    ]);
    return new Child<Wanted>(started);
  }

  get pid(): number {
    return this.#process.pid ?? 0;
  }

  ask<Name extends keyof Wanted & string>(name: Name, input: Input<Wanted, Name>): Promise<Output<Wanted, Name>> {
    const id = this.#nextId;
    this.#nextId += 1;
    const answered = new Promise<unknown>((resolve, reject) => this.#asked.set(id, { resolve, reject }));
    this.#process.send({ id, name, input });
    // biome-ignore lint/nursery/noUnsafeTypeAssertion: both ends of this pipe are of this package.
    return answered as Promise<Output<Wanted, Name>>;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#process.connected) this.#process.disconnect();
    await this.#ended;
  }

  #answered({ id, answer, failure }: Answer): void {
    const asked = this.#asked.get(id);
    this.#asked.delete(id);
    if (failure === undefined) asked?.resolve(answer);
    else asked?.reject(new TypeError(failure));
  }
}
