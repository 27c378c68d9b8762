import { type Static, Type } from "typebox";

/** One row of the audit log (CLUe §1.4 names the call and its parameters; the row's form is ours). */
export const AuditLogItem = Type.Object(
  {
    auditLogId: Type.Integer(),
    createdAt: Type.Integer({ description: "Epoch milliseconds." }),
    placeId: Type.Optional(Type.Integer()),
    keyId: Type.Optional(Type.String()),
    source: Type.String(),
    action: Type.String(),
    targetType: Type.String(),
    targetId: Type.Optional(Type.String()),
    result: Type.Union([Type.Literal("DONE"), Type.Literal("REFUSED")]),
    detail: Type.Optional(Type.Record(Type.String(), Type.Unknown())),
  },
  { additionalProperties: false },
);
export type AuditLogItem = Static<typeof AuditLogItem>;
