import type { Answer } from "./feature-server.ts";

/** `argument_invalid holidays[1].date`: the code and the fields of a problem document. */
export function problemOf({ status, body }: Answer): string {
  const { code, errors } = body as { code?: string; errors?: { field: string }[] };
  return [`${status} ${code}`, ...(errors ?? []).map(({ field }) => field)].join(" ");
}

/** What the answer says about its first wrong field, or about itself. */
export function messageOf({ body }: Answer): string {
  const { errors, detail } = body as { errors?: { message: string }[]; detail?: string };
  return errors?.[0]?.message ?? detail ?? "";
}
