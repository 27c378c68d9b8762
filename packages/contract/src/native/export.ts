import Type, { type Static } from "typebox";
import { EventChoice, eventChoiceFields, eventSpanFields } from "./event-choice.ts";
import { LedgerHead } from "./ledger.ts";
import { operations } from "./operation.ts";
import { Count, closed, EpochMs, Id, NoQuery, OptionalEpochMs, PlaceParams, pageFields, pageOf } from "./parts.ts";

export const EventExport = Type.Object(
  {
    exportId: Id,
    placeId: Id,
    events: EventChoice,
    from: OptionalEpochMs,
    to: OptionalEpochMs,
    state: Type.Union([Type.Literal("waiting"), Type.Literal("running"), Type.Literal("done"), Type.Literal("failed")]),
    lookedCount: Type.Integer({ minimum: 0, description: "Events of the ledger that were looked at." }),
    lookedTotal: Type.Integer({ minimum: 0, description: "How many there are to look at: those that stood there when it was asked for." }),
    eventCount: Count,
    bytes: Count,
    madeAt: EpochMs,
    endedAt: OptionalEpochMs,
    expiresAt: Type.Union([EpochMs, Type.Null()], { description: "Until then the file can be had; null: it is not done." }),
    error: Type.Union([Type.String(), Type.Null()]),
    head: Type.Union([LedgerHead, Type.Null()], {
      description: "The end of the ledger that it was made from, signed: the file has nothing from beyond it.",
    }),
  },
  closed,
);
export type EventExport = Static<typeof EventExport>;

const CreateExport = Type.Object({ ...eventChoiceFields, ...eventSpanFields }, closed);
export type CreateExport = Static<typeof CreateExport>;

const ExportParams = Type.Object({ exportId: Id }, closed);
const WaitQuery = Type.Object(
  { wait: Type.Optional(Type.Integer({ minimum: 0, maximum: 30, description: "Seconds to wait until it is done." })) },
  closed,
);

const common = { access: ["events"], tag: "events", query: NoQuery, body: null, status: 200, errors: ["not_found"] } as const;

export const exportOperations = operations({
  createExport: {
    ...common,
    method: "POST",
    path: "/places/{placeId}/exports",
    summary: "Have the events that stand in a place's ledger now written to a CSV file",
    description:
      "It is written in the background, and goes on after a restart of the server. At most five of a place are under way at a time, and twenty kept.",
    params: PlaceParams,
    body: CreateExport,
    bodyIs: "optional",
    answer: EventExport,
    status: 202,
    errors: ["not_found", "conflict"],
  },
  listExports: {
    ...common,
    method: "GET",
    path: "/places/{placeId}/exports",
    summary: "List a place's exports",
    params: PlaceParams,
    query: Type.Object(pageFields, closed),
    answer: pageOf(EventExport),
  },
  readExport: {
    ...common,
    method: "GET",
    path: "/exports/{exportId}",
    summary: "How far an export is",
    params: ExportParams,
    query: WaitQuery,
    answer: EventExport,
  },
  downloadExport: {
    ...common,
    method: "GET",
    path: "/exports/{exportId}/file",
    summary: "The CSV file of an export that is done",
    description:
      "UTF-8 with a byte order mark, one event a line in the ledger's order, times in UTC and in the place's zone. Cells that a spreadsheet would take for a formula begin with an apostrophe. " +
      "With `Range: bytes=n-` (RFC 9110 §14) the answer is 206 with the rest. Whoever is erased meanwhile takes the file with them: it is made anew by another export.",
    params: ExportParams,
    answer: null,
    answerMedia: "text/csv",
    errors: ["not_found", "conflict"],
    headers: {
      Range: "`bytes=1000-`, to go on where a download was cut.",
      "If-Range": "The `ETag` of the part that is there already: a file that is another now is sent whole.",
    },
  },
  deleteExport: {
    ...common,
    method: "DELETE",
    path: "/exports/{exportId}",
    summary: "Give an export up, or take its file away before its time",
    params: ExportParams,
    answer: null,
    status: 204,
  },
});
