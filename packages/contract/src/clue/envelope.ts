import { type Static, type TSchema, Type } from "typebox";
import { CLUE_CODES, type ClueError } from "../errors/index.ts";

/** What every success of v1 looks like (CLUe §1.1). */
export const SuccessEnvelope = Type.Object({
  code: Type.Literal(200),
  status: Type.Literal(true),
  message: Type.Literal("OK"),
  /** On lists: how many match, whatever the page shows. */
  total: Type.Optional(Type.Integer({ minimum: 0 })),
  data: Type.Optional(Type.Unknown()),
});

/** The schema of a success that carries one thing. */
export function successOf<Data extends TSchema>(data: Data) {
  return Type.Object({ code: Type.Literal(200), status: Type.Literal(true), message: Type.Literal("OK"), data });
}

/** The schema of a success that carries a list with its total. */
export function successOfList<Item extends TSchema>(item: Item) {
  const total = Type.Integer({ minimum: 0 });
  return Type.Object({ code: Type.Literal(200), status: Type.Literal(true), message: Type.Literal("OK"), total, data: Type.Array(item) });
}

export const ErrorDetail = Type.Object(
  {
    field: Type.String(),
    message: Type.String(),
    rejectedValue: Type.Optional(Type.Union([Type.String(), Type.Number(), Type.Boolean()])),
    authId: Type.Optional(Type.Integer()),
  },
  { additionalProperties: false },
);

export const FailureEnvelope = Type.Object({
  errors: Type.Array(
    Type.Object({
      code: Type.String({ enum: Object.keys(CLUE_CODES) }),
      message: Type.String(),
      details: Type.Optional(Type.Array(ErrorDetail)),
    }),
    { minItems: 1 },
  ),
});
export type FailureEnvelope = Static<typeof FailureEnvelope>;

export interface Success<Data> {
  readonly code: 200;
  readonly status: true;
  readonly message: "OK";
  readonly total?: number;
  readonly data?: Data;
}

/** The bare envelope, as DELETE answers. */
export function writeBare(): Success<never> {
  return { code: 200, status: true, message: "OK" };
}

export function writeOne<Data>(data: Data): Success<Data> {
  return { code: 200, status: true, message: "OK", data };
}

export function writeList<Item>(items: readonly Item[], total: number): Success<readonly Item[]> {
  return { code: 200, status: true, message: "OK", total, data: items };
}

/** The body of a failure; its HTTP status is `error.status`. */
export function writeFailure(error: ClueError): FailureEnvelope {
  const failure = { code: error.code, message: error.publicMessage };
  return { errors: [error.details.length === 0 ? failure : { ...failure, details: [...error.details] }] };
}
