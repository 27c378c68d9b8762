import type { Command } from "commander";
import type { Act } from "../act.ts";
import type { Noun } from "./noun.ts";
import { NOUNS, QUESTIONS } from "./nouns.ts";

/**
 * The nouns of the command line. Their options come from the contract, whose loading takes longer than most commands do: it is loaded for the
 * noun that is asked for, while the others are named in the help alone.
 */
export async function addNouns(postern: Command, act: Act, asked: readonly string[]): Promise<void> {
  const words = asked[0] === "help" ? asked.slice(1) : asked;
  const wantsAll = words[0] === COMPLETION;
  for (const noun of NOUNS) {
    const command = postern.commands.find((one) => one.name() === noun.noun) ?? postern.command(noun.noun);
    command.description(noun.about);
    if (wantsAll || isAsked(noun, command, words)) (await import("./add-nouns.ts")).addVerbs(command, noun, act);
  }
  for (const verb of QUESTIONS) {
    const isLoaded = wantsAll || words[0] === verb.verb;
    if (isLoaded) (await import("./add-nouns.ts")).addVerb(postern, { verb, columns: [], said: `postern ${verb.verb}` }, act);
    else postern.command(verb.verb).description(verb.about);
  }
  await addCompletion(postern, wantsAll);
}

const COMPLETION = "complete";

/** Of the same name: verbs of this machine's own things, which need no contract. */
function isAsked({ noun }: Noun, command: Command, [word, verb]: readonly string[]): boolean {
  return word === noun && !command.commands.some((one) => one.name() === verb);
}

async function addCompletion(postern: Command, isAskedFor: boolean): Promise<void> {
  if (isAskedFor) (await import("@bomb.sh/tab/commander")).default(postern, { completionCommandName: COMPLETION });
  else
    postern.command(`${COMPLETION} <shell>`).description("print what makes a shell complete these commands: bash, zsh, fish or powershell");
}
