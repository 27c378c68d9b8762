import { NATIVE_OPERATIONS, type OperationSpec } from "@postern/contract";
import type { Command } from "commander";
import type { TSchema } from "typebox";
import { type Act, examples } from "../act.ts";
import { withTarget } from "../with-target.ts";
import { itemSchemaOf, kindOf } from "./kinds.ts";
import type { Noun, Verb } from "./noun.ts";
import { runVerb, type Typed } from "./run-verb.ts";
import { hintOf } from "./typed-value.ts";
import { flagOf, namedBy, optionsOf } from "./verb-options.ts";

/** The verbs of a noun, beside those it may have already. */
export function addVerbs(command: Command, { noun, columns, verbs }: Noun, act: Act): void {
  for (const verb of verbs) addVerb(command, { verb, columns, said: `postern ${noun} ${verb.verb}` }, act);
}

/** A verb with every option that the contract knows for it. */
export function addVerb(
  parent: Command,
  { verb, columns, said }: { readonly verb: Verb; readonly columns: readonly string[]; readonly said: string },
  act: Act,
): void {
  const operation: OperationSpec = NATIVE_OPERATIONS[verb.operation];
  const command = parent.command(verb.verb).description(lowerFirst(operation.summary));
  for (const name of namedBy(operation)) command.argument(`<${flagOf(name).slice(2)}>`);
  for (const { flag, schema } of optionsOf(verb, operation)) command.option(`${flag} <${hintOf(schema)}>`, schemaText(schema));
  if (operation.body !== null)
    command.option("--body <json>", "the whole body as JSON, @file or - for what comes in; other options are laid over it");
  if (itemSchemaOf(operation) !== null) command.option("--limit <count>", "at most so many");
  if (verb.isWatched === true) command.option("--watch", "tell each step as it happens, until the bolt has fallen again");
  if (verb.loses !== undefined) command.option("--yes", "do what cannot be brought back");
  withTarget(command);
  command.addHelpText("after", examples(...verb.examples.map((line) => `${said} ${line}`.trimEnd())));
  command.action(async (...given: unknown[]) => {
    const named = given.slice(0, namedBy(operation).length).map(String);
    await act<Typed>((typed, output) => runVerb({ verb, columns, typed, named }, output))(command.opts<Typed>());
  });
}

function schemaText(schema: TSchema): string {
  if (kindOf(schema) === "time") return "such as '2026-12-01 08:00', which is the place's time, 2026-12-01T08:00Z, or now";
  if ("description" in schema) return String(schema.description);
  return "x-rule" in schema ? String(schema["x-rule"]) : "";
}

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}
