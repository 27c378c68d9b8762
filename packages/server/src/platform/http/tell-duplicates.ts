import type { FastifyReply } from "fastify";

/** `Postern-Face-Duplicates: (1001 1002)`: auths of other people who look like the face that was just enrolled, as a list (RFC 9651 §3.1.1). Left out where nobody does. */
export function tellDuplicates(reply: FastifyReply, authIds: readonly number[]): void {
  if (authIds.length > 0) reply.header("Postern-Face-Duplicates", `(${authIds.join(" ")})`);
}
