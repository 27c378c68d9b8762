import { ClueError } from "@postern/contract";
import type { Actor, Scope } from "./actor.ts";

/** Fails with `e1001` (on v2 `not_permitted`) unless the actor's key has the scope. */
export function requireScope(actor: Actor, scope: Scope): void {
  if (!actor.scopes.has(scope)) throw new ClueError("e1001", { context: { keyId: actor.keyId, scope } });
}
