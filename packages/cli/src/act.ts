import { describeFailure, EXIT } from "./failure.ts";
import type { Output } from "./output.ts";

/** Commands that answer programs too. */
export interface JsonOption {
  readonly json?: boolean;
}

/** A command's work. A number it resolves with is the exit code, where it has several good ends. */
export type Work<Options> = (options: Options, output: Output) => Promise<unknown>;

/** Makes an action of a command out of its work. */
export type Act = <Options extends JsonOption>(work: Work<Options>) => (options: Options) => Promise<void>;

/** A failure becomes one line that says what to do, and one JSON value for programs. */
export function actions(output: Output, end: (code: number) => void): Act {
  return (work) => async (options) => {
    try {
      const code = await work(options, output);
      end(typeof code === "number" ? code : EXIT.done);
    } catch (error) {
      const { code, text } = describeFailure(error);
      if (options.json === true) output.json({ error: { code, message: text } });
      output.note(`postern: ${text}`);
      end(EXIT.failed);
    }
  };
}

/** What a command's help ends with. */
export function examples(...lines: readonly string[]): string {
  return `\nExamples:\n${lines.map((line) => `  ${line}`).join("\n")}\n`;
}
