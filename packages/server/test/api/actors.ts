import { SCOPES, type Scope } from "../../src/platform/access/actor.ts";
import { createKeysWorld } from "../features/keys/keys-world.ts";
import { type ApiWorld, OPERATOR } from "./api-world.ts";

/** Somebody who calls. */
export interface Caller {
  readonly name: string;
  /** The header's value. */
  readonly key: string | null;
  readonly kind: "nobody" | "operator" | "key";
  /** Of a key that is good. */
  readonly scopes: readonly Scope[];
  /** Whether place 501 is within reach. */
  readonly isNear: boolean;
}

/** Every kind of caller there is, as the rules know them. */
export async function makeCallers(world: ApiWorld): Promise<readonly Caller[]> {
  const { keys } = world;
  const nobody = (name: string, key: string | null): Caller => ({ name, key, kind: "nobody", scopes: [], isNear: false });
  const holder = async (name: string, scopes: readonly Scope[] = SCOPES): Promise<Caller> => {
    const { key } = await keys.rootKey({ scopes });
    return { name, key: `Bearer ${key}`, kind: "key", scopes, isNear: true };
  };
  const far = async (name: string, more: Parameters<typeof keys.rootKey>[0]): Promise<Caller> => {
    const { key } = await keys.rootKey(more);
    return { name, key, kind: "key", scopes: SCOPES, isNear: false };
  };
  const expiring = await keys.rootKey({ expiresAtMs: keys.time.nowMs + 1_000 });
  const revoked = await keys.rootKey();
  const orphan = await world.call({ method: "POST", url: "/v2/keys", key: revoked.key, body: { name: "orphan", scopes: ["people"] } });
  await world.call({ method: "DELETE", url: `/v2/keys/${revoked.keyId}`, key: revoked.key });
  keys.time.nowMs += 1_000;
  const callers = [
    nobody("nobody", null),
    nobody("a malformed key", "Bearer a.b.c"),
    nobody("an expired key", expiring.key),
    nobody("a revoked key", revoked.key),
    nobody("a key below a revoked one", orphan.body.key),
    nobody("a key of another server", await keyOfAnotherServer()),
    nobody("a wrong operator", `${OPERATOR}x`),
    { name: "the operator", key: OPERATOR, kind: "operator", scopes: [], isNear: false } as const,
    await far("a key of another customer", { placeGroupId: keys.foreign.placeGroupId }),
    await far("a key for another place", { placeIds: [keys.second.placeId] }),
    await holder("every scope"),
  ];
  for (const scope of SCOPES) {
    callers.push(await holder(`only ${scope}`, [scope]));
    callers.push(
      await holder(
        `all but ${scope}`,
        SCOPES.filter((each) => each !== scope),
      ),
    );
  }
  return callers;
}

/** Signed as well as ours, and for the same place group, but not by us. */
async function keyOfAnotherServer(): Promise<string> {
  await using other = await createKeysWorld({ seed: 2 });
  return (await other.rootKey()).key;
}
