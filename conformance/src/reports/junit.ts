import type { CaseResult, Section } from "../case.ts";
import { escapeMarkup } from "./escape-markup.ts";
import { tallyOf } from "./terminal.ts";

/** The results in the form that build servers read. */
export function junitReport(results: readonly CaseResult[]): string {
  const sections = [...new Set(results.map(({ section }) => section))];
  return `<?xml version="1.0" encoding="UTF-8"?>
<testsuites name="CLUe conformance"${counts(results)}>
${sections
  .map((section) =>
    suite(
      section,
      results.filter((result) => result.section === section),
    ),
  )
  .join("\n")}
</testsuites>
`;
}

function suite({ title }: Section, results: readonly CaseResult[]): string {
  return `  <testsuite name="${escapeMarkup(title)}"${counts(results)}>
${results.map(testCase).join("\n")}
  </testsuite>`;
}

function counts(results: readonly CaseResult[]): string {
  const { failed, skipped } = tallyOf(results);
  const seconds = results.reduce((sum, { ms }) => sum + ms, 0) / 1_000;
  return ` tests="${results.length}" failures="${failed}" skipped="${skipped}" time="${seconds.toFixed(3)}"`;
}

function testCase({ section, name, source, basis, ms, outcome }: CaseResult): string {
  const head = `    <testcase classname="${escapeMarkup(section.id)}" name="${escapeMarkup(`${name} (${source}, ${basis})`)}" time="${(ms / 1_000).toFixed(3)}"`;
  switch (outcome.kind) {
    case "passed":
      return `${head}/>`;
    case "skipped":
      return `${head}><skipped message="${escapeMarkup(outcome.reason)}"/></testcase>`;
    case "failed": {
      const text = `expected: ${outcome.expected}\nreceived: ${outcome.received}\n${outcome.curl}`;
      return `${head}><failure message="${escapeMarkup(outcome.problem)}">${escapeMarkup(text)}</failure></testcase>`;
    }
  }
}
