import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { missingOptionalPackages } from "./lock-file.ts";

/** A text file of the repository; the path is relative to its root, with slashes. */
export interface RepositoryFile {
  readonly path: string;
  readonly text: string;
}

/** What the linter cannot see, as one question to each file. */
interface TidyRule {
  readonly name: string;
  /** Why, and what to do instead. */
  readonly instead: string;
  readonly concerns: (path: string) => boolean;
  /** The lines that break the rule, from 1; line 0 is the file as a whole. */
  readonly breaches: (file: RepositoryFile) => readonly number[];
}

/** Files beyond it cannot be read at a sitting; tables and generated files live elsewhere. */
const SOURCE_LINES_MAX = 500;

const SOURCE = /^packages\/[^/]+\/src\/.*\.ts$/;
const isSource = (path: string): boolean => SOURCE.test(path);
/** The rules and their test name what they forbid. */
const isWrittenByHand = (path: string): boolean => !/^(package-lock\.json|scripts\/tidy\.ts|scripts\/test\/.*)$/.test(path);

function linesWith(text: string, expression: RegExp): readonly number[] {
  return text.split("\n").flatMap((line, index) => (expression.test(line) ? [index + 1] : []));
}

/** Comments may name what code may not call. Lines keep their numbers. */
function withoutComments(text: string): string {
  const blank = (comment: string): string => comment.replace(/[^\n]/g, " ");
  return text.replace(/\/\*[\s\S]*?\*\//g, blank).replace(/(?<!:)\/\/.*$/gm, blank);
}

const inCode =
  (expression: RegExp) =>
  ({ text }: RepositoryFile): readonly number[] =>
    linesWith(withoutComments(text), expression);

export const TIDY_RULES: readonly TidyRule[] = [
  {
    name: "time is an argument",
    instead: "take a Clock or Timers from @postern/core, so that a test or a simulation can own time",
    concerns: (path) => isSource(path) && !["packages/core/src/clock.ts", "packages/server/src/platform/next-turn.ts"].includes(path),
    breaches: inCode(
      /\bDate\.now\b|\bnew Date\(\s*\)|\bperformance\.now\b|(?<!\w\.)\bset(Timeout|Interval|Immediate)\(|\bglobalThis\.set|\bnode:timers\b/,
    ),
  },
  {
    name: "chance is an argument",
    instead: "take a Random from @postern/core, so that a seed repeats a run",
    concerns: (path) => isSource(path) && path !== "packages/core/src/random.ts",
    breaches: inCode(/\bMath\.random\b|\brandomUUID\b|\brandomBytes\b|\brandomInt\b|\bgetRandomValues\b/),
  },
  {
    name: "failures have codes",
    instead: "return an expected outcome, throw a CodedError for an operational failure, assert what only our own bug can break",
    concerns: isSource,
    breaches: inCode(/\bthrow new (Type|Range|Syntax)?Error\(/),
  },
  {
    name: "nothing is left for later",
    instead: "do it, or open an issue",
    concerns: isWrittenByHand,
    breaches: ({ text }) => linesWith(text, /\b(TODO|FIXME)\b/),
  },
  {
    name: `a file has at most ${SOURCE_LINES_MAX} lines`,
    instead: "part it by concern",
    concerns: isSource,
    breaches: ({ text }) => (text.split("\n").length > SOURCE_LINES_MAX + 1 ? [0] : []),
  },
  {
    name: "a file is named after what it is about",
    instead: "name it after its main export; drawers for everything fill up",
    concerns: (path) => /^(packages|scripts|bench)\//.test(path),
    breaches: ({ path }) => (/^(.*-)?(util|helper|common|manager|misc)s?\./.test(basename(path)) ? [0] : []),
  },
  {
    name: "no path of one machine",
    instead: "say it relative to the repository or to the data directory",
    concerns: isWrittenByHand,
    breaches: ({ text }) => linesWith(text, /(?<![\w.*)\]}])\/(work|root|home\/\w+)\//),
  },
  {
    name: "SQL stands where it is looked for",
    instead: "move it into a *-store.ts, roster/, ledger/, platform/ or a migration",
    concerns: (path) => isSource(path) && !/[-/]store\.ts$|\/(roster|ledger|platform)\//.test(path),
    breaches: inCode(/\b(insert into [a-z_]+ ?\(|delete from [a-z_]+|update [a-z_]+ set |select .+ from [a-z_]+)/),
  },
  {
    name: "every package carries the licence and pins what it needs",
    instead: 'write "license": "Apache-2.0" and versions without ^ or ~',
    concerns: (path) => basename(path) === "package.json",
    breaches: ({ text }) => [...(text.includes('"license": "Apache-2.0"') ? [] : [0]), ...linesWith(text, /"[^"]+": "[\^~]/)],
  },
  {
    name: "the lock file holds the packages of every platform",
    instead: "run `node scripts/lock-file.ts`; without them `npm ci` refuses it",
    concerns: (path) => path === "package-lock.json",
    breaches: ({ text }) => (missingOptionalPackages(text).length > 0 ? [0] : []),
  },
  {
    name: "lines end as Unix ends them, the last one too",
    instead: "save with LF and a last line break",
    concerns: (path) => path !== "package-lock.json",
    breaches: ({ text }) => (text.includes("\r") || (text !== "" && !text.endsWith("\n")) ? [0] : []),
  },
];

/** All breaches as `path:line rule: what to do instead`. */
export function tidyProblems(files: readonly RepositoryFile[]): readonly string[] {
  return files.flatMap((file) =>
    TIDY_RULES.filter((rule) => rule.concerns(file.path)).flatMap((rule) =>
      rule.breaches(file).map((line) => `${file.path}${line === 0 ? "" : `:${line}`} ${rule.name}: ${rule.instead}`),
    ),
  );
}

/** What git tracks, and what it would if asked now. */
export function repositoryFiles(): readonly RepositoryFile[] {
  const root = fileURLToPath(new URL("..", import.meta.url));
  const listing = spawnSync("git", ["ls-files", "-z", "--cached", "--others", "--exclude-standard"], { cwd: root, encoding: "utf8" });
  const paths = listing.stdout.split("\0").filter((path) => path !== "");
  return paths.flatMap((path) => readText(root, path));
}

function readText(root: string, path: string): readonly RepositoryFile[] {
  try {
    const text = readFileSync(join(root, path), "utf8");
    return text.includes("\0") ? [] : [{ path, text }];
  } catch {
    // Deleted but not yet committed.
    return [];
  }
}
