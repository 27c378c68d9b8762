import type { CaseResult, Section } from "../case.ts";
import { escapeMarkup } from "./escape-markup.ts";
import { tallyOf } from "./terminal.ts";

const STYLE = `
:root { color-scheme: light dark; --ground: #fff; --ink: #1b1f24; --soft: #57606a; --line: #d0d7de; --good: #1a7f37; --bad: #b42318; --none: #9a6700; }
@media (prefers-color-scheme: dark) { :root { --ground: #0d1117; --ink: #e6edf3; --soft: #9198a1; --line: #30363d; --good: #3fb950; --bad: #ff7b72; --none: #d29922; } }
body { margin: 0 auto; max-width: 60rem; padding: 1rem; background: var(--ground); color: var(--ink); font: 1rem/1.5 system-ui, sans-serif; }
h1 { font-size: 1.4rem; margin: .5rem 0; } h2 { font-size: 1.1rem; margin: 1.5rem 0 .25rem; }
.about { color: var(--soft); overflow-wrap: anywhere; } .tally { display: flex; flex-wrap: wrap; gap: 1rem; margin: .75rem 0; font-weight: 600; }
ul { list-style: none; margin: 0; padding: 0; } li { border-top: 1px solid var(--line); padding: .5rem 0 .5rem 1.75rem; position: relative; }
li::before { position: absolute; left: .25rem; } .passed::before { content: "✔"; color: var(--good); } .failed::before { content: "✖"; color: var(--bad); } .skipped::before { content: "–"; color: var(--none); }
.source { color: var(--soft); font-size: .85rem; white-space: nowrap; } .good { color: var(--good); } .bad { color: var(--bad); } .none { color: var(--none); }
pre { overflow-x: auto; white-space: pre-wrap; overflow-wrap: anywhere; border-left: 3px solid var(--bad); margin: .5rem 0 0; padding: .25rem .75rem; font-size: .85rem; }
.reason { color: var(--soft); margin: 0; }
`;

/** A page of its own, which asks nobody for anything. */
export function htmlReport(results: readonly CaseResult[], { baseUrl, at }: { readonly baseUrl: string; readonly at: Date }): string {
  const { passed, failed, skipped } = tallyOf(results);
  const sections = [...new Set(results.map(({ section }) => section))];
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>CLUe conformance: ${failed === 0 ? "passed" : `${failed} failed`}</title>
<style>${STYLE}</style>
</head>
<body>
<h1>CLUe conformance</h1>
<p class="about">${escapeMarkup(baseUrl)}, ${at.toISOString().slice(0, 16).replace("T", " ")} UTC</p>
<p class="tally"><span class="good">${passed} passed</span><span class="bad">${failed} failed</span><span class="none">${skipped} skipped</span></p>
${sections
  .map((section) =>
    sectionOf(
      section,
      results.filter((result) => result.section === section),
    ),
  )
  .join("\n")}
</body>
</html>
`;
}

function sectionOf({ title }: Section, results: readonly CaseResult[]): string {
  return `<h2>${escapeMarkup(title)}</h2>
<ul>
${results.map(item).join("\n")}
</ul>`;
}

function item({ name, source, basis, outcome }: CaseResult): string {
  const told = `${escapeMarkup(name)} <span class="source">${escapeMarkup(source)}, ${basis}</span>`;
  return `<li class="${outcome.kind}">${told}${below(outcome)}</li>`;
}

function below(outcome: CaseResult["outcome"]): string {
  if (outcome.kind === "passed") return "";
  if (outcome.kind === "skipped") return `<p class="reason">${escapeMarkup(outcome.reason)}</p>`;
  const { problem, expected, received, curl } = outcome;
  return `<pre>${escapeMarkup(`${problem}\nexpected: ${expected}\nreceived: ${received}\n${curl}`)}</pre>`;
}
