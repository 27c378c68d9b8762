import { ClueError, type ImportResult, type ImportRowWanted } from "@postern/contract";
import { NativeRefusal } from "../../../platform/http/native-refusal.ts";
import { nativeFields } from "../auth-fields.ts";
import type { WantedAuth } from "../wanted-auth.ts";
import { findAuthOf } from "./batch-facts-store.ts";
import type { BatchDeps, Importing } from "./carry-out-batch.ts";
import { newRecord } from "./new-record.ts";
import { failedRow, problemsOf } from "./row-problems.ts";

type Outcome = Omit<ImportResult, "row">;

/** Carries out one row as a single call does. A refusal is the row's own failure; what says nothing about the row, such as a database that is away, fails. */
export async function carryOutRow(deps: BatchDeps, importing: Importing, wanted: ImportRowWanted): Promise<Outcome> {
  try {
    return await unlessRefused(deps, importing, wanted);
  } catch (failure) {
    const problems = failureOfRow(failure);
    if (problems === null) throw failure;
    const { row: _, ...outcome } = failedRow(0, problems);
    return outcome;
  }
}

function failureOfRow(failure: unknown): ReturnType<typeof problemsOf> | null {
  // Too many PINs wait to be proven: the same row may do well in a moment.
  if (failure instanceof ClueError && failure.code !== "e1010") return problemsOf(failure);
  if (failure instanceof NativeRefusal && failure.code === "too_many_requests")
    return [{ field: "credentials.uniquePin", message: "is not looked at for a while: too many were found taken" }];
  return null;
}

async function unlessRefused({ database, writer }: BatchDeps, importing: Importing, wanted: ImportRowWanted): Promise<Outcome> {
  const { place, by, dryRun } = importing;
  const fields = nativeFields({
    ...(wanted.doors === undefined ? {} : { doors: wanted.doors }),
    ...(wanted.groupIds === undefined ? {} : { groupIds: wanted.groupIds }),
  });
  const authId = await findAuthOf(database, { ...place, userKey: wanted.userKey });
  const writing = { place, by, fields, isRehearsal: dryRun };
  if (authId === null) {
    const made = await writer.create({ ...writing, wanted: asNew(wanted), idempotencyKey: null });
    return dryRun ? { outcome: "created" } : { outcome: "created", authId: made.authId };
  }
  const changed: string[] = [];
  const noteChanged = (names: readonly string[]): void => void changed.splice(0, changed.length, ...names);
  const auth = await writer.change({ ...writing, authId, wanted, noteChanged });
  if (auth === null) return { outcome: "failed", problems: [{ field: "userKey", message: "has lost their right meanwhile" }] };
  return changed.length === 0 ? { outcome: "unchanged", authId } : { outcome: "changed", authId, changed };
}

function asNew(wanted: ImportRowWanted): WantedAuth {
  const before = newRecord(wanted);
  const { cards = [], fingerprints = [], pin = null, uniquePin = null, phone = null, modes = null } = wanted.credentials;
  return {
    userKey: wanted.userKey,
    name: wanted.name ?? before.name,
    status: wanted.status ?? before.status,
    startMs: wanted.startMs ?? before.startMs,
    endMs: wanted.endMs ?? before.endMs,
    doors: wanted.doors ?? before.doors,
    scheduleId: wanted.scheduleId ?? null,
    groupIds: wanted.groupIds ?? [],
    faceConsent: wanted.faceConsent ?? null,
    registrationTokens: [],
    credentials: { cards, faceImages: [], fingerprints, pin, uniquePin, phone, modes },
  };
}
