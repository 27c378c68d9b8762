import type { Command } from "commander";

/** The options of every command that speaks to a server. */
export function withTarget(command: Command): Command {
  return command
    .option("--server <url>", "base URL (default POSTERN_SERVER, else the demo's)")
    .option("--key <key>", "API key (default POSTERN_API_KEY, else the demo's)")
    .option("--place <id>", "place (default POSTERN_PLACE, else the demo's, else the key's only one)")
    .option("--json", "one JSON value a line");
}
