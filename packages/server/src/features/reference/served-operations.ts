import { CLUE_OPERATIONS, type ClueOperationSpec, HEALTH_PATH, NATIVE_OPERATIONS, type OperationSpec } from "@postern/contract";
import type { ServedRoute } from "../../platform/http/served-routes.ts";
import { V1_PREFIXES, V2_PREFIX } from "../../platform/http/surface.ts";

/** What a server's routes serve, by the names of the contract, in the contract's order. */
export interface ServedOperations {
  readonly v1: Readonly<Record<string, ClueOperationSpec>>;
  readonly v2: Readonly<Record<string, OperationSpec>>;
  /** Routes that the contract does not describe. There shall be none. */
  readonly undescribed: readonly string[];
}

/** What stands in the contract and is not served is left out. */
export function servedOperations(routes: readonly ServedRoute[]): ServedOperations {
  const v1 = new Map<string, ClueOperationSpec>();
  const v2 = new Map<string, OperationSpec>();
  const undescribed: string[] = [];
  for (const route of routes) {
    const clue = clueOperationOf(route);
    const native = clue === null ? nativeOperationOf(route) : null;
    if (clue !== null) v1.set(...clue);
    else if (native !== null) v2.set(...native);
    else if (route.url !== HEALTH_PATH) undescribed.push(`${route.method} ${route.url}`);
  }
  return { v1: inOrderOf(CLUE_OPERATIONS, v1), v2: inOrderOf(NATIVE_OPERATIONS, v2), undescribed };
}

function clueOperationOf({ method, url }: ServedRoute): readonly [string, ClueOperationSpec] | null {
  // The longest prefix that fits: `/v1/be/events` is the events call under the second one.
  const prefix = V1_PREFIXES.filter((each) => url.startsWith(`${each}/`)).sort((one, other) => other.length - one.length)[0];
  if (prefix === undefined) return null;
  const path = braced(url.slice(prefix.length));
  return Object.entries<ClueOperationSpec>(CLUE_OPERATIONS).find(([, spec]) => spec.method === method && spec.path === path) ?? null;
}

function nativeOperationOf({ method, url, operationId }: ServedRoute): readonly [string, OperationSpec] | null {
  if (!url.startsWith(`${V2_PREFIX}/`)) return null;
  const path = braced(url.slice(V2_PREFIX.length));
  const isIt = (id: string, spec: OperationSpec): boolean => spec.method === method && spec.path === path && operationId === id;
  return Object.entries<OperationSpec>(NATIVE_OPERATIONS).find(([id, spec]) => isIt(id, spec)) ?? null;
}

function braced(url: string): string {
  // A colon of the path's own stands twice for the router.
  return url.replace(/(?<!:):(\w+)/g, "{$1}").replaceAll("::", ":");
}

function inOrderOf<Spec>(table: Readonly<Record<string, unknown>>, found: ReadonlyMap<string, Spec>): Readonly<Record<string, Spec>> {
  return Object.fromEntries(
    Object.keys(table).flatMap((id) => {
      const spec = found.get(id);
      return spec === undefined ? [] : [[id, spec]];
    }),
  );
}
