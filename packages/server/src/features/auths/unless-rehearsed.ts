import { CodedError } from "@postern/core";
import type { Database, Transaction } from "../../platform/database.ts";

/** Ends a transaction that was only to show what would come of it. */
class RehearsalOver extends CodedError {
  constructor() {
    super("rehearsal_over", { class: "caller", summary: "The transaction was a rehearsal." });
  }
}

/** A transaction; in a rehearsal its work is done and judged to the end, and then taken back. */
export async function unlessRehearsed<Result>(
  database: Database,
  isRehearsal: boolean,
  work: (transaction: Transaction) => Promise<Result>,
): Promise<Result> {
  if (!isRehearsal) return database.transaction(work);
  const over = new RehearsalOver();
  let shown = Promise.withResolvers<Result>();
  await database
    .transaction(async (transaction) => {
      shown = Promise.withResolvers();
      shown.resolve(await work(transaction));
      throw over;
    })
    .catch((failure: unknown) => {
      if (failure !== over) throw failure;
    });
  return shown.promise;
}
