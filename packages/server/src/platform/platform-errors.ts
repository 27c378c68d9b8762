import { CodedError, type CodedErrorOptions, type ErrorSpec } from "@postern/core";

/** What can fail between this process and the machine it runs on. None of these reaches an API client under its own name. */
export const PLATFORM_ERRORS = {
  sealed_unreadable: { class: "permanent", summary: "Something sealed cannot be opened with the keys that are here." },
  config_invalid: { class: "permanent", summary: "The configuration cannot be used." },
  data_dir_unusable: { class: "permanent", summary: "The data directory cannot be used." },
  data_dir_held: { class: "permanent", summary: "The data directory is in use by another server." },
  server_key_unusable: { class: "permanent", summary: "The server's key file cannot be used." },
  erasures_unusable: { class: "permanent", summary: "The file of those who were erased cannot be used." },
  revocations_unusable: { class: "permanent", summary: "The file of revoked keys cannot be used." },
  backup_unwritable: { class: "permanent", summary: "The backup cannot be written." },
  backup_damaged: { class: "permanent", summary: "The backup is damaged." },
  backup_unusable: { class: "permanent", summary: "The backup cannot be used here." },
  restore_refused: { class: "permanent", summary: "Nothing was restored." },
  operator_key_unusable: { class: "permanent", summary: "The operator's key file cannot be used." },
  embedded_unavailable: { class: "permanent", summary: "The embedded database cannot run here; set DATABASE_URL instead." },
  embedded_version: { class: "permanent", summary: "The data directory was made by another version of PostgreSQL." },
  embedded_start_failed: { class: "transient", summary: "The embedded database did not start." },
  embedded_leftover: { class: "transient", summary: "A database left by a former server does not stop." },
  address_refused: { class: "permanent", summary: "The name leads to an address that is not of the open network." },
  name_unknown: { class: "transient", summary: "The name leads to no address." },
  database_away: { class: "transient", summary: "The database cannot be reached." },
  database_busy: { class: "transient", summary: "The database did not answer within its time limit." },
  database_exhausted: { class: "transient", summary: "The database has run out of memory, disk or connections." },
  database_outcome_unknown: { class: "ambiguous", summary: "The connection was lost while a transaction was being committed." },
  database_conflict: { class: "transient", summary: "A transaction met concurrent ones too often." },
  database_refused: { class: "permanent", summary: "The database refuses the connection." },
  statement_refused: { class: "bug", summary: "The database refused a statement." },
  migration_failed: { class: "permanent", summary: "The database could not be brought to this version." },
  database_newer: { class: "permanent", summary: "The database was written by a newer version of this server." },
  database_role_missing: { class: "permanent", summary: "The role postern_app is missing and may not be created." },
} as const satisfies Record<string, ErrorSpec>;

export type PlatformErrorCode = keyof typeof PLATFORM_ERRORS;

export interface PlatformErrorOptions extends CodedErrorOptions {
  /** What exactly, and what to do about it: follows the summary in the message. */
  readonly detail?: string;
}

export function platformError(code: PlatformErrorCode, options: PlatformErrorOptions = {}): CodedError {
  const { detail, ...rest } = options;
  const spec = PLATFORM_ERRORS[code];
  return new CodedError(code, detail === undefined ? spec : { ...spec, summary: `${spec.summary} ${detail}` }, rest);
}
