import { ClueError } from "@postern/contract";
import type { Actor, Scope } from "./actor.ts";

/** Fails with `e1001` (on v2 `not_permitted`) unless the actor's key has the scope, or any one of several. */
export function requireScope(actor: Actor, scope: Scope | readonly Scope[]): void {
  const anyOf = typeof scope === "string" ? [scope] : scope;
  if (!anyOf.some((one) => actor.scopes.has(one))) throw new ClueError("e1001", { context: { keyId: actor.keyId, scope } });
}
