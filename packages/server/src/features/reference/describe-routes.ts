import {
  CLUE_OPERATIONS,
  type ClueOperationSpec,
  clueDocument,
  HEALTH_PATH,
  NATIVE_OPERATIONS,
  nativeDocument,
  type OpenApiDocument,
  type OperationSpec,
} from "@postern/contract";
import type { ServedRoute } from "../../platform/http/served-routes.ts";
import { V1_PREFIXES, V2_PREFIX } from "../../platform/http/surface.ts";
import { EARLIER_OPERATIONS } from "./earlier-operations.ts";

export interface ApiDescription {
  readonly v1: OpenApiDocument;
  readonly v2: OpenApiDocument;
  /** Routes that stand in neither document. There shall be none. */
  readonly undescribed: readonly string[];
}

/** The descriptions of what these routes serve: what stands in the contract and is not served is left out. */
export function describeRoutes(routes: readonly ServedRoute[], version: string): ApiDescription {
  const clue = new Set<string>();
  const native = new Map<string, OperationSpec>();
  const undescribed: string[] = [];
  for (const route of routes) {
    const clueId = clueIdOf(route);
    const nativeOperation = clueId === null ? nativeOperationOf(route) : null;
    if (clueId !== null) clue.add(clueId);
    else if (nativeOperation !== null) native.set(...nativeOperation);
    else if (route.url !== HEALTH_PATH) undescribed.push(`${route.method} ${route.url}`);
  }
  return {
    v1: clueDocument(
      inOrder<ClueOperationSpec>(CLUE_OPERATIONS, (id, spec) => (clue.has(id) ? spec : undefined)),
      version,
    ),
    v2: nativeDocument(
      inOrder<OperationSpec>(NATIVE_OPERATIONS, (id) => native.get(id)),
      version,
    ),
    undescribed,
  };
}

function clueIdOf({ method, url }: ServedRoute): string | null {
  // The longest prefix that fits: `/v1/be/events` is the events call under the second one.
  const prefix = V1_PREFIXES.filter((each) => url.startsWith(`${each}/`)).sort((one, other) => other.length - one.length)[0];
  if (prefix === undefined) return null;
  const path = braced(url.slice(prefix.length));
  const found = Object.entries<ClueOperationSpec>(CLUE_OPERATIONS).find(([, spec]) => spec.method === method && spec.path === path);
  return found?.[0] ?? null;
}

function nativeOperationOf({ method, url, operationId }: ServedRoute): readonly [string, OperationSpec] | null {
  if (!url.startsWith(`${V2_PREFIX}/`)) return null;
  const path = braced(url.slice(V2_PREFIX.length));
  const table: Readonly<Record<string, OperationSpec>> = operationId === null ? EARLIER_OPERATIONS : NATIVE_OPERATIONS;
  const isIt = (id: string, spec: OperationSpec): boolean => spec.method === method && spec.path === path && (operationId ?? id) === id;
  return Object.entries(table).find(([id, spec]) => isIt(id, spec)) ?? null;
}

function braced(url: string): string {
  return url.replace(/:(\w+)/g, "{$1}");
}

/** A part of a table in the table's own order, whatever the order of the routes. */
function inOrder<Spec>(
  table: Readonly<Record<string, Spec>>,
  pick: (id: string, spec: Spec) => Spec | undefined,
): Readonly<Record<string, Spec>> {
  return Object.fromEntries(
    Object.entries(table).flatMap(([id, spec]) => {
      const picked = pick(id, spec);
      return picked === undefined ? [] : [[id, picked]];
    }),
  );
}
