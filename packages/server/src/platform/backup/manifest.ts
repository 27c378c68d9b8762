import { createHash } from "node:crypto";
import Type, { type Static } from "typebox";
import { Compile } from "typebox/compile";
import { platformError } from "../platform-errors.ts";

/** Raised when an older server could not read a file any more. */
export const BACKUP_FORMAT = 1;

export const MANIFEST_NAME = "manifest.json";
export const MANIFEST_HASH_NAME = "manifest.sha256";
export const SERVER_KEY_NAME = "server.key";

const Name = Type.String({ pattern: "^[a-z_][a-z0-9_]{0,62}$" });
const Count = Type.Integer({ minimum: 0 });
const Part = Type.Object({ name: Type.String(), bytes: Count, sha256: Type.String({ pattern: "^[0-9a-f]{64}$" }) });

const Manifest = Type.Object({
  format: Count,
  product: Type.Literal("postern"),
  /** Of the server that wrote it. */
  version: Type.String(),
  madeAt: Type.Integer(),
  /** Which migrations the database had run, in their order. */
  schema: Type.Array(Type.String({ minLength: 1 })),
  epoch: Type.Union([Type.String(), Type.Null()]),
  /** Tells one server key from another and nothing about either; null where the backup was made without one at hand. */
  serverKeyMark: Type.Union([Type.String(), Type.Null()]),
  /** Present where the key itself was asked for. */
  serverKey: Type.Union([Part, Type.Null()]),
  tables: Type.Array(
    Type.Object({
      name: Name,
      columns: Type.Array(Name),
      rowCount: Count,
      /** Months whose partitions must be there first. */
      periods: Type.Array(Type.Integer()),
      parts: Type.Array(Part),
    }),
  ),
  sequences: Type.Array(Type.Object({ name: Name, lastValue: Type.Integer() })),
});
export type Manifest = Static<typeof Manifest>;
export type TableOfBackup = Manifest["tables"][number];
export type PartOfBackup = Static<typeof Part>;

const compiled = Compile(Manifest);

/** Fails with `backup_unusable` for what is none of ours, or newer than we know. */
export function readManifest(text: string): Manifest {
  const value = parsed(text);
  const format: unknown = typeof value === "object" && value !== null ? Reflect.get(value, "format") : undefined;
  if (typeof format === "number" && format > BACKUP_FORMAT)
    throw platformError("backup_unusable", { detail: `It has format ${format}, and this server knows ${BACKUP_FORMAT}: use a newer one.` });
  if (!compiled.Check(value)) throw platformError("backup_unusable", { detail: `${MANIFEST_NAME} is not of a backup.` });
  return value;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

/** All parts in the order in which they stand in the file. */
export function partsOf({ tables, serverKey }: Manifest): readonly PartOfBackup[] {
  return [...(serverKey === null ? [] : [serverKey]), ...tables.flatMap((table) => table.parts)];
}

export function sha256Of(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}
