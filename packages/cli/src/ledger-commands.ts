import type { Command } from "commander";
import { type Act, examples } from "./act.ts";
import type { LedgerExportOptions } from "./commands/ledger-export.ts";
import type { VerifyOptions } from "./commands/ledger-verify.ts";
import { withTarget } from "./with-target.ts";

/** `postern ledger export` and `verify`; its other verbs are calls of v2. */
export function addLedgerCommands(postern: Command, act: Act): void {
  const ledger = postern.command("ledger");
  withTarget(ledger.command("export"))
    .description("write a place's ledger to a file that anybody can verify without this server")
    .option("--out <file>", "where to")
    .addHelpText("after", examples("postern ledger export --place 178 --out ledger.ndjson"))
    .action(
      act(async (options: LedgerExportOptions, output) => (await import("./commands/ledger-export.ts")).exportLedger(options, output)),
    );
  const verify = act(async (options: VerifyOptions, output) => (await import("./commands/ledger-verify.ts")).verifyLedger(options, output));
  ledger
    .command("verify")
    .description("say whether a ledger's file is what was recorded, or the first line that is not; needs no server")
    .argument("<file>", "what `postern ledger export` wrote")
    .option(
      "--key <publicKey>",
      "the key that must have signed, noted down before; once for each",
      (text: string, before: readonly string[] = []) => [...before, text],
    )
    .option("--heads <file>", "heads that you have kept, one a line: the file must agree with each")
    .option("--json", "one JSON value")
    .addHelpText(
      "after",
      examples(
        "postern ledger verify ledger.ndjson",
        "postern ledger verify ledger.ndjson --key 11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo --heads heads.ndjson",
      ),
    )
    .action((file: string, options: Omit<VerifyOptions, "file">) => verify({ ...options, file }));
}
