import type { Figure } from "./figure.ts";

/** The table's first two lines, in Markdown. */
export function tableHead(): string {
  return "| job | ours | must reach | beside, in the same run | ratio |\n|---|---|---|---|---|\n";
}

export function tableRow({ job, ours, mustReach, beside, ratio }: Figure): string {
  return `| ${[job, ours, mustReach, beside, ratio].join(" | ")} |\n`;
}
