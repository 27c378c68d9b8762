import { AssertionFailure, CodedError } from "@postern/core";
import { DatabaseError } from "pg";
import { type PlatformErrorCode, platformError } from "./platform-errors.ts";

/** SQLSTATE classes and codes after which another attempt may succeed, and what we call them. */
const TRANSIENT_STATES: readonly (readonly [prefix: string, code: PlatformErrorCode])[] = [
  ["08", "database_away"],
  ["57P", "database_away"],
  ["57014", "database_busy"],
  ["55P03", "database_busy"],
  ["25P03", "database_busy"],
  ["25P04", "database_busy"],
  ["53300", "database_away"],
  ["53", "database_exhausted"],
  ["40001", "database_conflict"],
  ["40P01", "database_conflict"],
  ["28", "database_refused"],
  ["3D000", "database_refused"],
];

/** Classes whose message quotes no value: integrity constraints, and syntax or access rules. Others may repeat a card number or a PIN. */
const QUOTES_NO_VALUE = /^(23|42)/;

/**
 * What the driver threw, as a `CodedError` without personal data: PostgreSQL's `detail` repeats the row, so it is dropped.
 * An error that is neither PostgreSQL's nor a programming error came from the socket or from a time limit of the driver.
 */
export function databaseError(error: unknown): unknown {
  if (error instanceof CodedError || error instanceof AssertionFailure) return error;
  if (error instanceof DatabaseError) return serverError(error);
  if (error instanceof TypeError || error instanceof RangeError || error instanceof SyntaxError) return error;
  return platformError("database_away", { cause: error });
}

function serverError(error: DatabaseError): CodedError {
  const sqlState = error.code ?? "";
  const transient = TRANSIENT_STATES.find(([prefix]) => sqlState.startsWith(prefix));
  const code = transient?.[1] ?? "statement_refused";
  const isQuotable = QUOTES_NO_VALUE.test(sqlState) || code === "database_refused";
  const context = { sqlState, constraint: error.constraint, table: error.table, column: error.column };
  return platformError(code, { context, detail: isQuotable ? `${error.message}.` : `SQLSTATE ${sqlState}.` });
}

/** The SQLSTATE behind a failure, or undefined when PostgreSQL did not answer. */
export function sqlStateOf(error: unknown): string | undefined {
  if (error instanceof DatabaseError) return error.code;
  const sqlState = error instanceof CodedError ? error.context["sqlState"] : undefined;
  return typeof sqlState === "string" ? sqlState : undefined;
}

/** Whether a statement was refused by the constraint of that name (unique, foreign key, check or exclusion). */
export function violates(error: unknown, constraint: string): boolean {
  if (!(error instanceof CodedError)) return false;
  return error.context["constraint"] === constraint && (sqlStateOf(error) ?? "").startsWith("23");
}
