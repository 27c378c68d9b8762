import Type, { type Static } from "typebox";
import { type Read, Spot } from "../clue/spot.ts";
import type { Problem } from "../errors/problem.ts";
import { operations } from "./operation.ts";
import { Count, closed, EpochMs, Id, NoQuery, OptionalEpochMs, PageQuery, PlaceParams, pageFields, pageOf } from "./parts.ts";
import { AuthChange, CredentialsWrite, UserKey } from "./person.ts";
import { type AuthChangeWanted, readAuthChange } from "./read-auth-bodies.ts";
import { bodyReader } from "./read-schema.ts";

/** The forms in which rows come. */
export const IMPORT_MEDIA = ["application/x-ndjson", "text/csv"] as const;

const { faceImages: _photos, ...credentialsInRows } = CredentialsWrite.properties;
/** A scan is one person's, minutes ago. */
const { registrationTokens: _tokens, ...rightInRows } = AuthChange.properties;

/** One row: a person by their key, and their right as it shall be. What is left out stays as it is; somebody new needs `startAt`, `endAt` and `doors`. */
export const ImportRow = Type.Object(
  {
    ...rightInRows,
    userKey: UserKey,
    credentials: Type.Optional(Type.Object(credentialsInRows, closed)),
    problem: Type.Optional(Type.String({ description: "Not read: a row that failed may come back with what was said of it." })),
  },
  closed,
);
export type ImportRow = Static<typeof ImportRow>;

/** A row that was read. */
export interface ImportRowWanted extends AuthChangeWanted {
  readonly userKey: string;
}

const readRowShape = bodyReader(ImportRow);

/** Reads one row, naming everything wrong with it. */
export function readImportRow(value: unknown): Read<ImportRowWanted> {
  const photos = photosProblem(value);
  if (photos !== null) return { ok: false, problems: [photos] };
  const shape = readRowShape(value);
  if (!shape.ok) return shape;
  const { userKey, problem: _, ...change } = shape.value;
  const wanted = readAuthChange(change);
  return wanted.ok ? { ok: true, value: { ...wanted.value, userKey } } : wanted;
}

/** Said in so many words, because everywhere else a person's credentials may have photos. */
function photosProblem(value: unknown): Problem | null {
  const credentials: unknown = typeof value === "object" && value !== null ? Reflect.get(value, "credentials") : undefined;
  if (typeof credentials !== "object" || credentials === null || !("faceImages" in credentials)) return null;
  const spot = Spot.root();
  spot.member("credentials").member("faceImages").refuse("do not come in rows: enrol each by PATCH /v2/auths/{authId}");
  return spot.problems[0] ?? null;
}

/** Rows that came together, and how far they are. */
export const Import = Type.Object(
  {
    importId: Id,
    placeId: Id,
    dryRun: Type.Boolean({ description: "Nothing is changed; the results say what would be." }),
    state: Type.Union([Type.Literal("open"), Type.Literal("done")], {
      description: "`open`: rows are missing. Send the same file again with `importId`: rows that are done are passed over.",
    }),
    rowCount: Type.Integer({ minimum: 0, description: "Rows that are done. Each of them is counted in one of the next four." }),
    createdCount: Count,
    changedCount: Count,
    unchangedCount: Count,
    failedCount: Count,
    madeAt: EpochMs,
    changedAt: EpochMs,
    endedAt: OptionalEpochMs,
  },
  closed,
);
export type Import = Static<typeof Import>;

const Outcome = Type.Union([Type.Literal("created"), Type.Literal("changed"), Type.Literal("unchanged"), Type.Literal("failed")]);
export type ImportOutcome = Static<typeof Outcome>;

/** What came of one row. It names nobody: whoever has the file knows who stands in the row. */
export const ImportResult = Type.Object(
  {
    row: Type.Integer({ minimum: 1, description: "Counted from 1, without the head of a CSV file." }),
    outcome: Outcome,
    authId: Type.Optional(Id),
    changed: Type.Optional(Type.Array(Type.String(), { description: "What became different, by name." })),
    problems: Type.Optional(Type.Array(Type.Object({ field: Type.String(), message: Type.String() }, closed))),
  },
  closed,
);
export type ImportResult = Static<typeof ImportResult>;

const ImportParams = Type.Object({ importId: Id }, closed);
const dryRun = Type.Optional(Type.Boolean({ description: "Judge every row and change nothing." }));

export const importOperations = operations({
  createImport: {
    method: "POST",
    path: "/places/{placeId}/imports",
    access: ["people"],
    tag: "imports",
    summary: "Begin an import, to know its id before its rows are sent",
    params: PlaceParams,
    query: NoQuery,
    body: Type.Object({ dryRun }, closed),
    bodyIs: "optional",
    answer: Import,
    status: 201,
    errors: ["not_found"],
    isIdempotent: true,
  },
  importAuths: {
    method: "POST",
    path: "/places/{placeId}/auths:bulk",
    access: ["people"],
    tag: "imports",
    summary: "Create and change many auths from rows (NDJSON or CSV)",
    description:
      "Each row names a person by `userKey` and is judged alone: one that fails harms no other, and the same file again changes nothing. Rows are read as they come and " +
      "committed some hundreds at a time. After at most 45 seconds of work, a cut or a stop the import is `open`: the same file again with `importId` goes on behind the rows that are done. " +
      "What came of each row is read by `listImportResults`. Photos do not come in rows.",
    params: PlaceParams,
    query: Type.Object({ importId: Type.Optional(Id), dryRun }, closed),
    body: null,
    bodyMedia: IMPORT_MEDIA,
    answer: Import,
    status: 200,
    errors: ["not_found", "conflict"],
  },
  listImports: {
    method: "GET",
    path: "/places/{placeId}/imports",
    access: ["people"],
    tag: "imports",
    summary: "List the imports of a place that are still known",
    params: PlaceParams,
    query: PageQuery,
    body: null,
    answer: pageOf(Import),
    status: 200,
    errors: ["not_found"],
  },
  readImport: {
    method: "GET",
    path: "/imports/{importId}",
    access: ["people"],
    tag: "imports",
    summary: "Read how far an import is",
    params: ImportParams,
    query: NoQuery,
    body: null,
    answer: Import,
    status: 200,
    errors: ["not_found"],
  },
  listImportResults: {
    method: "GET",
    path: "/imports/{importId}/results",
    access: ["people"],
    tag: "imports",
    summary: "List what came of the rows of an import, in their order; kept for seven days",
    params: ImportParams,
    query: Type.Object({ ...pageFields, outcome: Type.Optional(Outcome) }, closed),
    body: null,
    answer: pageOf(ImportResult),
    status: 200,
    errors: ["not_found"],
  },
});
