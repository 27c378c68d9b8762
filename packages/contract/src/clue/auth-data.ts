import { type Static, Type } from "typebox";
import type { ClueCard } from "./create-auth.ts";

const closed = { additionalProperties: false };

const AuthCard = Type.Object(
  {
    cardNumber: Type.String(),
    formatType: Type.Union([Type.Literal("CSN"), Type.Literal("WIEGAND")]),
    formatData: Type.Optional(Type.String()),
  },
  closed,
);

/** The `data` that create, PATCH and PUT answer (CLUe §1.2). */
export const AuthData = Type.Object(
  {
    authId: Type.Integer(),
    lastModifiedAt: Type.Integer(),
    user: Type.Object(
      {
        userId: Type.Integer(),
        key: Type.String(),
        name: Type.String(),
        realNameAuthStatusType: Type.Literal("REAL_NAME_AUTH_BEFORE"),
      },
      closed,
    ),
    auth: Type.Object(
      {
        startTime: Type.Integer(),
        endTime: Type.Integer(),
        doorAccessType: Type.Union([Type.Literal("ALL_DOOR"), Type.Literal("SPECIFIC")]),
        scheduleType: Type.Union([Type.Literal("ALWAYS"), Type.Literal("SPECIFIC")]),
        scheduleId: Type.Optional(Type.Integer()),
        doors: Type.Optional(Type.Array(Type.Object({ doorId: Type.Integer(), doorName: Type.String() }, closed))),
        credentials: Type.Object(
          {
            modes: Type.Array(Type.String()),
            faceImages: Type.Array(Type.String()),
            cards: Type.Optional(Type.Array(AuthCard)),
            phone: Type.Optional(Type.String()),
            name: Type.String(),
          },
          closed,
        ),
        activeStatus: Type.Union([Type.Literal("ACTIVE"), Type.Literal("INACTIVE")]),
      },
      closed,
    ),
  },
  closed,
);
export type AuthData = Static<typeof AuthData>;

/** An auth as its answer needs it. PINs and fingerprints are not among it: they are never returned. */
export interface AuthView {
  readonly authId: number;
  readonly lastModifiedMs: number;
  readonly userId: number;
  readonly userKey: string;
  readonly name: string;
  readonly status: "ACTIVE" | "INACTIVE";
  readonly startMs: number;
  readonly endMs: number;
  readonly doors: "all" | readonly { readonly doorId: number; readonly doorName: string }[];
  readonly scheduleId: number | null;
  readonly modes: readonly string[];
  /** Base64; empty where the place keeps no crops. */
  readonly faceImages: readonly string[];
  readonly cards: readonly ClueCard[];
  readonly phone: string | null;
}

export function writeAuthData(view: AuthView): AuthData {
  const user = { userId: view.userId, key: view.userKey, name: view.name, realNameAuthStatusType: "REAL_NAME_AUTH_BEFORE" } as const;
  return { authId: view.authId, lastModifiedAt: view.lastModifiedMs, user, auth: writeAuth(view) };
}

function writeAuth(view: AuthView): AuthData["auth"] {
  return {
    startTime: view.startMs,
    endTime: view.endMs,
    doorAccessType: view.doors === "all" ? "ALL_DOOR" : "SPECIFIC",
    scheduleType: view.scheduleId === null ? "ALWAYS" : "SPECIFIC",
    ...(view.scheduleId === null ? {} : { scheduleId: view.scheduleId }),
    ...(view.doors === "all" ? {} : { doors: view.doors.map(({ doorId, doorName }) => ({ doorId, doorName })) }),
    credentials: {
      modes: [...view.modes],
      faceImages: [...view.faceImages],
      ...(view.cards.length === 0 ? {} : { cards: view.cards.map(writeCard) }),
      ...(view.phone === null ? {} : { phone: view.phone }),
      name: view.name,
    },
    activeStatus: view.status,
  };
}

function writeCard({ cardNumber, formatType, formatData }: ClueCard): Static<typeof AuthCard> {
  return formatData === null ? { cardNumber, formatType } : { cardNumber, formatType, formatData };
}
