import type { Clock, Random } from "@postern/core";
import { itemKey } from "@postern/core";
import { ensurePeriod } from "../../ledger/ledger-store.ts";
import type { ReachedPlace } from "../../platform/access/actor.ts";
import { type AuditActor, writeAudit } from "../../platform/audit/audit-store.ts";
import type { Database } from "../../platform/database.ts";
import type { FaceExaminer } from "../../platform/faces/face-examiner.ts";
import { readFacePolicy } from "../../platform/faces/face-policy-store.ts";
import type { PlaceGalleries } from "../../platform/faces/place-galleries.ts";
import { type ProvenFace, proveFaces } from "../../platform/faces/prove-faces.ts";
import { refuseWhenOver } from "../../platform/http/keyed-routes.ts";
import type { PersonKeys } from "../../platform/person-keys/person-keys.ts";
import { WindowLimiter } from "../../platform/window-limiter.ts";
import { changeRoster, lockRoster } from "../../roster/roster-store.ts";
import { type AuthFields, nativeFields } from "./auth-fields.ts";
import { type AuthDetails, authDetails } from "./auth-record.ts";
import { change } from "./change.ts";
import { createBodyHmac } from "./create-body.ts";
import { enrol } from "./enrol.ts";
import { findThings } from "./facts-store.ts";
import type { IdempotencyKey } from "./idempotency-store.ts";
import { refuseConsentAhead } from "./judge-faces.ts";
import * as limits from "./limits.ts";
import { PinProver } from "./pin-proofs.ts";
import type { RegistrationScans } from "./scanned.ts";
import { deleteAuth, lockAuth, readPlaceSalt } from "./store.ts";
import { UniquePinTaken } from "./unique-pin-taken.ts";
import { unlessRehearsed } from "./unless-rehearsed.ts";
import type { WantedAuth, WantedChange } from "./wanted-auth.ts";

export interface AuthWriterDeps {
  readonly database: Database;
  readonly clock: Clock;
  readonly random: Random;
  readonly personKeys: PersonKeys;
  readonly faces: FaceExaminer;
  readonly galleries: PlaceGalleries;
  readonly scans: RegistrationScans;
  /** Derived from the server's key for create bodies alone. */
  readonly bodyKey: Uint8Array;
}

/** Who writes, at a place they were let into. */
export interface AuthWriting {
  readonly place: ReachedPlace;
  readonly by: AuditActor;
  /** Judged to the end, and nothing written. */
  readonly isRehearsal?: boolean;
}

export interface AuthCreation extends AuthWriting {
  readonly wanted: WantedAuth;
  readonly fields: AuthFields;
  readonly idempotencyKey: IdempotencyKey | null;
}

/** Called with the auth as it is, under its lock; throws when the act was meant for another version. */
type JudgePresent = (present: AuthDetails) => void;

export interface AuthAlteration extends AuthWriting {
  readonly authId: number;
  readonly wanted: WantedChange;
  readonly fields: AuthFields;
  readonly judgePresent?: JudgePresent;
  /** Told what becomes different, by name; not called when nothing does. */
  readonly noteChanged?: (names: readonly string[]) => void;
}

export interface AuthRemoval extends AuthWriting {
  readonly authId: number;
  readonly judgePresent?: JudgePresent;
}

const WITHOUT_FACES: WantedChange = { credentials: { faceImages: [] } };

/** What both surfaces write auths by, so that PINs are proven a few at a time and guesses are counted together, whichever way they come. */
export class AuthWriter {
  readonly #deps: AuthWriterDeps;
  readonly #prover: PinProver;
  readonly #refusals: WindowLimiter;
  readonly #questions: WindowLimiter;

  constructor(deps: AuthWriterDeps) {
    this.#deps = deps;
    this.#prover = new PinProver(deps.random);
    this.#refusals = new WindowLimiter(deps.clock, {
      countMax: limits.UNIQUE_PIN_REFUSALS_COUNT_MAX,
      windowMs: limits.UNIQUE_PIN_REFUSALS_WINDOW_MS,
    });
    this.#questions = new WindowLimiter(deps.clock, {
      countMax: limits.UNIQUE_PIN_QUESTIONS_COUNT_MAX,
      windowMs: limits.UNIQUE_PIN_QUESTIONS_WINDOW_MS,
    });
  }

  /** Resolves once the auth is committed; a repeat of the same request finds the same auth. Fails as `enrol` does. */
  async create({ place, by, wanted, fields, idempotencyKey, isRehearsal = false }: AuthCreation): Promise<AuthDetails> {
    const { database, clock, bodyKey } = this.#deps;
    refuseConsentAhead(wanted.faceConsent, fields, clock.nowMs());
    const enrolment = {
      placeId: place.placeId,
      placeGroupId: place.placeGroupId,
      wanted,
      proofs: await this.#prover.prove(wanted.credentials, () => readPlaceSalt(database, place.placeId)),
      faces: (await this.#prove(place, wanted.credentials.faceImages, fields)) ?? [],
      fields,
      bodyHmac: createBodyHmac(bodyKey, wanted),
      idempotencyKey,
      by,
      nowMs: clock.nowMs(),
    };
    const isUniquePinAsked = wanted.credentials.uniquePin !== null;
    return this.#countingRefusals({ place, by }, isUniquePinAsked, () =>
      unlessRehearsed(database, isRehearsal, (tx) => enrol(tx, enrolment, this.#deps)),
    );
  }

  /** null: there is none any more. Fails as `change` does. */
  async change({
    place,
    by,
    authId,
    wanted,
    fields,
    judgePresent,
    noteChanged,
    isRehearsal = false,
  }: AuthAlteration): Promise<AuthDetails | null> {
    const { database, clock } = this.#deps;
    refuseConsentAhead(wanted.faceConsent, fields, clock.nowMs());
    const request = {
      placeId: place.placeId,
      placeGroupId: place.placeGroupId,
      authId,
      wanted,
      fields,
      judgePresent,
      noteChanged,
      proofs: await this.#prover.prove(wanted.credentials, () => readPlaceSalt(database, place.placeId)),
      faces: await this.#prove(place, wanted.credentials.faceImages, fields),
      by,
      nowMs: clock.nowMs(),
    };
    const isUniquePinAsked = typeof wanted.credentials.uniquePin === "string";
    return this.#countingRefusals({ place, by }, isUniquePinAsked, () =>
      unlessRehearsed(database, isRehearsal, (tx) => change(tx, request, this.#deps)),
    );
  }

  /** null: there is no such auth any more. One without faces stays as it is. */
  removeFaces(removal: AuthWriting & { readonly authId: number }): Promise<AuthDetails | null> {
    return this.change({ ...removal, wanted: WITHOUT_FACES, fields: nativeFields({}) });
  }

  /** False: there was none any more. */
  async remove({ place, by, authId, judgePresent }: AuthRemoval): Promise<boolean> {
    const { placeId, placeGroupId } = place;
    const nowMs = this.#deps.clock.nowMs();
    return this.#deps.database.transaction(async (tx) => {
      // Before the auth's own row, as a change takes them: the two never wait for each other in a circle.
      await lockRoster(tx, placeId);
      const found = await lockAuth(tx, authId);
      if (found === null) return false;
      judgePresent?.(authDetails(found.kept, found.doors));
      await deleteAuth(tx, authId, nowMs);
      const target = { kind: "auth", id: authId };
      await writeAudit(tx, { by, placeGroupId, placeId, atMs: nowMs, action: "auth.delete", target });
      await changeRoster(tx, placeId, { changes: [{ key: itemKey({ kind: "auth", id: authId }), item: null }], nowMs });
      return true;
    });
  }

  /** The faces of photos. Their place's templates are opened before its roster is locked, so that nobody waits while all of them are read. */
  async #prove(
    { placeId }: ReachedPlace,
    photos: readonly string[] | undefined,
    fields: AuthFields,
  ): Promise<readonly ProvenFace[] | undefined> {
    const { database, galleries, faces, clock } = this.#deps;
    if (photos === undefined || photos.length === 0) return photos === undefined ? undefined : [];
    const { crops } = await readFacePolicy(database, placeId);
    const proven = await proveFaces(faces, photos, { fieldOf: fields.faceImage, wantsCrop: crops === "kept" });
    await galleries.follow(database, placeId);
    await ensurePeriod(database, clock.nowMs());
    return proven;
  }

  /** Limited, because each answer is a guess. */
  async isUniquePinFree(keyId: string, placeId: number, uniquePin: string): Promise<boolean> {
    const { database } = this.#deps;
    refuseWhenOver(this.#questions.take(`${keyId} ${placeId}`));
    const uniquePinHash = await this.#prover.uniquePinHash(uniquePin, await readPlaceSalt(database, placeId));
    const found = await findThings(database, { placeId, doorIds: [], scheduleId: null, groupIds: [], cardKeys: [], uniquePinHash });
    return found.uniquePinAuthId === null;
  }

  /** Every unique PIN that was found taken is a guess that met somebody: after some of them none is looked at any more for a while. */
  async #countingRefusals<Result>({ place, by }: AuthWriting, isAsked: boolean, work: () => Promise<Result>): Promise<Result> {
    const { placeId, placeGroupId } = place;
    const name = `${by.keyId} ${placeId}`;
    if (isAsked) refuseWhenOver(this.#refusals.look(name));
    try {
      return await work();
    } catch (failure) {
      if (failure instanceof UniquePinTaken) {
        this.#refusals.take(name);
        const { database, clock } = this.#deps;
        const entry = { by, placeGroupId, placeId, atMs: clock.nowMs(), action: "auth.unique_pin", outcome: "refused" as const };
        await database.transaction((tx) => writeAudit(tx, { ...entry, target: { kind: "place", id: placeId } }));
      }
      throw failure;
    }
  }
}
